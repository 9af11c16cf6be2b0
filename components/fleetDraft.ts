import { connectorMemory } from "./agentTunnel";
import { agentSchema, type FullFleetSpec, serverSchema } from "./fleetSpec";
import { type Placing, placeAgents } from "./placement";
import { isRecord, rightFields } from "./schema";
import { serverMemory } from "./serverSizes";

/** As much of a fleet as could be read, however wrong the rest is. */
export interface Draft {
  /** The named entries of each section as they are written. */
  sections: Record<"zones" | "tenants" | "servers" | "agents", Record<string, unknown>>;
  /** Whether operators.keys is there. */
  hasKeys: boolean;
  /** The operators' keys, whatever is wrong with them. */
  operatorKeys: string[];
  /** Whether connector.image is there. */
  hasConnector: boolean;
  /** Every server, groups written out, with the entry that it comes from. */
  servers: { name: string; entry: string; fields: Partial<FullFleetSpec["servers"][string]> }[];
  /** What is right of every agent. */
  agents: (Partial<FullFleetSpec["agents"][string]> & { name: string })[];
  /** What every agent needs, connectors included. */
  placing: Placing[];
  /** Memory of each server in MiB, as far as it is known. */
  memory: Record<string, number>;
  /** Server of each agent that has one. */
  placed: Record<string, string>;
}

/** Reads what can be read, and places the agents by it. */
export function readDraft(document: unknown): Draft {
  const section = (name: string) => {
    const value = isRecord(document) ? document[name] : undefined;
    return isRecord(value) ? value : {};
  };
  const sections = {
    zones: section("zones"),
    tenants: section("tenants"),
    servers: section("servers"),
    agents: section("agents"),
  };
  const operators = section("operators");
  const keys: unknown[] = Array.isArray(operators.keys) ? operators.keys : [];
  const servers = Object.entries(sections.servers).flatMap(([entry, value]) => {
    const fields = rightFields(serverSchema, value);
    return serverNames(entry, fields.count).map((name) => ({ name, entry, fields }));
  });
  const agents = Object.entries(sections.agents).map(([name, value]) => ({ ...rightFields(agentSchema, value), name }));
  const memory = Object.fromEntries(
    servers.map(({ name, fields }) => [name, fields.memory ?? serverMemory(fields.size ?? "") ?? Number.NaN]),
  );
  const placing = agents.map(({ name, server, memory = 0 }) => ({ name, server, memory: memory + connectorMemory }));
  return {
    sections,
    hasKeys: "keys" in operators,
    operatorKeys: keys.map((key) => (typeof key === "string" ? key : "")),
    hasConnector: "image" in section("connector"),
    servers,
    agents,
    placing,
    memory,
    placed: placeAgents(placing, memory),
  };
}

/** The names of the servers that one entry stands for. */
function serverNames(entry: string, count: number | undefined): string[] {
  return count === undefined ? [entry] : Array.from({ length: count }, (_, i) => `${entry}-${i + 1}`);
}
