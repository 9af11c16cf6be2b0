import { describe, expect, it } from "vitest";
import { rightFields, schemaFaults } from "../../components/schema";
import { type IdentityProviders, tenantAccess, tenantFaults, tenantSchema } from "../../components/tenantSpec";

const providers: IdentityProviders = {
  google: { id: "11111111-2222-3333-4444-555555555555", type: "google" },
  entra: { id: "33333333-2222-3333-4444-555555555555", type: "azureAD" },
  pin: { id: "22222222-2222-3333-4444-555555555555", type: "onetimepin" },
};

const told = (tenant: unknown) =>
  tenantFaults({ ana: rightFields(tenantSchema, tenant) }, providers).map(({ path, reason }) => `${path} ${reason}`);

const ana = { emails: ["ana@example.com"] };

describe("a tenant", () => {
  it("is what an AccessPolicy takes", () => {
    const written = {
      ...ana,
      identityProviders: ["entra", "pin"],
      require: { mfa: true, countries: ["DE", "CH"] },
      session: "4h",
      purpose: "Why now?",
      serviceTokens: { ci: { duration: "720h", rotation: 2 } },
    };
    expect(schemaFaults(tenantSchema, written)).toEqual([]);
    expect(tenantAccess(tenantSchema.parse(written), providers)).toEqual({
      emails: ["ana@example.com"],
      emailDomains: [],
      groups: [],
      identityProviders: [providers.entra, providers.pin],
      requireMfa: true,
      countries: ["DE", "CH"],
      sessionDuration: "4h",
      purpose: "Why now?",
      serviceTokens: { ci: { duration: "720h", rotation: 2 } },
    });
    expect(told(written)).toEqual([]);
  });

  it("need not be more than who it is", () => {
    expect(tenantAccess(tenantSchema.parse(ana), {})).toMatchObject({ requireMfa: false, sessionDuration: "8h" });
    expect(told(ana)).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    [
      "an unknown identity provider",
      { ...ana, identityProviders: ["gogle"] },
      ["tenants.ana.identityProviders[0] is not an identity provider"],
    ],
    [
      "a second factor that a PIN never is",
      { ...ana, identityProviders: ["pin"], require: { mfa: true } },
      ["tenants.ana.require.mfa would admit nobody: a one-time PIN is never a second factor"],
    ],
    [
      "a PIN and nothing else",
      { identityProviders: ["pin"] },
      [
        "tenants.ana.emails is missing, and so is every other way in",
        "tenants.ana.identityProviders would admit everyone by itself: anybody can have a one-time PIN sent",
      ],
    ],
    [
      "countries that are none, or twice",
      { ...ana, require: { countries: ["UK", "DE", "DE"] } },
      ["tenants.ana.require.countries[0] is not a country", "tenants.ana.require.countries[2] is there already"],
    ],
    [
      "a token that lasts too long",
      { ...ana, serviceTokens: { ci: { duration: "9000h" } } },
      ["tenants.ana.serviceTokens.ci.duration is not how long a token can last"],
    ],
  ])("is refused with %s", (_title, tenant, expected) => expect(told(tenant)).toEqual(expected));

  it("is told which identity provider was meant", () => {
    const [fault] = tenantFaults({ ana: { ...ana, identityProviders: ["gogle"] } }, providers);
    expect(fault!.remedy).toBe("did you mean google? (identityProviders: google, entra, pin)");
  });
});

describe("tenants together", () => {
  it("have no more service tokens than an account", () => {
    const tokens = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, {}]));
    const two = (count: number) => ({
      ana: { ...ana, serviceTokens: tokens(30) },
      bo: { ...ana, serviceTokens: tokens(count) },
    });
    expect(tenantFaults(two(20), {})).toEqual([]);
    expect(tenantFaults(two(21), {}).map(({ path, reason }) => `${path} ${reason}`)).toEqual([
      "tenants have 51 service tokens, and an account has room for 50",
    ]);
  });

  it("call identity providers by names", () => {
    const faults = tenantFaults({}, { "Google!": providers.google! });
    expect(faults.map(({ path, reason }) => `${path} ${reason}`)).toEqual(["identityProviders.Google! is not a name"]);
  });
});
