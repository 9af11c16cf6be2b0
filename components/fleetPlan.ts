import type { EdgeOutput } from "./edgeFragment";
import type { Fault } from "./faults";
import type { FleetSecrets } from "./fleetAgents";
import { fleetFaults } from "./fleetChecks";
import { faultsAtDefaults, withDefaults } from "./fleetDefaults";
import { type Draft, readDraft } from "./fleetDraft";
import { fragmentsOf } from "./fleetEdge";
import { type FullFleetSpec, fleetSchema } from "./fleetSpec";
import { zoneOf } from "./hostnames";
import { placementLines } from "./placement";
import { plainSecretFaults } from "./plainText";
import { schemaFaults } from "./schema";
import { type ServerSpec, spreadGroup } from "./serverSpec";

/** A checked fleet in which every group is written out and every agent has its place. */
export interface FleetPlan {
  /** SSH public keys of the operators. */
  operatorKeys: string[];
  /** Image of the connectors; undefined where there is no agent. */
  connectorImage: string | undefined;
  /** The account of all zones; undefined where there is no zone. */
  accountId: string | undefined;
  zones: FullFleetSpec["zones"];
  identityProviders: FullFleetSpec["identityProviders"];
  tenants: FullFleetSpec["tenants"];
  /** Private networks by name. */
  networks: FullFleetSpec["networks"];
  /** Servers by their own names, groups written out. */
  servers: Record<string, PlannedServer>;
  agents: Record<string, PlannedAgent>;
  /** Server of each agent. */
  placement: Record<string, string>;
  /** The same for people, one line for each server: who is there, who is new there, how full it is. */
  placementLines: string[];
  /** What each agent gives the rules of its zone, by the zone's name. */
  edge: EdgeOutput;
}

/** A server with the placement group that it is in; undefined for none. */
export type PlannedServer = ServerSpec & { group: string | undefined };

/** An agent with its place and its names. */
export type PlannedAgent = FullFleetSpec["agents"][string] & {
  server: string;
  operator: string;
  zone: FullFleetSpec["zones"][string] & { name: string };
};

/**
 * Checks a fleet and plans it.
 *
 * @param given what stands under `creel:fleet`; nothing is an empty fleet
 * @param secrets what stands under `creel:secrets`
 * @param last server of each agent so far, where it stays unless it is told another one. Default: none has one
 * @returns every fault there is, sorted by path, or a plan when there is none
 */
export function planFleet(
  given: unknown,
  secrets: FleetSecrets,
  last: Record<string, string> = {},
): { faults: Fault[]; plan?: FleetPlan } {
  const { document, inherited } = withDefaults(given ?? {});
  const draft = readDraft(document, last);
  const plain = plainSecretFaults(given, "remove it here, have a new one issued, and set it under creel:secrets");
  const schema = schemaFaults(fleetSchema, document).map((f) => ({ ...f, path: f.path || "creel:fleet" }));
  // Of a secret nothing else is said; and what hangs on a value that is wrong by itself would only be said twice.
  const secretAt = new Set(plain.map(({ path }) => path));
  const first = [...plain, ...schema.filter(({ path }) => !secretAt.has(path))];
  const told = (path: string) => first.some((f) => path === f.path || path.startsWith(`${f.path}.`));
  const all = [...first, ...fleetFaults(draft, secrets).filter((fault) => !told(fault.path))];
  const faults = faultsAtDefaults(all, inherited).sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
  return faults.length > 0 ? { faults } : { faults, plan: plan(fleetSchema.parse(document), draft, secrets, last) };
}

function plan(spec: FullFleetSpec, draft: Draft, secrets: FleetSecrets, last: Record<string, string>): FleetPlan {
  const { servers, placed, loads } = draft;
  const agents = draft.agents.map(({ name, operator }) => {
    const zone = zoneOf(operator!, Object.keys(spec.zones))!;
    const placing = { server: placed[name]!, operator: operator!, zone: { ...spec.zones[zone]!, name: zone } };
    return [name, { ...spec.agents[name]!, ...placing }] as const;
  });
  const fragments = fragmentsOf(draft, secrets);
  const ofZone = (zone: string) => fragments.filter((fragment) => fragment.zone === zone);
  return {
    operatorKeys: spec.operators?.keys ?? [],
    connectorImage: spec.connector?.image,
    accountId: Object.values(spec.zones)[0]?.accountId,
    zones: spec.zones,
    identityProviders: spec.identityProviders,
    tenants: spec.tenants,
    networks: spec.networks,
    servers: Object.fromEntries(
      servers.map(({ name, entry }, i) => {
        const index = servers.slice(0, i).filter((other) => other.entry === entry).length;
        const server = spec.servers[entry]!;
        return [name, { ...server, group: spreadGroup(entry, index, server) }];
      }),
    ),
    agents: Object.fromEntries(agents),
    placement: Object.fromEntries(agents.map(([name, { server }]) => [name, server])),
    placementLines: placementLines(loads, last),
    edge: Object.fromEntries(Object.keys(spec.zones).map((zone) => [zone, ofZone(zone)])),
  };
}
