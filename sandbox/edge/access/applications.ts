import { organizationOf } from "../../clouds/cloudflare/access/organization";
import type { AccessApplication, AccessPolicy, Account, IdentityProvider } from "../../clouds/cloudflare/model";
import { accountBehind, type CloudflareWorld } from "../../clouds/cloudflare/world";
import { bySpecificity, covers, coversHost } from "./places";

/** What of an organisation's settings the edge acts on. */
export interface Organization {
  auth_domain: string;
  session_duration: string;
  deny_unmatched_requests: boolean;
  deny_unmatched_requests_exempted_zone_names?: string[];
  strict_service_token_auth?: boolean;
  mfa_required_for_all_apps?: boolean;
  mfa_config?: MfaConfig;
}

/** Settings of the second factor that Access itself asks for. */
export interface MfaConfig {
  allowed_authenticators?: string[] | null;
  mfa_disabled?: boolean | null;
  session_duration?: string | null;
}

/** What of an application's settings the edge acts on. */
export interface ApplicationSettings {
  session_duration: string;
  allowed_idps: string[];
  auto_redirect_to_identity: boolean;
  http_only_cookie_attribute: boolean;
  same_site_cookie_attribute?: "none" | "lax" | "strict";
  path_cookie_attribute: boolean;
  enable_binding_cookie: boolean;
  options_preflight_bypass: boolean;
  service_auth_401_redirect: boolean;
  read_service_tokens_from_header?: string;
  custom_deny_message?: string;
  custom_deny_url?: string;
  mfa_config?: MfaConfig;
}

export function settingsOf(application: AccessApplication): ApplicationSettings {
  return application.settings as unknown as ApplicationSettings;
}

export function organizationOfAccount(world: CloudflareWorld, account: Account): Organization {
  return organizationOf(world, `accounts/${account.id}`) as unknown as Organization;
}

/** The account whose team has a hostname, such as `acme.cloudflareaccess.com`. */
export function accountOfTeam(world: CloudflareWorld, domain: string): Account | undefined {
  return world.accounts.find((account) => organizationOfAccount(world, account).auth_domain === domain);
}

/** The applications of an account and of its zones. */
function applicationsOf(world: CloudflareWorld, account: Account): AccessApplication[] {
  return Object.values(world.state.access_apps).filter(({ owner }) => accountBehind(world, owner)?.id === account.id);
}

/** Whether any application of the account stands before a hostname, or a part of it. */
export function hasApplication(world: CloudflareWorld, account: Account, host: string): boolean {
  return applicationsOf(world, account).some((application) =>
    application.destinations.some(({ uri }) => coversHost(uri, host)),
  );
}

/** The application that a request is for: of those that cover it the most specific, which inherits nothing. */
export function applicationFor(
  world: CloudflareWorld,
  account: Account,
  host: string,
  path: string,
): { application: AccessApplication; uri: string } | undefined {
  return applicationsOf(world, account)
    .flatMap((application) => application.destinations.map(({ uri }) => ({ application, uri })))
    .filter(({ uri }) => covers(uri, host, path))
    .sort((a, b) => bySpecificity(a.uri, b.uri))[0];
}

/** An account's application by its audience tag, if it stands before the hostname. */
export function applicationByAudience(
  world: CloudflareWorld,
  account: Account,
  audience: string,
  host: string,
): AccessApplication | undefined {
  return applicationsOf(world, account).find(
    ({ aud, destinations }) => aud === audience && destinations.some(({ uri }) => coversHost(uri, host)),
  );
}

/** The application's policies, in order. */
export function policiesOf(world: CloudflareWorld, application: AccessApplication): AccessPolicy[] {
  return [...application.policies]
    .sort((a, b) => a.precedence - b.precedence)
    .flatMap(({ id }) => world.state.access_policies[id] ?? []);
}

/** One-time PINs, which an organisation has from the start, while it has set up no provider. */
const initialProvider = { id: "", name: "One-time PIN", type: "onetimepin" } as const;

export type Provider = Pick<IdentityProvider, "id" | "name" | "type"> & { config?: Record<string, unknown> };

/** The identity providers by which one may log in to an application. */
export function providersFor(world: CloudflareWorld, account: Account, application: AccessApplication): Provider[] {
  const all = Object.values(world.state.access_identity_providers).filter(
    ({ owner }) => accountBehind(world, owner)?.id === account.id,
  );
  if (all.length === 0) return [initialProvider];
  const allowed = settingsOf(application).allowed_idps;
  return allowed.length === 0 ? all : all.filter(({ id }) => allowed.includes(id));
}
