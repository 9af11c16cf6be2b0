import { reservedMemory } from "./serverSizes";

/** An agent that needs a place. */
export interface Placing {
  name: string;
  /** Server it is told to be on. Undefined: any. */
  server?: string;
  /** Memory that it takes on its server in MiB, its connector's included. */
  memory: number;
}

/** Memory of a server that agents can have, in MiB. */
export function roomFor(memory: number): number {
  return Math.max(0, memory - reservedMemory);
}

/**
 * On which server each agent runs: on the one it is told; else, in the order of names, on the one with most memory left
 * at that time, and of equal ones on the first by name.
 *
 * An agent on an unknown server gets none. What does not fit is placed all the same; {@link overfull} tells.
 *
 * @param servers memory of each server in MiB
 */
export function placeAgents(agents: Placing[], servers: Record<string, number>): Record<string, string> {
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
  for (const agent of agents) if (agent.server !== undefined) put(agent, agent.server);
  const free = agents.filter((agent) => agent.server === undefined);
  for (const agent of free.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    put(agent, [...left].reduce<[string, number] | undefined>((a, b) => (a && a[1] >= b[1] ? a : b), undefined)?.[0]);
  }
  return placed;
}

/** The servers whose agents need more memory than there is, with what they need and who they are. */
export function overfull(
  agents: Placing[],
  placed: Record<string, string>,
  servers: Record<string, number>,
): { server: string; agents: string[]; needed: number; room: number }[] {
  return Object.entries(servers).flatMap(([server, memory]) => {
    const here = agents.filter((agent) => placed[agent.name] === server);
    const needed = here.reduce((sum, agent) => sum + agent.memory, 0);
    const room = roomFor(memory);
    return needed > room ? [{ server, agents: here.map((agent) => agent.name), needed, room }] : [];
  });
}
