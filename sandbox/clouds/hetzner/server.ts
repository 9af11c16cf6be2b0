import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { createApi, type Inventory, inventoryOf } from "../api";
import type { Machines } from "../machines";
import type { RequestLog } from "../requestLog";
import type { Store } from "../store";
import { Actions, registerActions } from "./actions";
import { registerCatalog } from "./catalog";
import { commonRefusals, HetznerError } from "./errors";
import { registerFirewalls } from "./firewalls";
import { emptyHetzner, type HetznerState } from "./model";
import { registerNetworks } from "./networks";
import { registerPlacementGroups } from "./placementGroups";
import { registerPrimaryIps } from "./primaryIps";
import type { Project } from "./project";
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
