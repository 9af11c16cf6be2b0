import { describe, expect, it } from "vitest";
import { overfull, type Placing, placeAgents, roomFor } from "../../components/placement";
import { reservedMemory, serverMemory, serverSizes } from "../../components/serverSizes";
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

describe("overfull", () => {
  it("tells what is needed and what there is", () => {
    const agents = [small("a", "one"), small("b", "one")];
    expect(overfull(agents, { a: "one", b: "one" }, { one: 2 * GiB, two: 2 * GiB })).toEqual([
      { server: "one", agents: ["a", "b"], needed: 2 * GiB, room: 2 * GiB - reservedMemory },
    ]);
  });

  it("says nothing where the memory of a server is not known", () => {
    expect(overfull([small("a", "one")], { a: "one" }, { one: Number.NaN })).toEqual([]);
  });
});

describe("sizes", () => {
  it("are known by their exact names only", () => {
    expect(serverMemory("cx23")).toBe(4096);
    expect(serverMemory("cx22")).toBeUndefined();
    expect(serverMemory("constructor")).toBeUndefined();
  });

  it("all have room for an agent", () => {
    for (const size of serverSizes) expect(roomFor(serverMemory(size)!)).toBeGreaterThan(1000);
  });
});
