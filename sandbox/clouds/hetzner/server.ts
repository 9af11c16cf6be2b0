import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { createApi, type Inventory, inventoryOf } from "../api";
import type { Machines } from "../machines";
import type { MetadataEntry } from "../metadata";
import type { RequestLog } from "../requestLog";
import type { Store } from "../store";
import { Actions, registerActions } from "./actions";
import { datacenterOf, locationView, registerCatalog } from "./catalog";
import { commonRefusals, HetznerError } from "./errors";
import { registerFirewalls } from "./firewalls";
import { machineSpec } from "./lifecycle";
import { emptyHetzner, type HetznerState } from "./model";
import { registerNetworks } from "./networks";
import { registerPlacementGroups } from "./placementGroups";
import { registerPrimaryIps } from "./primaryIps";
import { all, type Project } from "./project";
import { defaultRequestsPerHour, registerRateLimit } from "./rateLimit";
import { registerServers, resumeRemovals } from "./servers";
import { registerSshKeys } from "./sshKeys";
import { registerVolumes } from "./volumes";

export interface HetznerOptions {
  store: Store<HetznerState>;
  machines: Machines;
  /** The one API token that is known. */
  token: string;
  /** Public IPv4 addresses it may hand out. */
  pool: string[];
  /** Default: 3600, as documented. */
  requestsPerHour?: number;
  log?: RequestLog;
}

export { emptyHetzner };

/** The Hetzner Cloud API v1 under `/v1`, and `/_sandbox/inventory` beside it. */
export function createHetzner(options: HetznerOptions): FastifyInstance {
  const { store, machines, pool } = options;
  const project: Project = { store, state: store.state, actions: new Actions(store), machines, pool };
  const app = createApi({ cloud: "hetzner", store, refusals: commonRefusals, log: options.log });

  app.get("/_sandbox/inventory", async () => inventory(project));
  app.register(
    async (api) => {
      registerRateLimit(api, options.requestsPerHour ?? defaultRequestsPerHour);
      api.addHook("onRequest", async (request) => refuseUnauthorized(request, options.token));
      registerActions(api, project.state);
      registerCatalog(api);
      registerSshKeys(api, project);
      registerFirewalls(api, project);
      registerNetworks(api, project);
      registerPlacementGroups(api, project);
      registerPrimaryIps(api, project);
      registerVolumes(api, project);
      // In a scope of its own, because it looks at every request of the scope.
      api.register(async (scope) => registerServers(scope, project));
    },
    { prefix: "/v1" },
  );
  app.addHook("onReady", async () => {
    project.actions.resume();
    resumeRemovals(project);
  });
  return app;
}

function refuseUnauthorized(request: FastifyRequest, token: string): void {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new HetznerError("unauthorized", "unable to authenticate");
  }
}

function inventory(project: Project): Inventory {
  const { ssh_keys, firewalls, servers, networks, placement_groups, primary_ips, volumes } = project.state;
  const kinds = { ssh_keys, firewalls, servers, networks, placement_groups, primary_ips, volumes };
  return inventoryOf(Object.fromEntries(Object.entries(kinds).map(([kind, items]) => [kind, Object.values(items)])));
}

/** What the metadata service may tell the server that has a public address. */
export function findByAddress(state: HetznerState, ipv4: string): MetadataEntry | undefined {
  const project = { state };
  const server = all(project, "servers").find((candidate) => machineSpec(project, candidate).ipv4 === ipv4);
  if (!server) return undefined;
  const location = locationView(server.location);
  return {
    spec: machineSpec(project, server),
    availabilityZone: datacenterOf(location).name,
    region: location.network_zone,
    privateNetworks: server.private_net.flatMap((entry, index) => {
      const network = state.networks[entry.network];
      if (!network) return [];
      return [
        {
          ip: entry.ip,
          aliasIps: entry.alias_ips,
          interfaceNumber: index + 1,
          macAddress: entry.mac_address,
          networkId: network.id,
          networkName: network.name,
          network: network.ip_range,
          subnet: network.subnets[0]?.ip_range ?? network.ip_range,
          gateway: network.subnets[0]?.gateway ?? "",
        },
      ];
    }),
  };
}
