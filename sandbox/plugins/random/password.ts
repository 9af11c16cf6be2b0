import type { ResourceHandler } from "../framework/provider";
import { randomText, textFaults, textOutputs, textRules } from "./text";

/** A password never shows in its id. */
const NO_ID = "none";
/** What Go's bcrypt uses when nothing is asked for. */
const BCRYPT_COST = 10;

/** bcrypt of a text; it takes 72 bytes at most and ignores the rest. */
async function bcryptHash(text: string): Promise<string> {
  const { hash } = await import("bcryptjs");
  return hash(Buffer.from(text).subarray(0, 72).toString(), BCRYPT_COST);
}

/** random.RandomPassword: made once, kept in state; import takes the password as the id. */
export const password: ResourceHandler<unknown> = {
  check: (_, inputs) => textFaults(inputs),
  // From empty to none is an update in which nothing happens.
  replaces: (property, olds, news) =>
    property === "overrideSpecial" && !(olds.overrideSpecial === "" && news.overrideSpecial === undefined),
  async create(_, inputs) {
    const rules = textRules(inputs);
    const result = randomText(rules);
    return { id: NO_ID, outputs: { ...textOutputs(rules, inputs), result, bcryptHash: await bcryptHash(result) } };
  },
  async read(_, id, state) {
    if (state.result !== undefined) return { id, outputs: state };
    const outputs = {
      ...textOutputs(textRules({ length: id.length }), {}),
      result: id,
      bcryptHash: await bcryptHash(id),
    };
    return { id: NO_ID, outputs };
  },
  update: async (_, __, state, news) => ({ ...state, ...news }),
  delete: async () => {},
};

/** random.RandomString: the same, but the text is its id, in plain sight. */
export const string: ResourceHandler<unknown> = {
  check: password.check,
  replaces: password.replaces,
  async create(_, inputs) {
    const rules = textRules(inputs);
    const result = randomText(rules);
    return { id: result, outputs: { ...textOutputs(rules, inputs), result } };
  },
  async read(_, id, state) {
    if (state.result !== undefined) return { id, outputs: state };
    return { id, outputs: { ...textOutputs(textRules({ length: id.length }), {}), result: id } };
  },
  update: password.update,
  delete: async () => {},
};
