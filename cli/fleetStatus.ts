import type { FleetOutput } from "./fleet";
import type { FoundContainer, Section, Survey, Surveyed } from "./survey";

/** A server in the table; undefined is what could not be found out. */
export interface ServerRow {
  server: string;
  reachable: boolean;
  /** Why it is not reachable. */
  failure?: string;
  profile?: string;
  /** Seconds since it was last hardened; whether that ended well. */
  convergeAge?: number;
  convergeOk?: boolean;
  agents: number;
  memoryMiB?: number;
  memoryFreeMiB?: number;
  /** Seconds since it was started. */
  uptime?: number;
  /** When it was started, in ISO 8601. */
  lastBoot?: string;
  rebootRequired?: boolean;
  updates?: number;
  securityUpdates?: number;
  /** Addresses that are banned now. */
  bans?: number;
}

/** An agent in the table; undefined is what could not be found out. */
export interface AgentRow {
  agent: string;
  server: string;
  url: string;
  /** What Docker says: healthy, unhealthy, starting, none; or stopped, missing, unknown. */
  health: string;
  /** Image that it runs by digest. */
  image?: string;
  /** Whether that is the one that was deployed. */
  imageExpected?: boolean;
  /** Memory in use by everything in its slice. */
  memoryMiB?: number;
  /** Seconds since its container was started. */
  uptime?: number;
  restarts?: number;
}

/** How a fleet is. */
export interface FleetStatus {
  servers: ServerRow[];
  agents: AgentRow[];
}

/** Puts together what the stack says and what the servers answered. */
export function fleetStatus(fleet: FleetOutput, surveys: Record<string, Surveyed<Survey>>): FleetStatus {
  return {
    servers: Object.keys(fleet.servers).map((name) => serverRow(name, fleet, surveys[name]!)),
    agents: Object.keys(fleet.agents).map((name) => agentRow(name, fleet, surveys[fleet.agents[name]!.server]!)),
  };
}

function serverRow(server: string, fleet: FleetOutput, surveyed: Surveyed<Survey>): ServerRow {
  const agents = Object.values(fleet.agents).filter((agent) => agent.server === server).length;
  if ("failure" in surveyed) return { server, reachable: false, failure: surveyed.failure, agents };
  const { survey } = surveyed;
  const system = found(survey.system);
  const converge = found(survey.converge);
  const updates = found(survey.updates);
  const bans = found(survey.bans);
  return {
    server,
    reachable: true,
    profile: converge?.profile,
    convergeAge: age(system?.now, converge?.finished),
    convergeOk: converge?.ok ?? undefined,
    agents,
    memoryMiB: system?.memoryMiB,
    memoryFreeMiB: system?.memoryFreeMiB,
    uptime: system && Math.round(system.uptime),
    lastBoot: system && new Date((system.now - system.uptime) * 1000).toISOString(),
    rebootRequired: system?.rebootRequired,
    updates: updates?.all,
    securityUpdates: updates?.security,
    bans: bans && new Set(Object.values(bans).flat()).size,
  };
}

function agentRow(agent: string, fleet: FleetOutput, surveyed: Surveyed<Survey>): AgentRow {
  const { server, url, container: name, image } = fleet.agents[agent]!;
  const row = { agent, server, url };
  const containers = "survey" in surveyed ? found(surveyed.survey.containers) : undefined;
  if (containers === undefined) return { ...row, health: "unknown" };
  const container = containers.find((one) => one.name === name);
  if (container === undefined) return { ...row, health: "missing" };
  const now = "survey" in surveyed ? found(surveyed.survey.system)?.now : undefined;
  return {
    ...row,
    health: healthOf(container),
    image: container.image,
    imageExpected: container.image === image,
    memoryMiB: container.memoryMiB ?? undefined,
    uptime: container.running ? age(now, container.started) : undefined,
    restarts: container.restarts,
  };
}

/** What Docker says of a container's health, or that it does not run. */
export function healthOf({ running, health }: FoundContainer): string {
  return running ? health : "stopped";
}

function found<T>(section: Section<T>): T | undefined {
  return "ok" in section ? section.ok : undefined;
}

/** Seconds between a time and the server's own now. */
function age(now: number | undefined, time: string | null | undefined): number | undefined {
  const then = Date.parse(time ?? "");
  return now === undefined || Number.isNaN(then) ? undefined : Math.max(0, Math.round(now - then / 1000));
}
