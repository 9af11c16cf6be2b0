import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Facts } from "../../sandbox/plugins/framework/facts";
import { autoName } from "../../sandbox/plugins/framework/naming";
import { PartialFailure, type Props, type ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { ProviderClient } from "./client";

const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const THING = "toy:index:Thing";
const FIXED = "toy:index:Fixed";

const facts: Facts = {
  provider: "toy",
  npmSdk: "1.2.3",
  providerConfig: { token: { type: "string", secret: true }, retries: { type: "integer" }, tags: { type: "string[]" } },
  objects: {
    Rule: {
      port: { type: "integer", required: true },
      protocol: { type: "string", default: "tcp" },
      internal: { type: "boolean" },
    },
    Color: { enum: ["red", "blue"] },
  },
  types: {
    [THING]: {
      inputs: {
        name: { type: "string" },
        size: { type: "string", required: true, replaceOnChange: true },
        count: { type: "integer", default: "1" },
        color: { type: "Color" },
        rules: { type: "Rule[]" },
        cidrs: { type: "string[]" },
        labels: { type: "map<string>" },
        password: { type: "string", secret: true },
        old: { type: "string", deprecated: "use size" },
        zone: { type: "string" },
      },
      outputs: {
        name: { type: "string" },
        size: { type: "string" },
        rules: { type: "Rule[]", optional: true },
        address: { type: "string" },
        token: { type: "string", secret: true },
        zone: { type: "string" },
      },
    },
    [FIXED]: { inputs: { text: { type: "string" } }, outputs: { text: { type: "string" } } },
  },
  tf: {
    [THING]: {
      props: {
        count: { validate: ["value must be between 1 and 5"] },
        "rules[].internal": { forceNew: 1 },
        cidrs: { set: 1 },
        zone: { optComp: 1 },
        old: { conflicts: ["size"] },
      },
    },
  },
};

const world = new Map<string, Props>();
const toy: ProviderDefinition<{ token: unknown }> = {
  name: "toy",
  facts,
  checkConfig: (config) => (config.token === "bad" ? [{ property: "token", reason: "bad token" }] : []),
  configure: async (config) => ({ token: config.token }),
  resources: {
    [THING]: {
      nameProperty: "name",
      defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
      check: (_, inputs) => (inputs.size === "huge" ? [{ property: "size", reason: "too big" }] : []),
      async create({ token }, inputs) {
        if (inputs.size === "half") throw new PartialFailure("7", { ...inputs, address: "10.0.0.7" }, ["came up dead"]);
        const outputs = { ...inputs, address: "10.0.0.1", token, zone: inputs.zone ?? "a" };
        world.set("1", outputs);
        return { id: "1", outputs };
      },
      read: async (_, id) => (world.has(id) ? { id, outputs: world.get(id)! } : undefined),
      update: async (_, __, state, news) => ({ ...state, ...news }),
      delete: async (_, id) => void world.delete(id),
    },
    [FIXED]: {
      create: async (_, inputs) => ({ id: "f", outputs: inputs }),
      read: async (_, id, state) => ({ id, outputs: state }),
      delete: async () => {},
    },
  },
};

let client: ProviderClient;
beforeAll(async () => {
  client = await ProviderClient.start(toy as never, { token: "t0ken" });
});
afterAll(() => client.stop());
beforeEach(() => world.clear());

describe("check", () => {
  test("fills in defaults and a name, and records what it filled in", async () => {
    const { inputs, reasons } = await client.check(THING, { size: "s", rules: [{ port: 1 }] });
    expect(reasons).toEqual([]);
    expect(inputs).toEqual({
      size: "s",
      count: 1,
      name: expect.stringMatching(/^thing-[0-9a-f]{7}$/),
      rules: [{ port: 1, protocol: "tcp", __defaults: ["protocol"] }],
      __defaults: ["count", "name"],
    });
  });

  test("keeps what it filled in last time, but not what the program wrote then", async () => {
    const olds = { size: "s", name: "thing-0000000", count: 3, __defaults: ["name", "count"] };
    expect((await client.check(THING, { size: "s" }, olds)).inputs).toMatchObject({ name: "thing-0000000", count: 3 });
    const written = { size: "s", name: "mine", count: 3, __defaults: [] };
    const { inputs } = await client.check(THING, { size: "s" }, written);
    expect(inputs.name).toMatch(/^thing-/);
    expect(inputs.count).toBe(1);
  });

  test("two checks with one seed draw the same name", async () => {
    const first = await client.check(THING, { size: "s" });
    expect((await client.check(THING, { size: "s" })).inputs.name).toBe(first.inputs.name);
  });

  test.each([
    [{}, "Missing required property 'size'"],
    [{ size: "s", sice: "x" }, "Invalid or unknown key. Examine values at 'thing.sice'."],
    [{ size: "s", rules: [{ port: 1, prot: 2 }] }, "Invalid or unknown key. Examine values at 'thing.rules[0].prot'."],
    [{ size: "s", rules: [{}] }, "Missing required property 'rules[0].port'"],
    [
      { size: "s", rules: { port: 1 } },
      "expected array type, got {\"port\":1} of type object. Examine values at 'thing.rules'.",
    ],
    [{ size: ["s"] }, "expected string type, got [\"s\"] of type array. Examine values at 'thing.size'."],
    [
      { size: "s", password: ["hunter2"] },
      "expected string type, got secret(<redacted>) of type array. Examine values at 'thing.password'.",
    ],
    [
      { size: "s", count: 9 },
      "Invalid Attribute Value. Attribute count value must be between 1 and 5, got: 9. Examine values at 'thing.count'.",
    ],
    [{ size: "s", old: "o" }, "conflicts with size. Examine values at 'thing.old'."],
    [{ size: "huge" }, "too big. Examine values at 'thing.size'."],
  ])("refuses %j", async (news, reason) => {
    expect((await client.check(THING, news)).reasons).toEqual([reason]);
  });

  test("names all faults at once", async () => {
    expect((await client.check(THING, { a: 1, b: 2 })).reasons).toHaveLength(3);
  });

  test("converts texts that read as the wanted type, and lets unknown values pass", async () => {
    const news = { size: UNKNOWN, count: "4", rules: [{ port: UNKNOWN }], labels: { a: 1, b: true } };
    const { inputs, reasons } = await client.check(THING, news);
    expect(reasons).toEqual([]);
    expect(inputs).toMatchObject({
      size: UNKNOWN,
      count: 4,
      rules: [{ port: UNKNOWN }],
      labels: { a: "1", b: "true" },
    });
  });

  test("marks what the table calls secret", async () => {
    const { inputs } = await client.check(THING, { size: "s", password: "p" });
    expect(inputs.password).toEqual({ [MARK]: SECRET, value: "p" });
  });
});

describe("diff", () => {
  const base = { size: "s", name: "thing-0000000", count: 1, __defaults: ["name", "count"] };

  test.each<[string, Props, Props, Props, string[]]>([
    ["nothing", {}, {}, {}, []],
    ["a plain property", { labels: { a: "1" } }, { labels: { a: "2" } }, { "labels.a": "UPDATE" }, []],
    ["a property that replaces", {}, { size: "m" }, { size: "UPDATE_REPLACE" }, ["size"]],
    ["an unknown value that may replace", {}, { size: UNKNOWN }, { size: "UPDATE_REPLACE" }, ["size"]],
    [
      "one rule of two",
      { rules: [{ port: 1 }, { port: 2 }] },
      { rules: [{ port: 1 }, { port: 3 }] },
      { "rules[1].port": "UPDATE" },
      [],
    ],
    ["a rule more", { rules: [{ port: 1 }] }, { rules: [{ port: 1 }, { port: 2 }] }, { "rules[1]": "ADD" }, []],
    [
      "a rule more with something in it that replaces",
      { rules: [{ port: 1 }] },
      { rules: [{ port: 1 }, { port: 2, internal: true }] },
      { "rules[1]": "ADD_REPLACE" },
      ["rules"],
    ],
    [
      "a nested property that replaces",
      { rules: [{ port: 1, internal: false }] },
      { rules: [{ port: 1, internal: true }] },
      { "rules[0].internal": "UPDATE_REPLACE" },
      ["rules"],
    ],
    ["the order of a set", { cidrs: ["a", "b"] }, { cidrs: ["b", "a"] }, {}, []],
    ["an element of a set", { cidrs: ["a", "b"] }, { cidrs: ["b", "c"] }, { "cidrs[1]": "UPDATE" }, []],
    ["a missing and an empty list", {}, { rules: [], labels: {} }, {}, []],
    [
      "a default written out",
      { count: undefined, rules: [{ port: 1 }] },
      { count: 1, rules: [{ port: 1, protocol: "tcp" }] },
      {},
      [],
    ],
    ["what the provider may choose, no longer written", { zone: "b" }, { zone: undefined }, {}, []],
    ["a property taken away", { labels: { a: "1" } }, { labels: undefined }, { labels: "DELETE" }, []],
  ])("%s", async (_, olds, news, detailed, replaces) => {
    const result = await client.diff(THING, { ...base, ...olds }, { ...base, ...olds, ...news });
    expect(result.detailed).toEqual(detailed);
    expect(result.replaces).toEqual(replaces);
    expect(result.changed).toBe(Object.keys(detailed).length > 0);
  });

  test("ignored paths do not count, with all below them", async () => {
    const olds = { ...base, rules: [{ port: 1 }], labels: { a: "1" } };
    const news = { ...base, rules: [{ port: 2 }], labels: { a: "2" }, size: "m" };
    expect(await client.diff(THING, olds, news, ["rules", "size"])).toMatchObject({
      detailed: { "labels.a": "UPDATE" },
    });
  });

  test("a fixed name deletes first, a drawn one does not", async () => {
    expect((await client.diff(THING, base, { ...base, size: "m" })).deleteBeforeReplace).toBe(false);
    const named = { ...base, name: "mine", __defaults: [] };
    expect((await client.diff(THING, named, { ...named, size: "m" })).deleteBeforeReplace).toBe(true);
  });

  test("without an update every change replaces", async () => {
    expect((await client.diff(FIXED, { text: "a" }, { text: "b" })).replaces).toEqual(["text"]);
  });
});

describe("create, read, update", () => {
  test("a preview leaves open what only the provider can tell", async () => {
    const { outputs } = await client.create(THING, { size: "s", rules: [{ port: UNKNOWN }] }, true);
    expect(outputs).toEqual({
      size: "s",
      rules: [{ port: UNKNOWN }],
      address: UNKNOWN,
      token: { [MARK]: SECRET, value: UNKNOWN },
      zone: UNKNOWN,
    });
  });

  test("secret outputs are marked, and the handler never sees the record of defaults", async () => {
    const { outputs } = await client.create(THING, { size: "s", __defaults: ["count"] });
    expect(outputs.token).toEqual({ [MARK]: SECRET, value: "t0ken" });
    expect(outputs).not.toHaveProperty("__defaults");
  });

  test("a preview of an update keeps computed values", async () => {
    const olds = { size: "s", labels: { a: "1" } };
    const state = { ...olds, address: "10.0.0.1", zone: "a" };
    const preview = await client.update(THING, "1", state, olds, { size: "s", labels: { a: "2" } }, true);
    expect(preview).toEqual({ size: "s", labels: { a: "2" }, address: "10.0.0.1", zone: "a" });
  });

  test("refresh takes from the API what the program had written, extra list elements included", async () => {
    world.set("1", {
      size: "l",
      zone: "a",
      address: "10.0.0.1",
      rules: [
        { port: 9, protocol: "udp" },
        { port: 1, protocol: "tcp", handle: "x" },
      ],
    });
    const inputs = { size: "s", rules: [{ port: 1, protocol: "tcp", __defaults: ["protocol"] }], __defaults: [] };
    const found = await client.read(THING, "1", { size: "s" }, inputs);
    expect(found.inputs).toEqual({
      size: "l",
      rules: [
        { port: 1, protocol: "tcp", __defaults: ["protocol"] },
        { port: 9, protocol: "udp", __defaults: [] },
      ],
      __defaults: [],
    });
  });

  test("import writes the inputs a program would need, without defaults", async () => {
    world.set("1", {
      name: "n",
      size: "s",
      count: 1,
      address: "10.0.0.1",
      labels: {},
      rules: [{ port: 1, protocol: "tcp" }],
    });
    const { inputs } = await client.read(THING, "1");
    expect(inputs).toEqual({ name: "n", size: "s", rules: [{ port: 1, __defaults: [] }], __defaults: [] });
    const checked = await client.check(THING, { name: "n", size: "s", rules: [{ port: 1 }] }, inputs);
    expect((await client.diff(THING, inputs, checked.inputs)).changed).toBe(false);
  });

  test("what is gone reads as gone", async () => {
    expect((await client.read(THING, "404", { size: "s" }, { size: "s" })).id).toBe("");
  });

  test("a partial failure carries id, outputs and reasons", async () => {
    const error = (await client.create(THING, { size: "half" }).catch((caught) => caught)) as {
      details: string;
      metadata: { get(name: string): Buffer[] };
    };
    expect(error.details).toBe("came up dead");
    const envelope = error.metadata.get("grpc-status-details-bin")[0]!.toString("latin1");
    expect(envelope).toContain("pulumirpc.ErrorResourceInitFailed");
    expect(envelope).toContain("10.0.0.7");
  });
});

describe("provider configuration", () => {
  test.each([
    [{ token: "t", retries: "3", tags: '["a","b"]' }, []],
    [{ token: "bad" }, ["could not validate provider configuration: bad token. Check `pulumi config get toy:token`."]],
    [
      { tokn: "t" },
      [
        "`toy:tokn` is not a valid configuration key for the toy provider. If the referenced key is not intended for the " +
          "provider, please choose a different namespace from `toy:`.",
      ],
    ],
    [
      { tags: "a" },
      [
        'could not validate provider configuration: expected array type, got "a" of type string. Check `pulumi config get toy:tags`.',
      ],
    ],
  ])("%j", async (config, reasons) => {
    expect(await client.checkConfig(config)).toEqual(reasons);
  });
});
