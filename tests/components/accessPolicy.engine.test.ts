import { afterAll, beforeAll, expect, test } from "vitest";
import { isValidSecret } from "../../sandbox/clouds/cloudflare/access/serviceTokens";
import { ProgramStack } from "../plugins/stack";
import { accountId, type TestCloudflare, testCloudflare, use } from "./cloudflareStack";

let cloudflare: TestCloudflare;
let stack: ProgramStack;

beforeAll(async () => {
  cloudflare = await testCloudflare();
  stack = await ProgramStack.open(cloudflare.environment, ["cloudflare"]);
});
afterAll(async () => {
  await stack?.close();
  expect(Object.values(cloudflare.state).every((kind) => Object.keys(kind).length === 0)).toBe(true);
  await cloudflare?.api.close();
});

/** A tenant with everything there is, behind an application, and the account's identity providers beside it. */
const program = (changed = "{}") => `
  ${use("accessPolicy", "AccessPolicy")}
  const accountId = "${accountId}";
  const okta = new cloudflare.ZeroTrustAccessIdentityProvider("okta", { accountId, name: "okta", type: "okta", config: { clientId: "x", clientSecret: pulumi.secret("y"), oktaAccount: "https://acme.okta.com" } });
  const pin = new cloudflare.ZeroTrustAccessIdentityProvider("pin", { accountId, name: "pin", type: "onetimepin", config: {} });
  const policy = new AccessPolicy("ana", {
    accountId,
    emails: ["ana@example.com"],
    emailDomains: ["example.org"],
    identityProviders: [{ id: okta.id, type: "okta" }, { id: pin.id, type: "onetimepin" }],
    requireMfa: true,
    countries: ["DE", "CH"],
    purpose: "Why now?",
    serviceTokens: { ci: {} },
    ...${changed},
  });
  new cloudflare.ZeroTrustAccessApplication("atlas", {
    accountId, name: "atlas", type: "self_hosted", domain: "atlas.free.example",
    policies: policy.policyIds.apply((ids) => ids.map((id, i) => ({ id, precedence: i + 1 }))),
  });
  exports.tokens = policy.serviceTokens;
`;

interface Token {
  clientId: string;
  clientSecret: string;
  expiresAt: string;
}
const tokens = async () => (await stack.outputs()).tokens as Record<string, Token>;
const kept = (clientId: string) =>
  Object.values(cloudflare.state.access_service_tokens).find((token) => token.client_id === clientId)!;

test("who may come in is made, and settles", async () => {
  await stack.up(program());
  const policies = Object.values(cloudflare.state.access_policies);
  const groups = cloudflare.state.access_groups;
  const allow = policies.find(({ decision }) => decision === "allow")!;
  const required = allow.require.map((rule) => Object.entries(rule)[0]!);
  expect(required.map(([selector]) => selector)).toEqual(["auth_method", "group", "group"]);
  const alternatives = required
    .slice(1)
    .map(([, { id }]) => groups[String(id)]!.include.map((rule) => Object.keys(rule)[0]));
  expect(alternatives).toEqual([
    ["geo", "geo"],
    ["login_method", "login_method"],
  ]);
  expect(allow).toMatchObject({ session_duration: "8h", settings: { purpose_justification_prompt: "Why now?" } });
  const { ci } = await tokens();
  expect(policies.find(({ decision }) => decision === "non_identity")!.include).toEqual([
    { service_token: { token_id: kept(ci!.clientId).id } },
  ]);
  expect(isValidSecret(kept(ci!.clientId), ci!.clientSecret)).toBe(true);
  expect(Date.parse(ci!.expiresAt)).toBeGreaterThan(Date.now());
  const state = await stack.stateText();
  expect(state).toContain(ci!.clientId);
  expect(state).not.toContain(ci!.clientSecret);
  await stack.expectSettled();
});

test("a service token gets a new secret in place; the one before is taken as long as it was said, and not longer", async () => {
  const before = (await tokens()).ci!;
  const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
  cloudflare.writes();
  await stack.up(program(`{ serviceTokens: { ci: { rotation: 2, previousUntil: "${until}" } } }`));
  expect(cloudflare.writes()).toEqual([expect.stringMatching(/^PUT .*\/service_tokens\//)]);
  const second = (await tokens()).ci!;
  expect(second.clientId).toBe(before.clientId);
  expect(second.clientSecret).not.toBe(before.clientSecret);
  const valid = (secret: string) => isValidSecret(kept(second.clientId), secret);
  expect([valid(before.clientSecret), valid(second.clientSecret)]).toEqual([true, true]);
  await stack.expectSettled();

  await stack.up(program("{ serviceTokens: { ci: { rotation: 3 } } }"));
  const third = (await tokens()).ci!;
  expect([valid(before.clientSecret), valid(second.clientSecret), valid(third.clientSecret)]).toEqual([
    false,
    false,
    true,
  ]);
  await stack.expectSettled();
});

test("conditions come and go, and what is no longer in use goes with them", async () => {
  const less =
    "{ serviceTokens: {}, countries: undefined, identityProviders: undefined, requireMfa: false, purpose: undefined }";
  await stack.up(program(less));
  expect(Object.values(cloudflare.state.access_policies).map(({ decision, require }) => [decision, require])).toEqual([
    ["allow", []],
  ]);
  expect(Object.keys(cloudflare.state.access_groups)).toHaveLength(1);
  expect(Object.keys(cloudflare.state.access_service_tokens)).toEqual([]);
  await stack.expectSettled();
  await stack.up(program());
  await stack.expectSettled();
});
