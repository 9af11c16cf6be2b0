import { afterAll, beforeAll, describe, it } from "vitest";
import { account, TestAccount, zone } from "./account";
import { expectRefused, type Refused, refused } from "./refused";

let test: TestAccount;
const ids: Record<string, string> = {};
const access = (kind: string) => account(`/access/${kind}`);
const everyone = [{ everyone: {} }];
const nowhere = "00000000-0000-4000-8000-000000000000";

beforeAll(async () => {
  test = await new TestAccount().start();
  const made = async (kind: string, body: object) => (await test.make(access(kind), body)).id;
  ids.pin = await made("identity_providers", { name: "PIN", type: "onetimepin", config: {} });
  ids.github = await made("identity_providers", {
    name: "GitHub",
    type: "github",
    config: { client_id: "id", client_secret: "canary-idp-secret" },
  });
  ids.people = await made("groups", { name: "people", include: [{ email_domain: { domain: "example.com" } }] });
  ids.nested = await made("groups", { name: "nested", include: [{ group: { id: ids.people } }] });
  ids.policy = await made("policies", { name: "allow", decision: "allow", include: [{ group: { id: ids.nested } }] });
  ids.app = await made("apps", {
    name: "atlas",
    type: "self_hosted",
    domain: "atlas.example.com",
    policies: [ids.policy],
    allowed_idps: [ids.github],
  });
});
afterAll(() => test.stop());

const policy = (title: string, fields: object, expected: string) =>
  refused(
    title,
    `POST ${access("policies")}`,
    { name: "x", decision: "allow", include: everyone, ...fields },
    expected,
  );
const include = (title: string, rule: object, words: string) =>
  policy(title, { include: [rule] }, `400 12130: ${words}`);

const selectors: Refused[] = [
  include(
    "two in one rule",
    { everyone: {}, email: { email: "a@example.com" } },
    "include[0] must have exactly one selector",
  ),
  include("none in a rule", {}, "exactly one selector"),
  include("an unknown one", { telepathy: {} }, "unknown selector 'telepathy'"),
  include("one named like a method", { toString: {} }, "unknown selector 'toString'"),
  include("no parameters", { group: {} }, "group.id"),
  include("a group that is none", { group: { id: nowhere } }, "group does not exist"),
  include("a token that is none", { service_token: { token_id: nowhere } }, "service token does not exist"),
  include("a login method that is none", { login_method: { id: nowhere } }, "identity provider does not exist"),
  include(
    "an organisation of no provider",
    { "github-organization": { name: "acme", identity_provider_id: nowhere } },
    "does not exist",
  ),
  include("an address that is none", { ip: { ip: "300.1.1.1" } }, "ip"),
  include("a network with host bits", { ip: { ip: "198.51.100.7/24" } }, "ip"),
  include("a country in words", { geo: { country_code: "Germany" } }, "country_code"),
  include("an address without @", { email: { email: "ana" } }, "email"),
];

const policies: Refused[] = [
  policy("no includes", { include: [] }, "400 12130: at least one include"),
  policy("an unknown decision", { decision: "maybe" }, "400 12130: decision"),
  policy("a session in words", { session_duration: "a day" }, "400 12130: session_duration"),
  policy(
    "bypass by e-mail",
    { decision: "bypass", include: [{ email: { email: "a@example.com" } }] },
    "400 12130: email",
  ),
  policy(
    "bypass for a group of people",
    { decision: "bypass", include: [{ group: { id: "{nested}" } }] },
    "400 12130: email_domain",
  ),
  policy(
    "service auth by login",
    { decision: "non_identity", require: [{ login_method: { id: "{pin}" } }] },
    "400 12130: login_method",
  ),
  policy("approval by nobody", { approval_required: true }, "400 12130: approval_groups"),
  policy(
    "MFA that the organisation has not",
    { mfa_config: { allowed_authenticators: ["totp"] } },
    "400 12130: MFA to be enabled",
  ),
  refused(
    "an incomplete update",
    `PUT ${access("policies")}/{policy}`,
    { include: [{ group: {} }], session_duration: "10h" },
    "400 12130: name",
  ),
  refused(
    "deletion while attached",
    `DELETE ${access("policies")}/{policy}`,
    undefined,
    "409 12132: attached to 1 application",
  ),
  refused("an unknown policy", `GET ${access("policies")}/${nowhere}`, undefined, "404 11021"),
  refused("a zone's reusable policy", `POST ${zone("/access/policies")}`, { name: "x" }, "404 7003"),
];

const groups: Refused[] = [
  refused("no includes", `POST ${access("groups")}`, { name: "x", include: [] }, "400 12130"),
  refused(
    "a group in itself",
    `PUT ${access("groups")}/{people}`,
    { name: "people", include: [{ group: { id: "{people}" } }] },
    "400 12130: itself",
  ),
  refused("deletion while in a group", `DELETE ${access("groups")}/{people}`, undefined, "409 12132: in use"),
  refused("deletion while in a policy", `DELETE ${access("groups")}/{nested}`, undefined, "409 12132: in use"),
];

const app = (title: string, fields: object, expected: string) =>
  refused(
    title,
    `POST ${access("apps")}`,
    { name: "x", type: "self_hosted", domain: "x.example.com", ...fields },
    expected,
  );
const applications: Refused[] = [
  app("no name", { name: undefined }, "400 12130: name"),
  app("another type", { type: "saas" }, "400 12130: type"),
  app("no place", { domain: undefined }, "400 12130: domain or destinations"),
  app("another's zone", { domain: "x.other.org" }, "400 12130: domain does not belong to zone"),
  app("a scheme", { domain: "https://x.example.com" }, "400 12130: scheme"),
  app("a port", { domain: "x.example.com:80" }, "400 12130: port"),
  app("a query", { domain: "x.example.com/a?b" }, "400 12130: query"),
  app("two wildcards in a label", { domain: "*x*.example.com" }, "400 12130: one wildcard per label"),
  app("two wildcards in a segment", { domain: "x.example.com/*a*" }, "400 12130: one wildcard"),
  app(
    "six places",
    { domain: undefined, destinations: [..."abcdef"].map((l) => ({ uri: `${l}.example.com` })) },
    "400 12130: (5)",
  ),
  app("a place that is taken", { domain: "atlas.example.com" }, "409 12132: belongs to another application"),
  app("an unknown policy", { policies: [nowhere] }, "400 12130: policies[0]"),
  app("an unknown policy as an object", { policies: [{ id: nowhere, precedence: 1 }] }, "400 12130: does not exist"),
  app(
    "one precedence twice",
    { policies: [1, 1].map((precedence) => ({ id: "{policy}", precedence })) },
    "400 12130: policy precedences must be unique",
  ),
  app("an inline policy without rules", { policies: [{ name: "x", decision: "allow" }] }, "400 12130: include"),
  app("an unknown login method", { allowed_idps: [nowhere] }, "400 12130: allowed_idps"),
  app("a redirect to nothing", { auto_redirect_to_identity: true }, "400 12130: exactly one"),
  app(
    "CORS twice",
    { options_preflight_bypass: true, cors_headers: { allow_all_origins: true } },
    "400 12130: cors_headers",
  ),
  app("an unknown tag", { tags: ["fleet"] }, "400 12130: tag 'fleet'"),
  app("WARP without a session", { allow_authenticate_via_warp: true }, "400 12130: Warp Auth Session Duration"),
  refused("an incomplete update", `PUT ${access("apps")}/{app}`, { name: "atlas" }, "400 12130"),
];

const idp = (title: string, fields: object, expected: string) =>
  refused(title, `POST ${access("identity_providers")}`, { name: "x", config: {}, ...fields }, expected);
const others: Refused[] = [
  idp("a second one-time PIN", { type: "onetimepin" }, "409 12132: a onetimepin connection already exists"),
  idp("GitHub without a secret", { type: "github", config: { client_id: "x" } }, "400 12130: config.client_secret"),
  idp("an unknown type", { type: "carrier-pigeon" }, "400 12130: type"),
  refused("deleting a provider in use", `DELETE ${access("identity_providers")}/{github}`, undefined, "409 12132"),
  refused("a token without a name", `POST ${access("service_tokens")}`, {}, "400 12130: name"),
  refused(
    "a token for a while",
    `POST ${access("service_tokens")}`,
    { name: "x", duration: "a year" },
    "400 12130: duration",
  ),
  refused("a second organisation", `POST ${access("organizations")}`, { name: "x" }, "409 12132"),
  refused(
    "MFA of no kind",
    `PUT ${access("organizations")}`,
    { mfa_required_for_all_apps: true },
    "400 12130: mfa_config",
  ),
  refused(
    "a foreign team name",
    `PUT ${access("organizations")}`,
    { auth_domain: "acme.example.com" },
    "400 12130: auth_domain",
  ),
  refused(
    "a certificate that is none",
    `POST ${access("certificates")}`,
    { name: "x", certificate: "x" },
    "400 12130: PEM",
  ),
  refused("keys that never change", `PUT ${access("keys")}`, { key_rotation_interval_days: 1000 }, "400 12130"),
];

const all = { selectors, policies, groups, applications, others };
describe.each(Object.entries(all))("refused: %s", (_, rows) => {
  it.each(rows)("$title", (row) => expectRefused(test, row, ids));
});
