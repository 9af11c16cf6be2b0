import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { hexId, success, timestamp, withoutNull } from "../envelope";
import { parseBody } from "../errors";
import type { AccessApplication, Owner } from "../model";
import { accountBehind, type CloudflareWorld, ownerOf } from "../world";
import {
  accessRefusal,
  conflict,
  duration,
  invalidRequest,
  mfaConfig,
  refuseMfaWithoutOrganization,
  registerAccess,
  unknown,
} from "./common";
import { checkedDestinations } from "./destinations";
import { checkedPolicy, policyView } from "./policies";

const flag = z.boolean().nullish();
const policyEntry = z.union([
  z.string(),
  z.looseObject({ id: z.string().nullish(), precedence: z.number().int().min(1).nullish() }),
]);

const body = z.object({
  name: z.string().min(1),
  type: z.enum(["self_hosted", "ssh", "vnc", "rdp"], "only self_hosted, ssh, vnc and rdp applications are available"),
  domain: z.string().nullish(),
  self_hosted_domains: z.array(z.string()).nullish(),
  destinations: z.array(z.looseObject({ type: z.string().nullish(), uri: z.string().nullish() })).nullish(),
  policies: z.array(policyEntry).nullish(),
  session_duration: duration.nullish(),
  allowed_idps: z.array(z.uuid()).nullish(),
  auto_redirect_to_identity: flag,
  app_launcher_visible: flag,
  enable_binding_cookie: flag,
  http_only_cookie_attribute: flag,
  same_site_cookie_attribute: z.enum(["none", "lax", "strict"]).nullish(),
  path_cookie_attribute: flag,
  options_preflight_bypass: flag,
  service_auth_401_redirect: flag,
  skip_interstitial: flag,
  allow_iframe: flag,
  allow_authenticate_via_warp: flag,
  use_clientless_isolation_app_launcher_url: flag,
  eager_redirect_cookie_setting: flag,
  read_service_tokens_from_header: z.string().nullish(),
  cors_headers: z.record(z.string(), z.unknown()).nullish(),
  custom_deny_message: z.string().nullish(),
  custom_deny_url: z.string().nullish(),
  custom_non_identity_deny_url: z.string().nullish(),
  custom_pages: z.array(z.string()).nullish(),
  logo_url: z.string().nullish(),
  mfa_config: mfaConfig.nullish(),
  tags: z.array(z.string()).nullish(),
});
type Wanted = z.output<typeof body>;

/** Applications of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 500;

/** What a self-hosted application is like where nothing else was said. */
const defaults = {
  session_duration: "24h",
  app_launcher_visible: true,
  http_only_cookie_attribute: true,
  auto_redirect_to_identity: false,
  enable_binding_cookie: false,
  options_preflight_bypass: false,
  service_auth_401_redirect: false,
  skip_interstitial: false,
  allow_iframe: false,
  path_cookie_attribute: false,
  allowed_idps: [],
  tags: [],
};

export function registerApplications(app: FastifyInstance, world: CloudflareWorld): void {
  const { state } = world;
  registerAccess(app, world, {
    collection: "access_apps",
    path: "apps",
    singular: "application",
    inZones: true,
    most,
    view: (application) => applicationView(world, application),
    build: (given, owner, present) => {
      const { name, type, domain, self_hosted_domains, destinations, policies, ...rest } = parseBody(
        body,
        given,
        accessRefusal,
      );
      const places = checkedDestinations(world, accountBehind(world, owner).id, {
        domain,
        self_hosted_domains,
        destinations,
      });
      refuseTakenPlaces(world, places, present?.id);
      checkSettings(world, owner, rest);
      const item = {
        aud: present?.aud ?? hexId(32),
        name,
        type,
        domain: domain ?? (places[0]?.uri as string),
        destinations: places,
        policies: attachedPolicies(world, owner, policies ?? [], present),
        settings: { ...defaults, ...withoutNull(rest) },
      };
      return { item };
    },
    removed: (application) => {
      dropOwnPolicies(world, application.policies);
      delete state.access_revocations[application.aud];
    },
  });

  for (const owner of ["/accounts/:account", "/zones/:zone"]) {
    app.post(`${owner}/access/apps/:id/revoke_tokens`, async (request, reply) => {
      const application = state.access_apps[(request.params as { id: string }).id];
      if (application?.owner !== ownerOf(world, request)) throw unknown("application");
      state.access_revocations[application.aud] = timestamp();
      return reply.status(202).send(success({}));
    });
  }

  app.get("/accounts/:account/access/apps/:id/policies", async (request) => {
    const { account, id } = request.params as { account: string; id: string };
    const application = state.access_apps[id];
    const shown = application?.owner === `accounts/${account}` ? applicationView(world, application).policies : [];
    return { result: shown, success: true, errors: [], messages: [] };
  });
}

function applicationView(world: CloudflareWorld, application: AccessApplication) {
  const { owner: _, settings, policies, ...shown } = application;
  return {
    ...shown,
    ...settings,
    uid: application.id,
    self_hosted_domains: application.destinations.map((place) => place.uri),
    policies: policies.flatMap(({ id, precedence }) => {
      const policy = world.state.access_policies[id];
      return policy ? [{ ...policyView(world, policy), precedence }] : [];
    }),
  };
}

function refuseTakenPlaces(world: CloudflareWorld, places: { uri: string }[], except?: string): void {
  for (const other of Object.values(world.state.access_apps)) {
    if (other.id === except) continue;
    const taken = places.find(({ uri }) => other.destinations.some((place) => place.uri === uri));
    if (taken) throw conflict(`${taken.uri}: destination belongs to another application`);
  }
}

function checkSettings(world: CloudflareWorld, owner: Owner, wanted: Partial<Wanted>): void {
  const providers = wanted.allowed_idps ?? [];
  const missing = providers.find((id) => world.state.access_identity_providers[id]?.owner !== owner);
  if (missing) throw invalidRequest(`allowed_idps: identity provider ${missing} does not exist`);
  if (wanted.auto_redirect_to_identity && providers.length !== 1) {
    throw invalidRequest("auto_redirect_to_identity requires exactly one entry in allowed_idps");
  }
  if (wanted.options_preflight_bypass && wanted.cors_headers) {
    throw invalidRequest("options_preflight_bypass cannot be set together with cors_headers");
  }
  if (wanted.tags?.length) throw invalidRequest(`tags: tag '${wanted.tags[0]}' does not exist`);
  if (wanted.allow_authenticate_via_warp && !world.state.organizations[owner]?.warp_auth_session_duration) {
    throw invalidRequest(
      "allow_authenticate_via_warp cannot be set if the Warp Auth Session Duration is not set for the account",
    );
  }
  refuseMfaWithoutOrganization(world, owner, wanted.mfa_config);
}

/** Attaches reusable policies by id and keeps inline ones as the application's own. */
function attachedPolicies(
  world: CloudflareWorld,
  owner: Owner,
  entries: NonNullable<Wanted["policies"]>,
  present: AccessApplication | undefined,
): AccessApplication["policies"] {
  const objects = entries.map((entry) => (typeof entry === "string" ? { id: entry } : entry));
  const checked = objects.map((entry, index) => {
    const precedence = (entry as { precedence?: number | null }).precedence ?? index + 1;
    const known = entry.id ? world.state.access_policies[entry.id] : undefined;
    if (known?.reusable && known.owner === owner) return { precedence, id: known.id };
    if (entry.id && !("decision" in entry)) {
      throw invalidRequest(`policies[${index}]: policy ${entry.id} does not exist`);
    }
    return { precedence, own: checkedPolicy(world, owner, entry) };
  });
  if (new Set(checked.map((entry) => entry.precedence)).size !== checked.length) {
    throw invalidRequest("policy precedences must be unique");
  }
  const before = present?.policies ?? [];
  dropOwnPolicies(world, before);
  return checked
    .map((entry, index) => {
      if ("id" in entry) return { id: entry.id as string, precedence: entry.precedence };
      const now = timestamp();
      const id = (objects[index]?.id as string | undefined) ?? randomUUID();
      world.state.access_policies[id] = { ...entry.own, id, owner, reusable: false, created_at: now, updated_at: now };
      return { id, precedence: entry.precedence };
    })
    .sort((a, b) => a.precedence - b.precedence);
}

function dropOwnPolicies(world: CloudflareWorld, policies: AccessApplication["policies"]): void {
  for (const { id } of policies) {
    if (world.state.access_policies[id]?.reusable === false) delete world.state.access_policies[id];
  }
}
