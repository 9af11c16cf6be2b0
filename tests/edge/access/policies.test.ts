import { describe, expect, it } from "vitest";
import type { AccessApplication, AccessPolicy, AccessRule } from "../../../sandbox/clouds/cloudflare/model";
import { emptyCloudflare } from "../../../sandbox/clouds/cloudflare/server";
import { admission, policyWithoutLogin } from "../../../sandbox/edge/access/policies";
import { type Asker, type Identity, rulesMatch } from "../../../sandbox/edge/access/selectors";

const ana: Identity = {
  email: "ana@example.com",
  provider: { id: "idp-1", type: "oidc" },
  groups: [],
  claims: { team: ["crew", "ops"] },
  amr: ["pwd", "mfa"],
};
const from = (type: string, groups: string[], id = "idp-1"): Identity => ({ ...ana, provider: { id, type }, groups });
const asker: Asker = { address: "203.0.113.9", country: "DE", identity: ana, serviceToken: undefined };
const idp = { identity_provider_id: "idp-1" };
const rules = (include: AccessRule[], require: AccessRule[] = [], exclude: AccessRule[] = []) => ({
  include,
  require,
  exclude,
});
const state = emptyCloudflare();
const matches = (rule: AccessRule, who: Partial<Asker> = {}) =>
  rulesMatch(state, rules([rule]), { ...asker, ...who }, false);

describe("selectors", () => {
  it.each<[string, AccessRule, Partial<Asker>, Partial<Asker>]>([
    ["email", { email: { email: "Ana@example.com" } }, {}, { identity: { ...ana, email: "xana@example.com" } }],
    ["domain", { email_domain: { domain: "example.com" } }, {}, { identity: { ...ana, email: "a@notexample.com" } }],
    ["subdomain", { email_domain: { domain: "example.com" } }, {}, { identity: { ...ana, email: "a@x.example.com" } }],
    [
      "quoted domain",
      { email_domain: { domain: "example.com" } },
      {},
      { identity: { ...ana, email: '"a@example.com"@evil.test' } },
    ],
    ["network", { ip: { ip: "203.0.113.0/24" } }, {}, { address: "203.0.114.9" }],
    ["network of IPv6", { ip: { ip: "2001:db8::/32" } }, { address: "2001:db8::1" }, { address: "2001:db9::1" }],
    ["country", { geo: { country_code: "DE" } }, {}, { country: "US" }],
    ["login method", { login_method: { id: "idp-1" } }, {}, { identity: from("oidc", [], "idp-2") }],
    ["second factor", { auth_method: { auth_method: "mfa" } }, {}, { identity: { ...ana, amr: ["pwd"] } }],
    ["claim", { oidc: { claim_name: "team", claim_value: "ops", ...idp } }, {}, { identity: from("saml", []) }],
    [
      "claim of another name",
      { oidc: { claim_name: "team", claim_value: "ops", ...idp } },
      {},
      { identity: { ...ana, claims: { constructor: ["ops"] } } },
    ],
    [
      "GitHub organisation",
      { "github-organization": { name: "acme", ...idp } },
      { identity: from("github", ["acme"]) },
      { identity: from("github", ["acme"], "idp-2") },
    ],
    [
      "GitHub team",
      { "github-organization": { name: "acme", team: "ops", ...idp } },
      { identity: from("github", ["acme/ops"]) },
      { identity: from("github", ["acme"]) },
    ],
    [
      "Entra group",
      { azureAD: { id: "g1", ...idp } },
      { identity: from("azureAD", ["g1"]) },
      { identity: from("okta", ["g1"]) },
    ],
    [
      "Okta group",
      { okta: { name: "g", ...idp } },
      { identity: from("okta", ["g"]) },
      { identity: from("okta", ["G"]) },
    ],
    [
      "Google group",
      { gsuite: { email: "ops@example.com", ...idp } },
      { identity: from("google-apps", ["Ops@example.com"]) },
      { identity: from("google-apps", []) },
    ],
  ])("%s", (_, rule, inside, outside) => {
    expect(matches(rule, inside)).toBe(true);
    expect(matches(rule, outside)).toBe(false);
    expect(matches(rule, { ...inside, identity: undefined })).toBe(
      ["ip", "geo"].includes(Object.keys(rule)[0]!), // nobody has logged in yet
    );
  });
});

describe("rules", () => {
  const email = { email: { email: "ana@example.com" } };
  const posture = { device_posture: { integration_uid: "x" } };

  it("any of include, all of require, none of exclude", () => {
    const here = { geo: { country_code: "DE" } };
    const there = { geo: { country_code: "US" } };
    const check = (...parts: AccessRule[][]) => rulesMatch(state, rules(...(parts as [AccessRule[]])), asker, false);
    expect(check([there, email])).toBe(true);
    expect(check([email], [here])).toBe(true);
    expect(check([email], [here, there])).toBe(false);
    expect(check([email], [], [here])).toBe(false);
    expect(check([email], [], [there])).toBe(true);
    expect(check([], [here])).toBe(false);
  });

  it("what cannot be known never admits, and always keeps out", () => {
    const check = (unknown: boolean, ...parts: AccessRule[][]) =>
      rulesMatch(state, rules(...(parts as [AccessRule[]])), asker, unknown);
    for (const rule of [posture, { email_list: { id: "x" } }, { constructor: {} }, { group: { id: "gone" } }, {}]) {
      const unknown = rule as AccessRule;
      expect(check(false, [unknown])).toBe(false);
      expect(check(false, [email], [unknown])).toBe(false);
      expect(check(false, [email], [], [unknown])).toBe(false);
      expect(check(true, [unknown])).toBe(true); // of a Block policy
      expect(check(true, [email], [], [unknown])).toBe(true);
    }
  });

  it("groups have rules of their own, at any depth", () => {
    const group = (id: string, parts: ReturnType<typeof rules>) => ({
      [id]: { ...parts, id, name: id, is_default: false, owner: "accounts/a", created_at: "", updated_at: "" } as const,
    });
    const nested = {
      ...emptyCloudflare(),
      access_groups: {
        ...group("countries", rules([{ geo: { country_code: "DE" } }, { geo: { country_code: "PT" } }])),
        ...group("crew", rules([email], [{ group: { id: "countries" } }], [{ ip: { ip: "203.0.113.66/32" } }])),
        ...group("postured", rules([email], [], [posture])),
        ...group("circle", rules([{ group: { id: "circle" } }])),
      },
    };
    const check = (who: Partial<Asker>, ...parts: AccessRule[][]) =>
      rulesMatch(nested, rules(...(parts as [AccessRule[]])), { ...asker, ...who }, false);
    const crew = { group: { id: "crew" } };
    expect(check({}, [crew])).toBe(true);
    expect(check({ country: "PT" }, [crew])).toBe(true);
    expect(check({ country: "US" }, [crew])).toBe(false);
    expect(check({ address: "203.0.113.66" }, [crew])).toBe(false);
    expect(check({}, [email], [], [crew])).toBe(false);
    expect(check({}, [{ group: { id: "postured" } }])).toBe(false);
    expect(check({}, [email], [], [{ group: { id: "postured" } }])).toBe(false);
    expect(check({}, [{ group: { id: "circle" } }])).toBe(false);
  });
});

describe("policies", () => {
  const policy = (
    id: string,
    decision: AccessPolicy["decision"],
    include: AccessRule[],
    settings = {},
  ): AccessPolicy => ({
    id,
    name: id,
    decision,
    ...rules(include),
    owner: "accounts/a",
    reusable: true,
    session_duration: "24h",
    settings,
    created_at: "",
    updated_at: "",
  });
  const email = { email: { email: "ana@example.com" } };
  const everyone = { everyone: {} };
  const withPolicies = (...policies: AccessPolicy[]) => {
    const world = { state: emptyCloudflare(), accounts: [], zones: [] };
    world.state.access_policies = Object.fromEntries(policies.map((entry) => [entry.id, entry]));
    // Listed backwards: precedence decides.
    const attached = policies.map(({ id }, index) => ({ id, precedence: index + 1 })).reverse();
    return { world, application: { policies: attached, settings: {} } as unknown as AccessApplication };
  };
  const decide = (...policies: AccessPolicy[]) => {
    const { world, application } = withPolicies(...policies);
    const result = admission(world, application, asker);
    return "admitted" in result ? result.admitted.id : result.refused;
  };

  it("the first Allow or Block that matches decides", () => {
    expect(decide(policy("a", "allow", [email]), policy("b", "deny", [everyone]))).toBe("a");
    expect(decide(policy("b", "deny", [everyone]), policy("a", "allow", [email]))).toContain("blocked");
    expect(decide(policy("a", "allow", [{ geo: { country_code: "US" } }]))).toBe("no policy admits");
    expect(decide()).toBe("no policy admits");
  });

  it("what the sandbox cannot do admits nobody", () => {
    const posture = { device_posture: { integration_uid: "x" } };
    expect(decide(policy("b", "deny", [posture]), policy("a", "allow", [email]))).toContain("blocked");
    expect(decide(policy("a", "allow", [email], { approval_required: true }))).toContain("approver");
    expect(decide(policy("a", "allow", [email], { isolation_required: true }))).toContain("browser");
  });

  it("Service Auth and Bypass go first, in their own order", () => {
    const all = [
      policy("a", "allow", [everyone]),
      policy("b", "deny", [everyone]),
      policy("c", "non_identity", [{ geo: { country_code: "DE" } }]),
      policy("d", "bypass", [everyone]),
    ];
    const { world, application } = withPolicies(...all);
    expect(policyWithoutLogin(world, application, asker)?.id).toBe("c");
    expect(policyWithoutLogin(world, application, { ...asker, country: "US" })?.id).toBe("d");
  });
});
