import { agentSchema, botSchema, routeSchema } from "./agentSpec";
import type { BotRoute } from "./botRoutes";
import type { FullFleetSpec } from "./fleetSpec";
import { defaultHostname } from "./hostnames";
import { type NetworkSpec, networkSchema } from "./networkSpec";
import { type Placing, placeAgents, type ServerLoad, serverLoads } from "./placement";
import { isRecord, rightFields } from "./schema";
import { serverMemory } from "./serverSizes";
import { mostServers, serverSchema } from "./serverSpec";
import { type IdentityProviders, identityProviderSchema, type Tenant, tenantSchema } from "./tenantSpec";
import { connectorMemory } from "./tunnelSurface";
import { zoneSchema } from "./zoneSpec";

/** What is right of an agent. */
export interface DraftAgent extends Omit<Partial<FullFleetSpec["agents"][string]>, "bot"> {
  name: string;
  /** Its operator hostname: the one that is written, else the default where there is one. */
  operator?: string;
  /** What is right of its bot surface, where it has one. */
  bot?: { hostname?: string; routes?: BotRoute[] };
}

/** As much of a fleet as could be read, however wrong the rest is. */
export interface Draft {
  /** The named entries of each section as they are written. */
  sections: Record<
    "zones" | "identityProviders" | "tenants" | "servers" | "networks" | "agents",
    Record<string, unknown>
  >;
  /** Whether operators.keys is there. */
  hasKeys: boolean;
  /** The operators' keys, whatever is wrong with them. */
  operatorKeys: string[];
  /** Whether connector.image is there. */
  hasConnector: boolean;
  /** What is right of every zone. */
  zones: Record<string, Partial<FullFleetSpec["zones"][string]>>;
  /** What is right of every tenant. */
  tenants: Record<string, Partial<Tenant>>;
  /** The identity providers that are right. */
  identityProviders: IdentityProviders;
  /** What is right of every private network. */
  networks: Record<string, Partial<NetworkSpec>>;
  /** Every server, groups written out, with the entry that it comes from. */
  servers: { name: string; entry: string; fields: Partial<FullFleetSpec["servers"][string]> }[];
  agents: DraftAgent[];
  /** Server of each agent that has one. */
  placed: Record<string, string>;
  /** What every server has to carry, connectors included; with NaN for the room of one whose memory is not known. */
  loads: ServerLoad[];
}

/**
 * Reads what can be read, and places the agents by it.
 *
 * @param last server of each agent so far
 */
export function readDraft(document: unknown, last: Record<string, string>): Draft {
  const section = (name: string) => {
    const value = isRecord(document) ? document[name] : undefined;
    return isRecord(value) ? value : {};
  };
  const sections = {
    zones: section("zones"),
    identityProviders: section("identityProviders"),
    tenants: section("tenants"),
    servers: section("servers"),
    networks: section("networks"),
    agents: section("agents"),
  };
  const operators = section("operators");
  const keys: unknown[] = Array.isArray(operators.keys) ? operators.keys : [];
  const servers = Object.entries(sections.servers).flatMap(([entry, value]) => {
    const fields = rightFields(serverSchema, value);
    return serverNames(entry, groupSize(value)).map((name) => ({ name, entry, fields }));
  });
  const agents = Object.entries(sections.agents).map(([name, value]) => draftAgent(name, value, sections));
  const memory = Object.fromEntries(
    servers.map(({ name, fields }) => [name, fields.memory ?? serverMemory(fields.size ?? "") ?? Number.NaN]),
  );
  const placing = agents.map(
    ({ name, server, memory = 0, bot }): Placing => ({
      name,
      server,
      memory: memory + connectorMemory * (bot === undefined ? 1 : 2),
    }),
  );
  const placed = placeAgents(placing, memory, last);
  return {
    sections,
    hasKeys: "keys" in operators,
    operatorKeys: keys.map((key) => (typeof key === "string" ? key : "")),
    hasConnector: "image" in section("connector"),
    zones: eachOf(sections.zones, (value) => rightFields(zoneSchema, value)),
    tenants: eachOf(sections.tenants, (value) => rightFields(tenantSchema, value)),
    identityProviders: eachOf(sections.identityProviders, (value) => identityProviderSchema.safeParse(value).data),
    networks: eachOf(sections.networks, (value) => rightFields(networkSchema, value)),
    servers,
    agents,
    placed,
    loads: serverLoads(placing, placed, memory),
  };
}

function draftAgent(name: string, value: unknown, { zones, tenants }: Draft["sections"]): DraftAgent {
  const { bot: _, ...fields } = rightFields(agentSchema, value);
  const bot = isRecord(value) && isRecord(value.bot) ? draftBot(value.bot) : undefined;
  const written = isRecord(value) && value.operator !== undefined;
  const { tenant = "" } = fields;
  const [zone, ...otherZones] = Object.keys(zones);
  if (written || zone === undefined || otherZones.length > 0 || !Object.hasOwn(tenants, tenant)) {
    return { ...fields, name, bot };
  }
  return { ...fields, name, bot, operator: defaultHostname(name, tenant, zone) };
}

function draftBot(value: Record<string, unknown>): DraftAgent["bot"] {
  const { hostname } = rightFields(botSchema, value);
  const routes = Array.isArray(value.routes) ? value.routes.map(draftRoute) : undefined;
  return { hostname, routes };
}

/** A preset stays even where it is none: what it would have said is not missing. */
function draftRoute(value: unknown): BotRoute {
  const given = typeof value === "string" ? { preset: value } : value;
  const preset = isRecord(given) && typeof given.preset === "string" ? (given.preset as BotRoute["preset"]) : undefined;
  return { ...rightFields(routeSchema, given), preset };
}

/** The same names with what is made of their values, without those of which nothing is; without a prototype. */
function eachOf<T>(entries: Record<string, unknown>, make: (value: unknown) => T | undefined): Record<string, T> {
  const made: Record<string, T> = Object.create(null);
  for (const [name, value] of Object.entries(entries)) {
    const result = make(value);
    if (result !== undefined) made[name] = result;
  }
  return made;
}

/** How many servers an entry stands for; a wrong number is taken for the right one that it comes near. */
function groupSize(value: unknown): number | undefined {
  const count = isRecord(value) ? value.count : undefined;
  return typeof count === "number" && count >= 1 ? Math.min(Math.floor(count), 2 * mostServers) : undefined;
}

/** The names of the servers that one entry stands for. */
function serverNames(entry: string, count: number | undefined): string[] {
  return count === undefined ? [entry] : Array.from({ length: count }, (_, i) => `${entry}-${i + 1}`);
}
