import { createHash } from "node:crypto";
import type { Fault } from "./faults";

/** Longest name of an agent: with every ending that is added to it, a host name (63) still has room. */
export const longestName = 24;

/** Form of a name: lower-case letters, digits and single dashes, a letter first. */
export const namePattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Whether every object has a property of that name already, which would take the place of what is missing. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** What is wrong with the name of an agent, a server or a tenant; nothing when it can be used. */
export function nameFaults(path: string, name: string): Fault[] {
  if (isInherited(name)) {
    return [{ path, value: name, reason: "is a name that every object has", remedy: "choose another name" }];
  }
  if (namePattern.test(name) && name.length <= longestName) return [];
  const remedy = `use at most ${longestName} lower-case letters, digits and single dashes, a letter first`;
  return [{ path, value: name, reason: "is not a name", remedy }];
}

/** What is wrong with the name of an agent: as for any name, and it must be no name that networks and connectors have. */
export function agentNameFaults(path: string, name: string): Fault[] {
  const faults = nameFaults(path, name);
  if (/(^|-)connector(-|$)/.test(name)) {
    const remedy = `choose a name without the word "connector"`;
    faults.push({ path, value: name, reason: "would be taken for an agent's connector", remedy });
  }
  if (name === serviceAlias) {
    const remedy = "choose another name";
    faults.push({ path, value: name, reason: "is how every connector calls its agent", remedy });
  }
  return faults;
}

/** By what name an agent is found on its front network. */
export const serviceAlias = "agent";

/** What an agent shows to the outside: its operator hostname, which people log in to, or its bot hostname for webhooks. */
export type Surface = "operator" | "bot";

/** Name of the container, slice and secrets of the connector that serves an agent's surface. */
export function connectorName(agent: string, surface: Surface = "operator"): string {
  return surface === "operator" ? `${agent}-connector` : `${agent}-connector-bot`;
}

/**
 * User id that an agent's processes have on its server: 20000 to 39999, from the SHA-256 of the name, so that it is the
 * same on every server and needs no register. Two names may share one; {@link sharedUids} finds them.
 */
export function agentUid(agent: string): number {
  return 20000 + (nameHash(agent).readUInt32BE(0) % 20000);
}

/**
 * User id of an agent's connector: 40000 to 59999, or 80000 to 99999 for its bot surface, as far from every agent as the
 * agents' ids are from each other. Between those lie the ids of systemd's own services.
 */
export function connectorUid(agent: string, surface: Surface = "operator"): number {
  return agentUid(agent) + (surface === "operator" ? 20000 : 60000);
}

/** The agents that have a user id in common with an earlier one, each with that earlier one. */
export function sharedUids(agents: string[]): { agent: string; with: string; uid: number }[] {
  const holders = new Map<number, string>();
  return agents.flatMap((agent) => {
    const uid = agentUid(agent);
    const holder = holders.get(uid);
    if (holder === undefined) holders.set(uid, agent);
    return holder === undefined ? [] : [{ agent, with: holder, uid }];
  });
}

/**
 * Names of the Linux bridges behind an agent's two networks. They start with `ag-`, by which the host's packet filter
 * knows agents, and fit into the 15 characters that Linux allows.
 */
export function bridgeNames(agent: string): { egress: string; front: string } {
  const bridge = `ag-${nameHash(agent).toString("hex", 0, 4)}`;
  return { egress: bridge, front: `${bridge}f` };
}

/** The systemd slice that limits a container. A dash in a slice's name would nest it, so dashes become underscores. */
export function sliceName(container: string): string {
  return `agents-${container.replaceAll("-", "_")}.slice`;
}

/** Directory in the server's memory that holds a container's secrets, one file each. */
export function secretsFolder(container: string): string {
  return `/run/agent-secrets/${container}`;
}

/** Directory on the server's disk that holds what a container keeps. */
export function stateFolder(container: string): string {
  return `/var/lib/agents/${container}`;
}

function nameHash(name: string): Buffer {
  return createHash("sha256").update(name).digest();
}
