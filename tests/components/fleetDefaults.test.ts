import { describe, expect, it } from "vitest";
import { planFleet } from "../../components/fleetPlan";
import { agent, deepSet, goodFleet, server } from "./goodFleet";

/** Two servers and two agents that have everything but their hostnames from defaults, and some paths changed. */
function fleet(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { operator: _, ...common } = agent() as Record<string, unknown>;
  const document = goodFleet();
  deepSet(document, "defaults", { server: server(), agent: common });
  deepSet(document, "servers", { reef: {}, atoll: {} });
  deepSet(document, "agents", { atlas: { operator: "atlas.example.com" }, bora: {} });
  for (const [path, value] of Object.entries(changes)) deepSet(document, path, value);
  return document;
}

function told(changes: Record<string, unknown>): string[] {
  const { faults, plan } = planFleet(fleet(changes), {});
  expect(plan === undefined).toBe(faults.length > 0);
  return faults.map(({ path, value, reason }) => `${path} ${value === undefined ? "" : `${value} `}${reason}`);
}

describe("defaults", () => {
  it("stand where an entry says nothing", () => {
    const { plan } = planFleet(fleet({ "agents.bora.memory": "1GiB", "servers.atoll.size": "cx33" }), {});
    expect(plan).toMatchObject({
      servers: { reef: { size: "cx23", location: "fsn1" }, atoll: { size: "cx33", location: "fsn1" } },
      agents: { atlas: { memory: 256, tenant: "ana" }, bora: { memory: 1024, operator: "bora-ana.example.com" } },
    });
  });

  it("give way as a whole, but for the environment, which is put together", () => {
    const changes = {
      "defaults.agent.environment": { TZ: "UTC", LANG: "C" },
      "agents.atlas.environment": { LANG: "de_DE", MORE: "x" },
      "defaults.server.ssh": { cidrs: ["198.51.100.1/32"], allowOpen: true },
      "servers.reef.ssh": { cidrs: ["198.51.100.2/32"] },
    };
    expect(planFleet(fleet(changes), {}).plan).toMatchObject({
      agents: {
        atlas: { environment: { TZ: "UTC", LANG: "de_DE", MORE: "x" } },
        bora: { environment: { TZ: "UTC", LANG: "C" } },
      },
      servers: { reef: { ssh: { cidrs: ["198.51.100.2/32"], allowOpen: false } }, atoll: { ssh: { allowOpen: true } } },
    });
  });

  it("are checked with nobody to take them", () => {
    expect(told({ servers: {}, agents: {}, "defaults.server.locaton": "fsn1", "defaults.agent.image": "x" })).toEqual([
      "defaults.agent.image x has no digest",
      "defaults.server.locaton is not a known setting",
    ]);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["a wrong value", { "defaults.agent.image": "x:1" }, ["defaults.agent.image x:1 has no digest"]],
    ["a wrong key", { "defaults.server.sizee": "x" }, ["defaults.server.sizee is not a known setting"]],
    [
      "an unknown size",
      { "defaults.server.size": "cx22" },
      ["defaults.server.size cx22 is not a size that Creel knows"],
    ],
    ["an unknown tenant", { "defaults.agent.tenant": "anna" }, ["defaults.agent.tenant anna is not a tenant"]],
    ["an unknown server", { "defaults.agent.server": "reff" }, ["defaults.agent.server reff is not a server"]],
    [
      "a range too wide",
      { "defaults.server.ssh.cidrs": ["0.0.0.0/0"] },
      ["defaults.server.ssh.cidrs[0] 0.0.0.0/0 opens SSH to everybody"],
    ],
    [
      "a secret",
      { "defaults.agent.environment": { A: `ghp_${"x".repeat(36)}`, B_TOKEN: "x" } },
      [
        "defaults.agent.environment.A holds what looks like a GitHub token in plain text",
        "defaults.agent.environment.B_TOKEN is named like a secret, in plain text",
      ],
    ],
    ["no group", { "defaults.agent": "x", agents: {} }, ["defaults.agent x is not a group of settings"]],
    ["no defaults", { defaults: null, agents: {}, servers: {} }, ["defaults is not a group of settings"]],
    [
      "what must be an agent's own",
      { "defaults.agent.operator": "a.example.com", "defaults.agent.bot": {} },
      ["defaults.agent.bot is not a known setting", "defaults.agent.operator is not a known setting"],
    ],
    ["another kind of default", { "defaults.agents": {} }, ["defaults.agents is not a known setting"]],
  ])("are refused once, where they stand: %s", (_title, changes, expected) => expect(told(changes)).toEqual(expected));

  it("are not blamed for what only one entry makes of them", () => {
    expect(told({ "agents.bora.runtime": "openclaw" })).toEqual([
      expect.stringMatching(/^agents\.bora\.memory 256 is too little/),
    ]);
    expect(
      told({ "defaults.agent.server": "reef", "agents.bora.server": "atoll", "agents.bora.memory": "4GiB" }),
    ).toEqual([expect.stringMatching(/^servers\.atoll\.size cx23 leaves 3328 MiB/)]);
  });

  it("leave what is missing to the entry", () => {
    expect(told({ "defaults.agent.memory": undefined, "agents.atlas.memory": "1GiB" })).toEqual([
      "agents.bora.memory is missing",
    ]);
  });
});
