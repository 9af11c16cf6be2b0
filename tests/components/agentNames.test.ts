import { describe, expect, it } from "vitest";
import {
  agentNameFaults,
  agentUid,
  bridgeNames,
  connectorName,
  connectorUid,
  nameFaults,
  secretsFolder,
  sharedUids,
  sliceName,
  stateFolder,
} from "../../components/agentNames";
import { pseudoRandom } from "./pseudoRandom";

/** Names that the rules allow, built from few letters so that look-alikes such as a-b, ab and a-b-connector are among them. */
function names(count: number): string[] {
  const next = pseudoRandom(7);
  const word = () => Array.from({ length: 1 + next(3) }, (_, i) => "ab1"[i === 0 ? next(2) : next(3)]).join("");
  const all = new Set<string>(["a", "ab", "a-b", "a1", "a-1", "a-bot", "a-b-bot"]);
  while (all.size < count) {
    const name = Array.from({ length: 1 + next(4) }, word).join("-");
    if (agentNameFaults("", name).length === 0) all.add(name);
  }
  return [...all];
}

describe("names that are derived from an agent's", () => {
  const agents = names(3000);
  const containers = agents.flatMap((agent) => [agent, connectorName(agent), connectorName(agent, "bot")]);

  it.each<[string, (name: string) => string]>([
    ["slices", sliceName],
    ["secret directories", secretsFolder],
    ["state directories", stateFolder],
  ])("%s are never shared, not with a connector either", (_title, derive) => {
    expect(new Set(containers.map(derive)).size).toBe(containers.length);
  });

  it("bridges are never shared, fit into 15 characters and are known to the packet filter", () => {
    const bridges = agents.flatMap((agent) => Object.values(bridgeNames(agent)));
    expect(new Set(bridges).size).toBe(bridges.length);
    for (const bridge of bridges) expect(bridge).toMatch(/^ag-[0-9a-f]{8}f?$/);
  });

  it("a shared bridge would be found as a shared user id", () => {
    // Both come from the same four bytes, so that one check is enough for both.
    for (const agent of agents) {
      expect(agentUid(agent)).toBe(20000 + (Number.parseInt(bridgeNames(agent).egress.slice(3), 16) % 20000));
    }
  });

  it("slices do not nest", () => {
    for (const container of containers) expect(sliceName(container)).toMatch(/^agents-[a-z0-9_]+\.slice$/);
  });

  it("user ids stay in their ranges, connectors away from agents", () => {
    for (const agent of agents) {
      expect(agentUid(agent)).toBeGreaterThanOrEqual(20000);
      expect(agentUid(agent)).toBeLessThan(40000);
      expect(connectorUid(agent)).toBe(agentUid(agent) + 20000);
      expect(connectorUid(agent, "bot")).toBe(agentUid(agent) + 60000);
    }
  });

  it("never change, since what is on servers belongs to them", () => {
    expect([agentUid("atlas"), connectorUid("atlas"), connectorUid("atlas", "bot")]).toEqual([39077, 59077, 99077]);
    expect(bridgeNames("atlas")).toEqual({ egress: "ag-7c826025", front: "ag-7c826025f" });
    expect(sliceName(connectorName("big-red"))).toBe("agents-big_red_connector.slice");
  });

  it("finds two agents with one user id", () => {
    const holders = new Map<number, string>();
    const [first, second] = agents.flatMap((agent) => {
      const other = holders.get(agentUid(agent));
      holders.set(agentUid(agent), agent);
      return other === undefined ? [] : [[other, agent]];
    })[0] as [string, string];
    expect(sharedUids([first, "atlas", second])).toEqual([{ agent: second, with: first, uid: agentUid(first) }]);
    expect(sharedUids(["atlas", "bora"])).toEqual([]);
  });
});

describe("what may be a name", () => {
  it.each(["a", "atlas", "big-red-2", "a1", "x".repeat(24)])("%s", (name) => expect(nameFaults("n", name)).toEqual([]));

  it.each(["", "Atlas", "1a", "a_b", "a--b", "-a", "a-", "a.b", "a b", "ä", "a\n", "../a", "x".repeat(25)])(
    "not %j",
    (name) => expect(nameFaults("n", name)).toHaveLength(1),
  );

  it.each(["constructor", "__proto__", "valueOf"])("not %s, which every object has", (name) =>
    expect(nameFaults("n", name)).toHaveLength(1),
  );

  it("not agent for an agent, by which its connector finds it", () => {
    expect(agentNameFaults("n", "agent").map(({ reason }) => reason)).toEqual([
      "is how every connector calls its agent",
    ]);
    expect(agentNameFaults("n", "agent-1")).toEqual([]);
  });

  it.each(["connector", "atlas-connector", "atlas-connector-bot", "connector-1"])("not %s for an agent", (name) => {
    expect(agentNameFaults("n", name).map(({ reason }) => reason)).toEqual(["would be taken for an agent's connector"]);
  });
});
