import { reservedMemory } from "./serverSizes";

/** An agent that needs a place. */
export interface Placing {
  name: string;
  /** Server it is told to be on. Undefined: any. */
  server?: string;
  /** Memory that it takes on its server in MiB, its connectors' included. */
  memory: number;
}

/** What a server has to carry. */
export interface ServerLoad {
  server: string;
  /** The agents on it, in the order in which they are written. */
  agents: Placing[];
  /** Memory that they take together, in MiB. */
  needed: number;
  /** Memory that agents can have there, in MiB. */
  room: number;
}

/** Memory of a server that agents can have, in MiB. */
export function roomFor(memory: number): number {
  return Math.max(0, memory - reservedMemory);
}

/**
 * On which server each agent runs: on the one it is told; else where it was last; else, largest first and then in the
 * order of names, on the server with most memory left at that time, and of equal ones on the first by name.
 *
 * An agent on an unknown server gets none. What does not fit is placed all the same; {@link overfull} tells.
 *
 * @param servers memory of each server in MiB
 * @param last server of each agent so far; those that are gone count for nothing
 */
export function placeAgents(
  agents: Placing[],
  servers: Record<string, number>,
  last: Record<string, string> = {},
): Record<string, string> {
  const left = new Map(
    Object.keys(servers)
      .sort()
      .map((name) => [name, roomFor(servers[name]!)]),
  );
  // Without a prototype, so that an agent may be called constructor.
  const placed: Record<string, string> = Object.create(null);
  const put = (agent: Placing, server: string | undefined) => {
    if (server === undefined || !left.has(server)) return;
    placed[agent.name] = server;
    left.set(server, left.get(server)! - agent.memory);
  };
  for (const agent of agents) put(agent, agent.server ?? lastServer(agent.name, last));
  const unplaced = agents.filter(({ name, server }) => server === undefined && placed[name] === undefined);
  for (const agent of unplaced.sort((a, b) => b.memory - a.memory || (a.name < b.name ? -1 : 1))) {
    put(agent, [...left].reduce<[string, number] | undefined>((a, b) => (a && a[1] >= b[1] ? a : b), undefined)?.[0]);
  }
  return placed;
}

/** What every server has to carry, in the order of the servers. */
export function serverLoads(
  agents: Placing[],
  placed: Record<string, string>,
  servers: Record<string, number>,
): ServerLoad[] {
  return Object.entries(servers).map(([server, memory]) => {
    const here = agents.filter((agent) => placed[agent.name] === server);
    return { server, agents: here, needed: here.reduce((sum, agent) => sum + agent.memory, 0), room: roomFor(memory) };
  });
}

/** The servers whose agents need more memory than there is. */
export function overfull(loads: ServerLoad[]): ServerLoad[] {
  return loads.filter(({ needed, room }) => needed > room);
}

/**
 * How to make an overfull server fit by moving one agent: the smallest that is enough, to the server with most memory
 * left; undefined where no single move helps.
 */
export function relief(full: ServerLoad, loads: ServerLoad[]): { agent: string; to: string; free: number } | undefined {
  const [roomiest] = loads
    .filter((load) => load !== full && load.room - load.needed > 0)
    .sort((a, b) => free(b) - free(a));
  if (roomiest === undefined) return undefined;
  const [agent] = full.agents
    .filter(({ memory }) => memory >= full.needed - full.room && memory <= free(roomiest))
    .sort((a, b) => a.memory - b.memory);
  return agent && { agent: agent.name, to: roomiest.server, free: free(roomiest) };
}

/**
 * One line for each server, for a person who looks at a preview: who is on it, who is new there and why, and how full
 * it is.
 *
 * @param last server of each agent so far
 */
export function placementLines(loads: ServerLoad[], last: Record<string, string>): string[] {
  const servers = loads.map(({ server }) => server);
  return loads.map((load) => {
    const agents = load.agents.map(({ name }) => {
      const before = lastServer(name, last);
      if (before === load.server) return name;
      if (before === undefined) return `${name} (new)`;
      return `${name} (new here, was on ${before}${servers.includes(before) ? "" : ", which is gone"})`;
    });
    const who = agents.length === 0 ? "no agent" : agents.join(", ");
    return `${load.server}: ${who}; ${load.needed} of ${load.room} MiB for agents used, ${free(load)} MiB left`;
  });
}

function free({ room, needed }: ServerLoad): number {
  return room - needed;
}

function lastServer(agent: string, last: Record<string, string>): string | undefined {
  return Object.hasOwn(last, agent) ? last[agent] : undefined;
}
