import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { createApi, type Inventory, inventoryOf } from "../api";
import type { RequestLog } from "../requestLog";
import type { Store } from "../store";
import { registerApplications } from "./access/applications";
import { registerCertificates } from "./access/certificates";
import { registerGroups } from "./access/groups";
import { registerIdentityProviders } from "./access/identityProviders";
import { registerOrganization } from "./access/organization";
import { registerPolicies } from "./access/policies";
import { registerServiceTokens } from "./access/serviceTokens";
import { registerBotManagement } from "./botManagement";
import { registerDnsRecords } from "./dnsRecords";
import { CloudflareError, commonRefusals } from "./errors";
import { type Account, type CloudflareState, emptyCloudflare, type Zone } from "./model";
import { registerRulesets } from "./rulesets";
import { forgetConnections } from "./tunnelConnections";
import { registerTunnels } from "./tunnels";
import type { CloudflareWorld } from "./world";
import { registerZoneSettings } from "./zoneSettings";
import { registerZones } from "./zones";

export interface CloudflareOptions {
  store: Store<CloudflareState>;
  /** The one API token that is known, 40 to 80 characters of `[0-9A-Za-z_-]`. */
  token: string;
  accounts: Account[];
  zones: Zone[];
  log?: RequestLog;
  /** Called after every request that may have changed something, before it is answered. */
  changed?: () => void;
}

export { emptyCloudflare };

/** The Cloudflare API v4 under `/client/v4`, and `/_sandbox/…` beside it. */
export function createCloudflare(options: CloudflareOptions): FastifyInstance {
  const { store, token, accounts, zones } = options;
  const world: CloudflareWorld = { state: store.state, accounts, zones };
  const app = createApi({ cloud: "cloudflare", store, refusals: commonRefusals, log: options.log });
  const tokenId = createHash("sha256").update(token).digest("hex").slice(0, 32);

  app.get("/_sandbox/inventory", async () => inventory(world));
  app.register(
    async (api) => {
      api.addHook("onRequest", async (request) => refuseUnauthorized(request, token));
      registerZones(api, world, tokenId);
      registerTunnels(api, world);
      registerDnsRecords(api, world);
      registerGroups(api, world);
      registerPolicies(api, world);
      registerApplications(api, world);
      registerServiceTokens(api, world);
      registerIdentityProviders(api, world);
      registerOrganization(api, world);
      registerCertificates(api, world);
      registerRulesets(api, world);
      registerZoneSettings(api, world);
      registerBotManagement(api, world);
    },
    { prefix: "/client/v4" },
  );
  app.addHook("onSend", async (request, _reply, payload) => {
    if (request.method !== "GET" && request.method !== "HEAD") options.changed?.();
    return payload;
  });
  forgetConnections(world.state);
  return app;
}

function refuseUnauthorized(request: FastifyRequest, token: string): void {
  const given = Buffer.from(request.headers.authorization ?? "");
  if (given.length === 0)
    throw new CloudflareError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  if (request.url.endsWith("/tokens/verify")) throw new CloudflareError(401, 1000, "Invalid API Token");
  throw new CloudflareError(403, 10000, "Authentication error");
}

function inventory(world: CloudflareWorld): Inventory {
  const { state } = world;
  const tunnels = Object.values(state.tunnels).filter((tunnel) => tunnel.deleted_at === null);
  return inventoryOf({
    tunnels,
    dns_records: Object.values(state.dns_records),
    access_groups: Object.values(state.access_groups),
    access_policies: Object.values(state.access_policies),
    access_apps: Object.values(state.access_apps),
    access_service_tokens: Object.values(state.access_service_tokens),
    access_identity_providers: Object.values(state.access_identity_providers),
    access_certificates: Object.values(state.access_certificates),
    rulesets: Object.values(state.rulesets),
  });
}
