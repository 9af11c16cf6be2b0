import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseBody } from "../errors";
import type { IdentityProvider } from "../model";
import { accountBehind, authDomain, type CloudflareWorld } from "../world";
import { accessRefusal, conflict, invalidRequest, registerAccess } from "./common";
import { refersTo } from "./selectors";

/** What each type of provider must be told. */
const requiredConfig: Record<string, string[]> = {
  onetimepin: [],
  azureAD: ["client_id", "client_secret", "directory_id"],
  centrify: ["client_id", "client_secret", "centrify_account", "centrify_app_id"],
  cloudflare: [],
  facebook: ["client_id", "client_secret"],
  github: ["client_id", "client_secret"],
  google: ["client_id", "client_secret"],
  "google-apps": ["client_id", "client_secret", "apps_domain"],
  linkedin: ["client_id", "client_secret"],
  oidc: ["client_id", "client_secret", "auth_url", "token_url", "certs_url"],
  okta: ["client_id", "client_secret", "okta_account"],
  onelogin: ["client_id", "client_secret", "onelogin_account"],
  pingone: ["client_id", "client_secret", "ping_env_id"],
  saml: ["issuer_url", "sso_target_url"],
  yandex: ["client_id", "client_secret"],
};

const body = z.object({
  name: z.string().min(1),
  type: z.enum(Object.keys(requiredConfig)),
  config: z.record(z.string(), z.unknown()),
  scim_config: z.record(z.string(), z.unknown()).nullish(),
});

/** Identity providers of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 50;

export function registerIdentityProviders(app: FastifyInstance, world: CloudflareWorld): void {
  const { state } = world;
  registerAccess(app, world, {
    collection: "access_identity_providers",
    path: "identity_providers",
    singular: "identity_provider",
    inZones: true,
    most,
    view: (provider) => providerView(world, provider),
    build: (given, owner, present) => {
      const { name, type, config, scim_config } = parseBody(body, given, accessRefusal);
      if (present && present.type !== type) throw invalidRequest("type cannot be changed");
      const others = Object.values(state.access_identity_providers).filter((other) => other.owner === owner);
      if (!present && type === "onetimepin" && others.some((other) => other.type === type)) {
        throw conflict("a onetimepin connection already exists");
      }
      // A secret left out of an update stays as it is.
      const missing = (requiredConfig[type] ?? []).filter(
        (key) => !config[key] && !(present && key === "client_secret"),
      );
      if (missing.length > 0) throw invalidRequest(`config.${missing[0]} is required for type ${type}`);
      const { client_secret: _, redirect_url: __, ...kept } = config;
      return {
        item: { name, type, config: dropNull(kept), scim_config: scim_config ? withoutSecret(scim_config) : null },
      };
    },
    refuseRemoval: (provider) => {
      const rules = [...Object.values(state.access_policies), ...Object.values(state.access_groups)];
      const allowed = Object.values(state.access_apps).some((application) =>
        (application.settings.allowed_idps as string[] | undefined)?.includes(provider.id),
      );
      if (allowed || rules.some((holder) => refersTo(holder, provider.id))) {
        throw conflict("identity provider is still in use");
      }
    },
  });
}

function providerView(world: CloudflareWorld, provider: IdentityProvider) {
  const { owner, config, scim_config, id, name, type } = provider;
  const redirect_url = `https://${authDomain(accountBehind(world, owner))}/cdn-cgi/access/callback`;
  return {
    id,
    name,
    type,
    config: { ...config, redirect_url },
    scim_config: scim_config ?? scimDefaults,
    read_only: false,
  };
}

const scimDefaults = {
  enabled: false,
  identity_update_behavior: "no_action",
  seat_deprovision: false,
  user_deprovision: false,
};

function withoutSecret({ secret: _, ...config }: Record<string, unknown>) {
  return config;
}

function dropNull(config: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}
