import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { createApi, inventoryOf } from "../api";
import type { Machines } from "../machines";
import type { RequestLog } from "../requestLog";
import type { Store } from "../store";
import { type Account, registerAccount } from "./account";
import { Actions, registerActions } from "./actions";
import { registerCatalog } from "./catalog";
import { registerDroplets } from "./droplets";
import { commonRefusals, DigitalOceanError, found } from "./errors";
import { Filters } from "./filters";
import { firewallsOf, inboundOf, outboundOf } from "./firewallEffect";
import { registerFirewalls } from "./firewalls";
import { type DigitalOceanState, type Droplet, emptyDigitalOcean } from "./model";
import { defaultRequestsPerHour, registerRateLimit } from "./rateLimit";
import { registerReservedIps } from "./reservedIps";
import { registerSshKeys } from "./sshKeys";
import { registerTags } from "./tags";
import { registerVolumes } from "./volumes";
import { registerVpcs } from "./vpcs";

export { emptyDigitalOcean };

export interface DigitalOceanOptions {
  store: Store<DigitalOceanState>;
  machines: Machines;
  /** The one API token that is known. */
  token: string;
  /** Public IPv4 addresses it may hand out. */
  pool: string[];
  /** Default: 5000, as documented. */
  requestsPerHour?: number;
  /** Milliseconds that every action takes at least. Default: 300; the real ones take from seconds to a minute. */
  actionTime?: number;
  log?: RequestLog;
}

/**
 * The DigitalOcean API v2 under `/v2`, and the sandbox's own questions under `/_sandbox` beside it.
 *
 * On the books only, as no machine has them: addresses in VPCs, IPv6, volumes, reserved IPs.
 */
export function createDigitalOcean(options: DigitalOceanOptions): FastifyInstance {
  const { store, machines, pool } = options;
  const actions = new Actions(store, options.actionTime ?? 300);
  const filters = new Filters(store, machines);
  const account: Account = { store, state: store.state, machines, actions, filters, pool };
  const app = createApi({ cloud: "digitalocean", store, refusals: commonRefusals, log: options.log });

  app.get("/_sandbox/inventory", async () => inventory(account));
  app.get("/_sandbox/droplets/:id/rules", async (request) => ({ rules: rulesOf(account, request) }));
  app.register(
    async (api) => {
      registerRateLimit(api, options.requestsPerHour ?? defaultRequestsPerHour);
      api.addHook("onRequest", async (request) => refuseUnauthorized(request, options.token));
      registerAccount(api, account);
      registerActions(api, account.state);
      registerCatalog(api);
      registerSshKeys(api, account);
      registerTags(api, account);
      registerFirewalls(api, account);
      registerVpcs(api, account);
      registerVolumes(api, account);
      registerReservedIps(api, account);
      // In a scope of its own, because it looks at every request of the scope.
      api.register(async (scope) => registerDroplets(scope, account));
    },
    { prefix: "/v2" },
  );
  app.addHook("onReady", async () => {
    filters.refresh();
    actions.resume();
  });
  return app;
}

function refuseUnauthorized(request: FastifyRequest, token: string): void {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new DigitalOceanError("unauthorized", "Unable to authenticate you.");
  }
}

/** What a client has made. Default networks are not counted: they come by themselves and can not be deleted. */
function inventory({ state }: Account) {
  const { ssh_keys, droplets, firewalls, vpcs, tags, volumes, reserved_ips } = state;
  return inventoryOf({
    ssh_keys: Object.values(ssh_keys),
    droplets: Object.values(droplets),
    firewalls: Object.values(firewalls),
    tags: tags.map((name) => ({ id: name, name })),
    vpcs: Object.values(vpcs).filter((vpc) => !vpc.default),
    volumes: Object.values(volumes),
    reserved_ips: Object.values(reserved_ips).map(({ ip }) => ({ id: ip })),
  });
}

/** What a droplet's firewalls let in and out at this moment; null when it has none and everything may. */
function rulesOf(account: Account, request: FastifyRequest) {
  const droplet = found<Droplet>(account.state.droplets, (request.params as { id: string }).id);
  const firewalls = firewallsOf(account, droplet);
  if (firewalls.length === 0) return null;
  return { inbound: inboundOf(account, firewalls), outbound: outboundOf(account, firewalls) };
}
