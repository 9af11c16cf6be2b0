import type { FleetOutput } from "./fleet";
import type { FoundContainer, Section, Survey, Surveyed } from "./survey";

/** A server in the table; undefined is what could not be found out. */
export interface ServerRow {
  server: string;
  /** Undefined while it has not answered yet. */
  reachable?: boolean;
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
  tenant?: string;
  url: string;
  /** What Docker says: healthy, unhealthy, starting, none; or stopped, missing, unknown. */
  health: string;
  /** Image that it runs by digest. */
  image?: string;
  /** Whether that is the one that was deployed. */
  imageExpected?: boolean;
  /** Memory in use by everything in its slice. */
  memoryMiB?: number;
  /** How much its container may use; 0 for no limit. */
  memoryLimitMiB?: number;
  /** Seconds since its container was started. */
  uptime?: number;
  restarts?: number;
}

/** How a fleet is. */
export interface FleetStatus {
  servers: ServerRow[];
  agents: AgentRow[];
}

/** What the servers answered, by name; one that is not among them has not answered yet. */
export type Answers<S extends Survey = Survey> = Record<string, Surveyed<S> | undefined>;

/** Puts together what the stack says and what the servers answered. */
export function fleetStatus(fleet: FleetOutput, answers: Answers): FleetStatus {
  return {
    servers: Object.keys(fleet.servers).map((name) => serverRow(name, fleet, answers[name])),
    agents: Object.keys(fleet.agents).map((name) => agentRow(name, fleet, answers[fleet.agents[name]!.server])),
  };
}

function serverRow(server: string, fleet: FleetOutput, surveyed: Surveyed<Survey> | undefined): ServerRow {
  const agents = Object.values(fleet.agents).filter((agent) => agent.server === server).length;
  if (surveyed === undefined) return { server, agents };
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

function agentRow(agent: string, fleet: FleetOutput, surveyed: Surveyed<Survey> | undefined): AgentRow {
  const { server, tenant, url, container: name, image } = fleet.agents[agent]!;
  const row = { agent, server, tenant, url };
  const survey = surveyed !== undefined && "survey" in surveyed ? surveyed.survey : undefined;
  const containers = survey && found(survey.containers);
  if (survey === undefined || containers === undefined) return { ...row, health: "unknown" };
  const container = containers.find((one) => one.name === name);
  if (container === undefined) return { ...row, health: "missing" };
  return {
    ...row,
    health: healthOf(container),
    image: container.image,
    imageExpected: container.image === image,
    memoryMiB: container.memoryMiB ?? undefined,
    memoryLimitMiB: Math.round(container.memoryLimit / 1024 / 1024),
    uptime: container.running ? age(found(survey.system)?.now, container.started) : undefined,
    restarts: container.restarts,
  };
}

/** What Docker says of a container's health, or that it does not run. */
export function healthOf({ running, health }: FoundContainer): string {
  return running ? health : "stopped";
}

/** What was found, or undefined where it could not be read. */
export function found<T>(section: Section<T>): T | undefined {
  return "ok" in section ? section.ok : undefined;
}

/** Seconds between a time and the server's own now. */
function age(now: number | undefined, time: string | null | undefined): number | undefined {
  const then = Date.parse(time ?? "");
  return now === undefined || Number.isNaN(then) ? undefined : Math.max(0, Math.round(now - then / 1000));
}
