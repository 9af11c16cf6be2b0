import { addressIn, parseRange } from "../../clouds/addresses";
import type { AccessRule, AccessRules, CloudflareState, ServiceToken } from "../../clouds/cloudflare/model";

/** Who somebody is, as an identity provider says. */
export interface Identity {
  /** In lower case. */
  email: string;
  provider: { id: string; type: string };
  groups: string[];
  claims: Record<string, string[]>;
  /** Methods of authentication, RFC 8176. */
  amr: string[];
}

/** Whom rules are asked about. */
export interface Asker {
  address: string;
  /** Two capital letters. */
  country: string;
  /** `kept` stands for somebody who logged in earlier: what was found about them then still holds. */
  identity: Identity | "kept" | undefined;
  serviceToken: ServiceToken | undefined;
}

type Parameters = Record<string, unknown>;

/** Selectors about the request itself, looked at anew each time. The edge asks nobody for a client certificate. */
const ofRequest: Record<string, (asker: Asker, parameters: Parameters) => boolean> = {
  everyone: () => true,
  ip: ({ address }, { ip }) => {
    const range = parseRange(String(ip));
    return range !== undefined && addressIn(range, address);
  },
  geo: ({ country }, { country_code }) => country === country_code,
  service_token: ({ serviceToken }, { token_id }) => serviceToken?.id === token_id,
  any_valid_service_token: ({ serviceToken }) => serviceToken !== undefined,
  certificate: () => false,
  common_name: () => false,
};

/** Selectors about a person, looked at when they log in. */
const ofIdentity: Record<string, (identity: Identity, parameters: Parameters) => boolean> = {
  email: ({ email }, wanted) => email === lower(wanted.email),
  email_domain: ({ email }, wanted) => email.slice(email.lastIndexOf("@") + 1) === lower(wanted.domain),
  login_method: ({ provider }, { id }) => provider.id === id,
  auth_method: ({ amr }, { auth_method }) => amr.includes(String(auth_method)),
  azureAD: (identity, wanted) => from(identity, wanted, "azureAD") && identity.groups.includes(String(wanted.id)),
  okta: (identity, wanted) => from(identity, wanted, "okta") && identity.groups.includes(String(wanted.name)),
  gsuite: (identity, wanted) =>
    from(identity, wanted, "google-apps", "google") && identity.groups.map(lower).includes(lower(wanted.email)),
  "github-organization": (identity, { name, team, ...wanted }) =>
    from(identity, wanted, "github") && identity.groups.includes(team ? `${name}/${team}` : String(name)),
  saml: (identity, wanted) =>
    from(identity, wanted, "saml") && claims(identity, wanted.attribute_name, wanted.attribute_value),
  oidc: (identity, wanted) => from(identity, wanted, "oidc") && claims(identity, wanted.claim_name, wanted.claim_value),
};

function lower(value: unknown): string {
  return String(value).toLowerCase();
}

function from({ provider }: Identity, { identity_provider_id }: Parameters, ...types: string[]): boolean {
  return provider.id === identity_provider_id && types.includes(provider.type);
}

function claims(identity: Identity, name: unknown, value: unknown): boolean {
  const key = String(name);
  return Object.hasOwn(identity.claims, key) && identity.claims[key]!.includes(String(value));
}

/**
 * Whether rules match: any of `include`, all of `require`, none of `exclude`.
 *
 * @param unknown what a condition counts as that the sandbox cannot look into, such as a device's posture: false for rules
 *   that admit, true for rules that keep out. Under `exclude` it is the other way round, so that not knowing never
 *   opens a door.
 */
export function rulesMatch(
  state: CloudflareState,
  rules: AccessRules,
  asker: Asker,
  unknown: boolean,
  within: string[] = [],
): boolean {
  const matches = (rule: AccessRule, counted: boolean) => ruleMatches(state, rule, asker, counted, within);
  return (
    rules.include.some((rule) => matches(rule, unknown)) &&
    rules.require.every((rule) => matches(rule, unknown)) &&
    !rules.exclude.some((rule) => matches(rule, !unknown))
  );
}

function ruleMatches(
  state: CloudflareState,
  rule: AccessRule,
  asker: Asker,
  unknown: boolean,
  within: string[],
): boolean {
  const [name = "", parameters = {}] = Object.entries(rule)[0] ?? [];
  if (name === "group") {
    const group = state.access_groups[String(parameters.id)];
    // A group inside itself says nothing.
    if (!group || within.includes(group.id)) return unknown;
    return rulesMatch(state, group, asker, unknown, [...within, group.id]);
  }
  if (Object.hasOwn(ofRequest, name)) return ofRequest[name]!(asker, parameters);
  if (!Object.hasOwn(ofIdentity, name) || asker.identity === undefined) return unknown;
  // Found at the login, when it spoke for the person.
  if (asker.identity === "kept") return !unknown;
  return ofIdentity[name]!(asker.identity, parameters);
}
