import type { FastifyInstance } from "fastify";
import { sendPage, success } from "./envelope";
import type { Account, Zone } from "./model";
import { accountOf, type CloudflareWorld, zoneOf } from "./world";

/** Since when everything that the world is given has existed. */
const epoch = "2026-01-01T00:00:00Z";

const planNames = {
  free: "Free Website",
  pro: "Pro Website",
  business: "Business Website",
  enterprise: "Enterprise Website",
};

/** Token verification, accounts and zones: what exists before anything is made. */
export function registerZones(app: FastifyInstance, world: CloudflareWorld, tokenId: string): void {
  const verified = success({ id: tokenId, status: "active" });
  const verification = {
    ...verified,
    messages: [{ code: 10000, message: "This API Token is valid and active", type: null }],
  };
  app.get("/user/tokens/verify", async () => verification);
  app.get("/accounts/:account/tokens/verify", async (request) => {
    accountOf(world, request);
    return verification;
  });

  app.get("/accounts", (request, reply) => {
    const { name } = request.query as { name?: string };
    const found = world.accounts.filter((account) => name === undefined || account.name === name);
    return sendPage(request, reply, found.map(accountView), { default: 20, most: 50 });
  });
  app.get("/accounts/:account", async (request) => success(accountView(accountOf(world, request))));

  app.get("/zones", (request, reply) => {
    const query = request.query as Record<string, string>;
    const account = query["account.id"] ?? query["account[id]"];
    const found = world.zones.filter(
      (zone) =>
        (query.name === undefined || zone.name === query.name) &&
        (query.status === undefined || query.status === "active") &&
        (account === undefined || zone.accountId === account),
    );
    return sendPage(
      request,
      reply,
      found.map((zone) => zoneView(world, zone)),
      { default: 20, most: 50 },
    );
  });
  app.get("/zones/:zone", async (request) => success(zoneView(world, zoneOf(world, request))));
}

function accountView(account: Account) {
  const settings = { enforce_twofactor: false, api_access_enabled: null, access_approval_expiry: null };
  return { id: account.id, name: account.name, type: "standard", settings, created_on: epoch };
}

function zoneView(world: CloudflareWorld, zone: Zone) {
  const account = world.accounts.find((candidate) => candidate.id === zone.accountId);
  return {
    id: zone.id,
    name: zone.name,
    status: "active",
    paused: false,
    type: "full",
    development_mode: 0,
    name_servers: ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    created_on: epoch,
    modified_on: epoch,
    activated_on: epoch,
    meta: {
      step: 4,
      custom_certificate_quota: zone.plan === "business" ? 1 : 0,
      page_rule_quota: 3,
      phishing_detected: false,
      cdn_only: false,
      dns_only: false,
      foundation_dns: false,
    },
    owner: { id: null, type: "organization", name: null },
    account: { id: zone.accountId, name: account?.name },
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    permissions: ["#access:edit", "#dns_records:edit", "#waf:edit", "#zone:read", "#zone_settings:edit"],
    plan: {
      id: zone.plan,
      name: planNames[zone.plan],
      price: 0,
      currency: "USD",
      frequency: "",
      is_subscribed: zone.plan !== "free",
      can_subscribe: false,
      legacy_id: zone.plan,
      legacy_discount: false,
      externally_managed: false,
    },
  };
}
