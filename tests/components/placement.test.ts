import { describe, expect, it } from "vitest";
import { catalog } from "../../components/clouds/catalog";
import { placementIn } from "../../components/lastPlacement";
import {
  overfull,
  type Placing,
  placeAgents,
  placementLines,
  relief,
  roomFor,
  serverLoads,
} from "../../components/placement";
import { largerSize, reservedMemory, serverMemory } from "../../components/serverSizes";
import { pseudoRandom } from "./pseudoRandom";

const GiB = 1024;
const small = (name: string, server?: string): Placing => ({ name, server, memory: GiB });

describe("placeAgents", () => {
  it("puts an agent where it is told, however full that is", () => {
    const placed = placeAgents([small("a", "two"), small("b", "two")], { one: 8 * GiB, two: 1 * GiB });
    expect(placed).toEqual({ a: "two", b: "two" });
  });

  it("fills the emptiest first, and of equal ones the first by name", () => {
    const servers = { two: 4 * GiB, one: 4 * GiB, big: 8 * GiB };
    expect(
      placeAgents(
        ["d", "c", "b", "a"].map((name) => small(name)),
        servers,
      ),
    ).toEqual({
      a: "big",
      b: "big",
      c: "big",
      d: "big",
    });
    const five = placeAgents(
      ["a", "b", "c", "d", "e", "f"].map((name) => small(name)),
      servers,
    );
    expect(five).toMatchObject({ e: "big", f: "one" });
  });

  it("counts those first that are told where to be", () => {
    expect(placeAgents([small("a"), small("z", "one")], { one: 4 * GiB, two: 4 * GiB })).toEqual({
      z: "one",
      a: "two",
    });
  });

  it("puts the largest first, so that the small ones go round it", () => {
    const agents = [small("a"), small("b"), { name: "z", memory: 3 * GiB }];
    expect(placeAgents(agents, { one: 4 * GiB, two: 4 * GiB })).toEqual({ z: "one", a: "two", b: "two" });
  });

  it("leaves out what is told to be on an unknown server, or where there is none", () => {
    expect(placeAgents([small("a", "nowhere")], { one: GiB })).toEqual({});
    expect(placeAgents([small("a")], {})).toEqual({});
  });

  it("does not depend on the order in which agents and servers are written", () => {
    const next = pseudoRandom(3);
    const agents = Array.from({ length: 20 }, (_, i) => ({ name: `a${i}`, memory: 256 * (1 + next(8)) }));
    const servers = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`s${i}`, (4 + next(3) * 4) * GiB]));
    const expected = placeAgents(agents, servers);
    for (let run = 0; run < 20; run++) {
      const shuffled = [...agents].sort(() => next(3) - 1);
      const mixed = Object.fromEntries(Object.entries(servers).sort(() => next(3) - 1));
      expect(placeAgents(shuffled, mixed)).toEqual(expected);
    }
  });
});

describe("agents that have a place", () => {
  const servers = { one: 4 * GiB, two: 4 * GiB };
  const agents = ["a", "b", "c", "d"].map((name) => small(name));
  const last = placeAgents(agents, servers);
  const moved = (now: Record<string, string>) => Object.keys(last).filter((name) => now[name] !== last[name]);

  it.each<[string, Placing[], Record<string, number>]>([
    ["one is added", [small("0"), ...agents], servers],
    ["one is added that is larger than all", [...agents, { name: "z", memory: 3 * GiB }], servers],
    ["one needs more", agents.map((agent) => (agent.name === "b" ? { ...agent, memory: 3 * GiB } : agent)), servers],
    ["a server is added", agents, { ...servers, huge: 64 * GiB }],
    ["a server becomes smaller", agents, { ...servers, one: 1 * GiB }],
    ["they are written in another order", [...agents].reverse(), { two: 4 * GiB, one: 4 * GiB }],
  ])("stay there when %s", (_title, now, there) => expect(moved(placeAgents(now, there, last))).toEqual([]));

  it("stay there when another one goes, whose place is free for the next", () => {
    const without = placeAgents([...agents.slice(1), small("new")], servers, last);
    expect(without).toEqual({ b: last.b, c: last.c, d: last.d, new: last.a });
  });

  it("leave a server that is gone, and only they", () => {
    const now = placeAgents(agents, { one: 4 * GiB, three: 4 * GiB }, last);
    expect(moved(now)).toEqual(Object.keys(last).filter((name) => last[name] === "two"));
    expect(now).toEqual({ a: "one", b: "three", c: "one", d: "three" });
  });

  it("move when they are told", () => {
    const now = placeAgents([small("a", "two"), ...agents.slice(1)], servers, { ...last, a: "one" });
    expect(now).toEqual({ ...last, a: "two" });
  });

  it("stay through any number of changes, as long as their server is there", () => {
    const next = pseudoRandom(5);
    let here: Placing[] = [];
    let places: Record<string, string> = {};
    const there: Record<string, number> = { s0: 8 * GiB };
    for (let step = 0; step < 200; step++) {
      const change = next(4);
      if (change === 0) there[`s${Object.keys(there).length}`] = (4 + next(3) * 4) * GiB;
      else if (change === 1) here = here.filter((_agent, i) => i !== next(here.length));
      else if (change === 2) here = here.map((agent) => ({ ...agent, memory: 256 * (1 + next(8)) }));
      else here = [...here, { name: `a${step}`, memory: 256 * (1 + next(8)) }];
      const now = placeAgents(here, there, places);
      for (const { name } of here) if (name in places) expect(now[name]).toBe(places[name]);
      places = now;
    }
    expect(Object.keys(places).length).toBeGreaterThan(10);
  });
});

describe("overfull", () => {
  const loads = (agents: Placing[], placed: Record<string, string>, servers: Record<string, number>) =>
    serverLoads(agents, placed, servers);

  it("tells what is needed and what there is", () => {
    const agents = [small("a", "one"), small("b", "one")];
    expect(overfull(loads(agents, { a: "one", b: "one" }, { one: 2 * GiB, two: 2 * GiB }))).toEqual([
      { server: "one", agents, needed: 2 * GiB, room: 2 * GiB - reservedMemory },
    ]);
  });

  it("says nothing where the memory of a server is not known", () => {
    expect(overfull(loads([small("a", "one")], { a: "one" }, { one: Number.NaN }))).toEqual([]);
  });

  it("knows which agent to move where: the smallest that is enough, to where most is left", () => {
    const agents = [{ name: "big", memory: 3 * GiB }, { name: "mid", memory: 1536 }, small("low")];
    const placed = { big: "one", mid: "one", low: "one" };
    const all = loads(agents, placed, { one: 6 * GiB, two: 3 * GiB, three: 4 * GiB });
    expect(relief(all[0]!, all)).toEqual({ agent: "low", to: "three", free: 3 * GiB + 256 });
    const more = loads(
      [...agents, { name: "top", memory: 512 }],
      { ...placed, top: "one" },
      { one: 5632, two: 3 * GiB },
    );
    expect(relief(more[0]!, more)).toEqual({ agent: "mid", to: "two", free: 2304 });
  });

  it("knows where nothing helps", () => {
    const agents = [small("a"), small("b")];
    const all = loads(agents, { a: "one", b: "one" }, { one: 2 * GiB, two: 1 * GiB });
    expect(relief(all[0]!, all)).toBeUndefined();
    expect(relief(all[0]!, [all[0]!])).toBeUndefined();
  });
});

describe("the lines of a preview", () => {
  it("tell of each server who is there, who is new and from where, and how full it is", () => {
    const agents = ["a", "b", "c", "d"].map((name) => small(name));
    const placed = { a: "one", b: "one", c: "one", d: "one" };
    const last = { a: "one", b: "gone", d: "two" };
    expect(placementLines(serverLoads(agents, placed, { one: 8 * GiB, two: 4 * GiB }), last)).toEqual([
      "one: a, b (new here, was on gone, which is gone), c (new), d (new here, was on two); 4096 of 7424 MiB for agents used, 3328 MiB left",
      "two: no agent; 0 of 3328 MiB for agents used, 3328 MiB left",
    ]);
  });
});

describe("the placement in a state", () => {
  const stash = (name: string, input: unknown) => ({
    [`urn:pulumi:one::creel::creel:index:Fleet$pulumi:index:Stash::${name}`]: { type: "x", outputs: { input } },
  });

  it("is that of the fleet, as far as it is one", () => {
    const resources = { ...stash("fleet-placement", { a: "one", b: 7 }), ...stash("other-placement", { c: "two" }) };
    expect(placementIn(resources, "fleet")).toEqual({ a: "one" });
    expect(placementIn(resources, "other")).toEqual({ c: "two" });
  });

  it.each([undefined, {}, { x: null }, stash("fleet-placement", null), stash("fleet-placement", [])])(
    "is nothing where there is none: %j",
    (resources) => expect(placementIn(resources, "fleet")).toEqual({}),
  );

  it("takes names for nothing else", () => {
    const input = JSON.parse('{"__proto__": "one", "constructor": "two"}');
    expect(Object.keys(placementIn(stash("fleet-placement", input), "fleet"))).toEqual(["__proto__", "constructor"]);
  });
});

describe("sizes", () => {
  it("are known by their exact names only", () => {
    expect(serverMemory("cx23")).toBe(4096);
    expect(serverMemory("cx22")).toBeUndefined();
    expect(serverMemory("constructor")).toBeUndefined();
    expect(serverMemory("s-2vcpu-4gb")).toBe(4096);
    expect(serverMemory("g-2vcpu-8gb")).toBe(8192);
    expect(serverMemory("c-4")).toBe(8192);
  });

  it("all have room for an agent", () => {
    const sizes = Object.values(catalog).flatMap((cloud) => Object.keys(cloud.sizes));
    expect(sizes.length).toBeGreaterThan(60);
    for (const size of sizes) expect(roomFor(serverMemory(size)!), size).toBeGreaterThan(200);
  });

  it.each([
    ["cx23", 5000, "cx33"],
    ["ccx13", 100_000, "ccx53"],
    ["s-1vcpu-2gb", 5000, "s-4vcpu-8gb"],
    ["s-2vcpu-4gb-amd", 5000, "s-2vcpu-8gb-amd"],
    ["c-2", 5000, "c-4"],
    ["cx53", 50_000, undefined],
    ["mine", 100, undefined],
  ])("of the kind of %s with %d MiB is %s the smallest", (size, memory, larger) => {
    expect(largerSize(size, memory)).toBe(larger);
  });
});
