import { describe, expect, it } from "vitest";
import type { EdgeFragment } from "../../components/edgeFragment";
import type { ConfigSource } from "../../stacks/fleetConfig";
import { type FleetEdge, zoneFragments, zoneStack } from "../../stacks/zone/zoneConfig";

const fragment = (agent: string): EdgeFragment => ({
  agent,
  zone: "example.com",
  operator: `${agent}-ana.example.com`,
  bot: {
    hostname: `${agent}-bot.example.com`,
    routes: [{ path: "/hooks/github", methods: ["POST"], contentTypes: [] }],
  },
});

const document = (changed: object = {}) => ({
  zone: "example.com",
  zoneId: "fedcba9876543210fedcba9876543210",
  fleets: ["organization/creel/one", "organization/creel/two"],
  ...changed,
});

function source(value: unknown, secret = false): ConfigSource {
  const text = value === undefined || typeof value === "string" ? value : JSON.stringify(value);
  return { get: (key) => (key === "creel:zone" ? text : undefined), isSecret: () => secret, environment: {} };
}

const lines = (faults: { path: string; reason: string }[]) => faults.map(({ path, reason }) => `${path} ${reason}`);
const read = (value: unknown) => zoneStack(source(value)).stack!;

describe("a zone's own file", () => {
  it("says what the zone is, with the rest as everywhere", () => {
    expect(zoneStack(source(document({ fleets: undefined })))).toEqual({
      faults: [],
      stack: {
        zone: "example.com",
        zoneId: "fedcba9876543210fedcba9876543210",
        plan: "free",
        fleets: [],
        fragments: [],
      },
    });
  });

  it.each<[string, ConfigSource, string[]]>([
    ["nothing", source(undefined), ["creel:zone is missing"]],
    ["secrets", source(document(), true), ["creel:zone holds an encrypted value"]],
    ["no structure", source("example.com"), ["creel:zone is not a group of settings"]],
    ["an unknown setting", source(document({ agents: {} })), ["agents is not a known setting"]],
    ["a stack without its project", source(document({ fleets: ["production"] })), ["fleets[0] has another form"]],
    [
      "a stack twice",
      source(document({ fleets: ["organization/creel/one", "organization/creel/one"] })),
      ["fleets[1] is there already"],
    ],
    [
      "what looks like a secret",
      source(document({ fragments: [{ ...fragment("a"), agent: "ghp_abcdefghijklmnopqrstuvwxyz0123456789" }] })),
      ["fragments[0].agent holds what looks like a GitHub token in plain text", "fragments[0].agent has another form"],
    ],
    [
      "a fragment of another zone",
      source(
        document({ fragments: [{ ...fragment("a"), zone: "other.org", operator: "a.other.org", bot: undefined }] }),
      ),
      ["fragments[0].zone is another zone than example.com"],
    ],
    [
      "several faults",
      source({ zone: "Example", zoneId: "x", plan: "gold", bots: { fightMod: true } }),
      [
        "zone has another form",
        "zoneId has another form",
        "plan is not known here",
        "bots.fightMod is not a known setting",
      ],
    ],
  ])("is refused with %s", (_title, given, expected) => expect(lines(zoneStack(given).faults)).toEqual(expected));
});

describe("what fleets give to their zone", () => {
  const one = (edge: unknown): FleetEdge => ({ fleet: "organization/creel/one", edge });
  const two = (edge: unknown): FleetEdge => ({ fleet: "organization/creel/two", edge });
  const told = (fleets: FleetEdge[], changed = {}) => lines(zoneFragments(read(document(changed)), fleets).faults);

  it("is taken together, with what stands in the zone's own file", () => {
    const given = [one({ "example.com": [fragment("a")], "other.org": "x" }), two({ "example.com": [fragment("b")] })];
    const { fragments, faults } = zoneFragments(read(document({ fragments: [fragment("c")] })), given);
    expect(faults).toEqual([]);
    expect(fragments.map(({ agent }) => agent)).toEqual(["a", "b", "c"]);
  });

  it("may have been written down in advance, word by word", () => {
    const { fragments, faults } = zoneFragments(read(document({ fragments: [fragment("a")] })), [
      one({ "example.com": [fragment("a")] }),
    ]);
    expect(faults).toEqual([]);
    expect(fragments).toEqual([fragment("a")]);
    const other = { ...fragment("a"), agent: "b" };
    expect(told([one({ "example.com": [other] })], { fragments: [fragment("a")] })).toEqual([
      "fragments[0].operator is the hostname at organization/creel/one: edge[0].operator already",
      "fragments[0].bot.hostname is the hostname at organization/creel/one: edge[0].bot.hostname already",
    ]);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a text", "example.com"],
    ["nothing for this zone", { "other.org": [] }],
    ["no list", { "example.com": { 0: fragment("a") } }],
    ["a list in place of zones", [fragment("a")]],
  ])("is refused when it is %s", (_title, edge) => {
    expect(told([one(edge)])).toEqual(["fleets[0] gives nothing for example.com"]);
  });

  it("is believed in nothing", () => {
    const hostile = { ...fragment("a"), operator: 'x" or true or ".example.com' };
    const elsewhere = { ...fragment("b"), zone: "other.org", operator: "b.other.org", bot: undefined };
    expect(told([one({ "example.com": [hostile, elsewhere, 7] })])).toEqual([
      "organization/creel/one: edge[0].operator has another form",
      "organization/creel/one: edge[1].zone is another zone than example.com",
      "organization/creel/one: edge[2] is not a group of settings",
    ]);
  });

  it("may not take another fleet's hostname", () => {
    const thief = {
      ...fragment("z"),
      bot: { ...fragment("a").bot!, routes: [{ path: "/", methods: ["GET"], contentTypes: [] }] },
    };
    expect(told([one({ "example.com": [fragment("a")] }), two({ "example.com": [thief] })])).toEqual([
      "organization/creel/two: edge[0].bot.hostname is the hostname at organization/creel/one: edge[0].bot.hostname already",
    ]);
  });

  it("has to fit into the plan", () => {
    const many = Array.from({ length: 90 }, (_, i): EdgeFragment => {
      const routes = [{ path: `/hooks/${i}`, methods: ["POST"], contentTypes: [] }];
      return { ...fragment(`a${i}`), bot: { hostname: `a${i}-bot.example.com`, routes } };
    });
    const [first, ...others] = many;
    expect(told([one({ "example.com": [first] }), two({ "example.com": others })])).toEqual([
      expect.stringMatching(
        /^plan has room for the bot hostnames of \d\d agents \(5 custom rules\), and there are 90$/,
      ),
    ]);
  });

  it("has to fit into a rule, and whose it is is said", () => {
    const routes = Array.from({ length: 30 }, (_, i) => ({
      path: `/${"x".repeat(150)}${i}`,
      methods: ["POST"],
      contentTypes: [],
    }));
    const long = { ...fragment("b"), bot: { hostname: "b-bot.example.com", routes } };
    expect(told([one({ "example.com": [fragment("a")] }), two({ "example.com": [long] })])).toEqual([
      expect.stringMatching(/^organization\/creel\/two: edge\[0\]\.bot\.routes make a rule of \d+ characters/),
    ]);
  });
});
