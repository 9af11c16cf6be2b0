import { randomBytes, randomUUID } from "node:crypto";
import type { Props, ResourceHandler } from "../framework/provider";

function keepers(inputs: Props): Props {
  return inputs.keepers === undefined ? {} : { keepers: inputs.keepers };
}

function bytesOutputs(value: Buffer): Props {
  return { length: value.length, base64: value.toString("base64"), hex: value.toString("hex") };
}

/** random.RandomBytes: the id is the value in base64, in plain text in state. */
export const bytes: ResourceHandler<unknown> = {
  async create(_, inputs) {
    const value = randomBytes(Number(inputs.length));
    return { id: value.toString("base64"), outputs: { ...bytesOutputs(value), ...keepers(inputs) } };
  },
  async read(_, id, state) {
    return { id, outputs: state.base64 === undefined ? bytesOutputs(Buffer.from(id, "base64")) : state };
  },
  delete: async () => {},
};

function idOutputs(value: Buffer, prefix: string | undefined): Props {
  const lead = prefix ?? "";
  return {
    byteLength: value.length,
    b64Std: lead + value.toString("base64"),
    b64Url: lead + value.toString("base64url"),
    dec: lead + BigInt(`0x${value.toString("hex") || "0"}`).toString(),
    hex: lead + value.toString("hex"),
    ...(prefix === undefined ? {} : { prefix }),
  };
}

/** random.RandomId: the id is the value in URL-safe base64; import takes `ID` or `PREFIX,ID`. */
export const id: ResourceHandler<unknown> = {
  async create(_, inputs) {
    const value = randomBytes(Number(inputs.byteLength));
    const prefix = typeof inputs.prefix === "string" ? inputs.prefix : undefined;
    return { id: value.toString("base64url"), outputs: { ...idOutputs(value, prefix), ...keepers(inputs) } };
  },
  async read(_, given, state) {
    if (state.hex !== undefined) return { id: given, outputs: state };
    const comma = given.lastIndexOf(",");
    const encoded = given.slice(comma + 1);
    const prefix = comma < 0 ? undefined : given.slice(0, comma);
    return { id: encoded, outputs: idOutputs(Buffer.from(encoded, "base64url"), prefix) };
  },
  delete: async () => {},
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** random.RandomUuid: the id is the value. */
export const uuid: ResourceHandler<unknown> = {
  async create(_, inputs) {
    const result = randomUUID();
    return { id: result, outputs: { result, ...keepers(inputs) } };
  },
  async read(_, given, state) {
    if (state.result === undefined && !UUID.test(given)) throw new Error(`"${given}" is not a UUID`);
    return { id: given, outputs: state.result === undefined ? { result: given } : state };
  },
  delete: async () => {},
};
