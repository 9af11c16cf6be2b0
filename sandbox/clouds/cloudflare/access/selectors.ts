import { z } from "zod";
import { hasHostBits, parseRange } from "../../addresses";
import type { AccessRule, AccessRules, CloudflareState, Owner } from "../model";
import { invalidRequest } from "./common";

const text = z.string().min(1);
const id = z.uuid("must be a UUID");
const provider = { identity_provider_id: id };

/** A network or an address; addresses become networks of one, as the API answers them. */
const network = z.string().transform((value, context) => {
  const whole = value.includes("/") ? value : `${value}/${value.includes(":") ? 128 : 32}`;
  if (!parseRange(whole) || hasHostBits(whole)) {
    context.addIssue({ code: "custom", message: "must be an address or a network in CIDR notation" });
  }
  return whole;
});

/** Parameters of every selector, by its wire name. */
const selectors = {
  any_valid_service_token: z.object({}),
  auth_context: z.object({ id: text, ac_id: text, ...provider }),
  auth_method: z.object({ auth_method: text }),
  azureAD: z.object({ id: text, ...provider }),
  certificate: z.object({}),
  cloudflare_account_member: z.object({ account_id: text.optional() }),
  common_name: z.object({ common_name: text }),
  device_posture: z.object({ integration_uid: id, account_id: text.optional() }),
  email: z.object({ email: z.email() }),
  email_domain: z.object({ domain: z.string().regex(/^([a-z0-9-]+\.)+[a-z0-9-]+$/i, "must be a domain") }),
  email_list: z.object({ id: text }),
  everyone: z.object({}),
  external_evaluation: z.object({ evaluate_url: z.url(), keys_url: z.url() }),
  geo: z.object({ country_code: z.string().regex(/^[A-Z]{2}$/, "must be a country code of two capital letters") }),
  "github-organization": z.object({ name: text, team: text.optional(), ...provider }),
  group: z.object({ id }),
  gsuite: z.object({ email: z.email(), ...provider }),
  ip: z.object({ ip: network }),
  ip_list: z.object({ id: text }),
  linked_app_token: z.object({ app_uid: id }),
  login_method: z.object({ id }),
  oidc: z.object({ claim_name: text, claim_value: text, ...provider }),
  okta: z.object({ name: text, ...provider }),
  saml: z.object({ attribute_name: text, attribute_value: text, ...provider }),
  service_token: z.object({ token_id: id }),
  user_risk_score: z.object({ user_risk_score: z.array(z.enum(["low", "medium", "high", "unscored"])).min(1) }),
};

/** Selectors that know who somebody is, which Bypass and Service Auth never learn. */
const identitySelectors = new Set([
  "auth_context",
  "auth_method",
  "azureAD",
  "cloudflare_account_member",
  "email",
  "email_domain",
  "email_list",
  "github-organization",
  "gsuite",
  "login_method",
  "oidc",
  "okta",
  "saml",
  "user_risk_score",
]);

/** Rules of one application or group, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const rulesPerObject = 1000;

const conditions = z.array(z.record(z.string(), z.unknown())).nullish();

/** `include`, `require` and `exclude` of groups and policies, as they come. */
export const rulesShape = { include: conditions, require: conditions, exclude: conditions };

type Given = { [K in keyof AccessRules]?: Record<string, unknown>[] | null };

/**
 * Checks the conditions of a group or policy: each exactly one known selector with its parameters, and everything they
 * refer to exists.
 *
 * @throws CloudflareError 400 / 12130
 */
export function checkedRules(state: CloudflareState, owner: Owner, given: Given): AccessRules {
  const part = (name: keyof AccessRules) =>
    (given[name] ?? []).map((rule, index) => checkedRule(state, owner, rule, `${name}[${index}]`));
  const rules = { include: part("include"), require: part("require"), exclude: part("exclude") };
  if (rules.include.length === 0) throw invalidRequest("at least one include rule is required");
  if (Object.values(rules).flat().length > rulesPerObject) {
    throw invalidRequest(`maximum number of rules has been reached (${rulesPerObject})`);
  }
  return rules;
}

/** The first selector of these rules that needs an identity, groups looked through. */
export function identitySelector(
  state: CloudflareState,
  rules: AccessRules,
  seen = new Set<string>(),
): string | undefined {
  for (const rule of Object.values(rules).flat() as AccessRule[]) {
    const [name = "", parameters = {}] = Object.entries(rule)[0] ?? [];
    if (identitySelectors.has(name)) return name;
    const group = name === "group" ? state.access_groups[String(parameters.id)] : undefined;
    if (!group || seen.has(group.id)) continue;
    const inside = identitySelector(state, pick(group), seen.add(group.id));
    if (inside) return inside;
  }
  return undefined;
}

/** Whether any of the rules refers to an object by its id. */
export function refersTo(rules: AccessRules, wanted: string): boolean {
  return [...rules.include, ...rules.require, ...rules.exclude].some((rule) =>
    Object.values(rule).some((parameters) =>
      [parameters.id, parameters.token_id, parameters.identity_provider_id].includes(wanted),
    ),
  );
}

function pick({ include, require, exclude }: AccessRules): AccessRules {
  return { include, require, exclude };
}

function checkedRule(state: CloudflareState, owner: Owner, rule: Record<string, unknown>, place: string): AccessRule {
  const named = Object.entries(rule).filter(([, parameters]) => parameters !== null && parameters !== undefined);
  const [name = "", parameters] = named[0] ?? [];
  if (named.length !== 1) throw invalidRequest(`${place} must have exactly one selector`);
  if (!Object.hasOwn(selectors, name)) throw invalidRequest(`${place}: unknown selector '${name}'`);
  const schema = selectors[name as keyof typeof selectors] as z.ZodType<Record<string, unknown>>;
  const result = schema.safeParse(dropNull(parameters));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalidRequest(`${place}.${[name, ...(issue?.path ?? [])].join(".")}: ${issue?.message}`);
  }
  refuseDangling(state, owner, name, result.data, place);
  return { [name]: result.data };
}

function refuseDangling(
  state: CloudflareState,
  owner: Owner,
  name: string,
  parameters: Record<string, unknown>,
  place: string,
): void {
  const exists = (items: Record<string, { owner: Owner }>, key: unknown) => items[String(key)]?.owner === owner;
  const missing =
    (name === "group" && !exists(state.access_groups, parameters.id) && "group") ||
    (name === "service_token" && !exists(state.access_service_tokens, parameters.token_id) && "service token") ||
    (name === "login_method" && !exists(state.access_identity_providers, parameters.id) && "identity provider") ||
    ("identity_provider_id" in parameters &&
      !exists(state.access_identity_providers, parameters.identity_provider_id) &&
      "identity provider");
  if (missing) throw invalidRequest(`${place}.${name}: ${missing} does not exist`);
}

function dropNull(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}
