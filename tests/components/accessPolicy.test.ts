import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { AccessPolicy, type AccessPolicyArgs } from "../../components/accessPolicy";
import { accessPolicyFaults } from "../../components/accessPolicyFaults";
import { gated } from "../../components/faults";
import { find, type Registered, register, resolved, urns } from "./mocks";

vi.mock("../../components/faults", async (original) => {
  const faults = await original<typeof import("../../components/faults")>();
  return { ...faults, gated: vi.fn(faults.gated) };
});

const accountId = "0123456789abcdef0123456789abcdef";
const groupType = "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup";
const tokenType = "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken";
const policyType = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy";

describe("AccessPolicy", () => {
  let registered: Registered[];
  let names: string[];
  let made: AccessPolicy;

  beforeAll(async () => {
    registered = await register(() => {
      made = new AccessPolicy("ana", {
        accountId,
        emails: ["ana@example.com"],
        emailDomains: ["example.com"],
        groups: ["11111111-2222-3333-4444-555555555555"],
        requireMfa: true,
        sessionDuration: "1h30m",
      });
    });
    names = urns();
  });

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      `creel:index:AccessPolicy$${groupType}::ana`,
      `creel:index:AccessPolicy$${policyType}::ana-allow`,
      "creel:index:AccessPolicy::ana",
    ]);
  });

  it("collects everybody in one group, one selector to an element", () => {
    expect(find(registered, groupType, "ana").inputs).toEqual({
      accountId,
      name: "creel-test-ana",
      includes: [
        { email: { email: "ana@example.com" } },
        { emailDomain: { domain: "example.com" } },
        { group: { id: "11111111-2222-3333-4444-555555555555" } },
      ],
    });
  });

  it("admits the group under the conditions", () => {
    expect(find(registered, policyType, "ana-allow").inputs).toEqual({
      accountId,
      name: "creel-test-ana",
      decision: "allow",
      includes: [{ group: { id: "ana-id" } }],
      requires: [{ authMethod: { authMethod: "mfa" } }],
      sessionDuration: "1h30m",
    });
  });

  it("gives the policy, not the group", async () => {
    expect(await resolved(made.policyIds)).toEqual(["ana-allow-id"]);
  });

  it("asks for nothing further by default, and for eight hours", async () => {
    const plain = await register(() => new AccessPolicy("ana", { accountId, emails: ["ana@example.com"] }));
    const { inputs } = find(plain, policyType, "ana-allow");
    expect(inputs).not.toHaveProperty("requires");
    expect(inputs.sessionDuration).toBe("8h");
  });

  it("takes one of several countries and logins through groups, and asks why", async () => {
    const id = "99999999-2222-3333-4444-555555555555";
    const args: AccessPolicyArgs = {
      accountId,
      emails: ["ana@example.com"],
      requireMfa: true,
      countries: ["DE", "CH"],
      identityProviders: [
        { id, type: "okta" },
        { id: pulumi.output(id.replace("9", "8")), type: "onetimepin" },
      ],
      purpose: "Why now?",
    };
    const found = await register(() => new AccessPolicy("ana", args));
    expect(urns()).toEqual([
      `creel:index:AccessPolicy$${groupType}::ana`,
      `creel:index:AccessPolicy$${groupType}::ana--countries`,
      `creel:index:AccessPolicy$${groupType}::ana--logins`,
      `creel:index:AccessPolicy$${policyType}::ana-allow`,
      "creel:index:AccessPolicy::ana",
    ]);
    expect(find(found, groupType, "ana--countries").inputs.includes).toEqual([
      { geo: { countryCode: "DE" } },
      { geo: { countryCode: "CH" } },
    ]);
    expect(find(found, groupType, "ana--logins").inputs.includes).toEqual([
      { loginMethod: { id } },
      { loginMethod: { id: id.replace("9", "8") } },
    ]);
    expect(find(found, policyType, "ana-allow").inputs).toMatchObject({
      requires: [
        { authMethod: { authMethod: "mfa" } },
        { group: { id: "ana--countries-id" } },
        { group: { id: "ana--logins-id" } },
      ],
      purposeJustificationRequired: true,
      purposeJustificationPrompt: "Why now?",
    });
  });

  it("lets programs in by their own tokens, each by its id, in a policy without people", async () => {
    const serviceTokens = {
      ci: {},
      node: { duration: "720h", rotation: 3, previousUntil: "2027-01-31T12:00:00Z" },
      old: { rotation: 2 },
    };
    const found = await register(() => {
      made = new AccessPolicy("ana", { accountId, emails: ["ana@example.com"], countries: ["DE"], serviceTokens });
    });
    expect(urns().filter((urn) => urn.includes(tokenType))).toEqual(
      ["ci", "node", "old"].map((token) => `creel:index:AccessPolicy$${tokenType}::ana--${token}`),
    );
    const token = (name: string) => find(found, tokenType, `ana--${name}`).inputs;
    expect(token("ci")).toEqual({ accountId, name: "creel-test-ana--ci", duration: "8760h" });
    expect(token("node")).toMatchObject({
      duration: "720h",
      clientSecretVersion: 3,
      previousClientSecretExpiresAt: "2027-01-31T12:00:00Z",
    });
    expect(token("old")).toMatchObject({
      clientSecretVersion: 2,
      previousClientSecretExpiresAt: "2020-01-01T00:00:00Z",
    });
    expect(find(found, policyType, "ana-programs").inputs).toEqual({
      accountId,
      name: "creel-test-ana--programs",
      decision: "non_identity",
      includes: ["ci", "node", "old"].map((name) => ({ serviceToken: { tokenId: `ana--${name}-id` } })),
      sessionDuration: "8h",
    });
    expect(await resolved(made.policyIds)).toEqual(["ana-allow-id", "ana-programs-id"]);
    const { clientId, clientSecret, expiresAt } = made.serviceTokens.ci!;
    expect(await Promise.all([clientId, expiresAt, clientSecret].map((output) => pulumi.isSecret(output)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("makes nothing when it refuses", async () => {
    const registered = await register(() => {
      expect(() => new AccessPolicy("ana", { accountId, emails: ["*"] })).toThrow(
        /^AccessPolicy ana has 1 fault; nothing was changed\n {2}emails\[0\] +"\*" would admit more than one person: /,
      );
    });
    expect(registered).toEqual([]);
  });
});

const ana = { emails: ["ana@example.com"] };

describe("what AccessPolicy refuses", () => {
  it("is a PIN and nothing else, and any other login and nothing else", () => {
    const told = (type: string) =>
      accessPolicyFaults({ identityProviders: [{ id: "99999999-2222-3333-4444-555555555555", type }] }).map(
        ({ path, reason }) => `${path} ${reason}`,
      );
    const missing = "emails is missing, and so is every other way in";
    const pin = "identityProviders would admit everyone by itself: anybody can have a one-time PIN sent";
    expect(told("onetimepin")).toEqual([missing, pin]);
    expect(told("google")).toEqual([missing, "identityProviders would admit everybody by itself who can log in there"]);
  });

  it.each<[string, Omit<AccessPolicyArgs, "accountId">, string]>([
    ["nobody at all", {}, "emails is missing, and so is every other way in"],
    ["empty lists", { emails: [], emailDomains: [], groups: [] }, "emails is missing, and so is every other way in"],
    ["everybody by pattern", { emails: ["*@example.com"] }, "emails[0] would admit more than one person"],
    ["two in one", { emails: ["a@example.com,b@example.com"] }, "emails[0] is not an address"],
    ["no address", { emails: ["ana"] }, "emails[0] is not an address"],
    [
      "a public mail service",
      { emailDomains: ["GMail.com"] },
      "emailDomains[0] would admit everyone: anybody can have an address there",
    ],
    ...[
      "yahoo.co.uk",
      "yahoo.com.br",
      "hotmail.fr",
      "outlook.de",
      "live.nl",
      "gmx.at",
      "yandex.com.tr",
      "aol.co.uk",
      "googlemail.com",
      "icloud.com",
      "proton.me",
      "protonmail.ch",
      "me.com",
    ].map((domain): [string, Omit<AccessPolicyArgs, "accountId">, string] => [
      domain,
      { emailDomains: [domain] },
      "emailDomains[0] would admit everyone: anybody can have an address there",
    ]),
    ["an empty address", { emails: [""] }, "emails[0] is not an address"],
    ["an empty domain", { emailDomains: [""] }, "emailDomains[0] is not a domain"],
    ["an empty group", { groups: [""] }, "groups[0] is not the id of an Access group"],
    ["a group's name", { groups: ["admins"] }, "groups[0] is not the id of an Access group"],
    ...["\u0430na@example.com", "ana\u200b@example.com", "ana\u202e@example.com", "ana@example.\u212aom"].map(
      (email): [string, Omit<AccessPolicyArgs, "accountId">, string] => [
        `an address that only looks right: ${JSON.stringify(email)}`,
        { emails: [email] },
        "emails[0] has characters that may look like others, or cannot be seen",
      ],
    ),
    ["an address with a NUL", { emails: ["\0ana@example.com"] }, "emails[0] is not an address"],
    ["a number", { emails: [7 as never] }, "emails[0] is not a text"],
    ["nothing in a list", { groups: [undefined as never] }, "groups[0] is not a text"],
    ["a text for a list", { emails: "ana@example.com" as never }, "emails is not a list"],
    ["every domain", { emailDomains: ["*.com"] }, "emailDomains[0] would admit everyone"],
    ["a top-level domain", { emailDomains: ["com"] }, "emailDomains[0] is not a domain"],
    [
      "an endless login",
      { emails: ["a@example.com"], sessionDuration: "721h" },
      "sessionDuration is not how long a login can last",
    ],
    [
      "a login without length",
      { emails: ["a@example.com"], sessionDuration: "" },
      "sessionDuration is not how long a login can last",
    ],
    ["everyone by that name", { emails: ["everyone"] }, "emails[0] would admit everyone"],
    [
      "more people than a group can name",
      {
        emails: Array.from({ length: 999 }, (_, i) => `a${i}@example.com`),
        emailDomains: ["example.com", "example.org"],
      },
      "emails has 1001 ways in together with emailDomains and groups, and Cloudflare takes 1000",
    ],
    ["no identity provider", { ...ana, identityProviders: [] }, "identityProviders is empty: nobody could log in"],
    [
      "no id of one",
      { ...ana, identityProviders: [{ id: "google", type: "google" }] },
      "identityProviders[0].id is not the id of an identity provider",
    ],
    [
      "a second factor of a PIN",
      { ...ana, requireMfa: true, identityProviders: [{ id: pulumi.output("later"), type: "onetimepin" }] },
      "requireMfa would admit nobody: a one-time PIN is never a second factor",
    ],
    [
      "a second factor that no provider tells of",
      { ...ana, requireMfa: true, identityProviders: [{ id: "99999999-2222-3333-4444-555555555555", type: "google" }] },
      "requireMfa would admit nobody: none of its identity providers tells Cloudflare of second factors",
    ],
    ["no country", { ...ana, countries: [] }, "countries is empty: nobody could be in any of them"],
    ["a country in small letters", { ...ana, countries: ["de"] }, "countries[0] is not a country"],
    ["a country that is none", { ...ana, countries: ["DE", "ZZ"] }, "countries[1] is not a country"],
    ["a country twice", { ...ana, countries: ["DE", "CH", "DE"] }, "countries[2] is there already"],
    ["an empty question", { ...ana, purpose: " " }, "purpose asks nothing"],
    ["a question of several lines", { ...ana, purpose: "Why?\nWhen?" }, "purpose asks nothing"],
    ["a token without a name", { ...ana, serviceTokens: { "": {} } }, "serviceTokens. is not a name"],
    [
      "a token called like a property",
      { ...ana, serviceTokens: { constructor: {} } as never },
      "serviceTokens.constructor is a name that every object has",
    ],
    [
      "a token for ever",
      { ...ana, serviceTokens: { ci: { duration: "forever" } } },
      "serviceTokens.ci.duration is not how long a token can last",
    ],
    [
      "a token for no time",
      { ...ana, serviceTokens: { ci: { duration: "0h" } } },
      "serviceTokens.ci.duration is not how long a token can last",
    ],
    [
      "a token for minutes",
      { ...ana, serviceTokens: { ci: { duration: "90m" } } },
      "serviceTokens.ci.duration is not how long a token can last",
    ],
    [
      "half a rotation",
      { ...ana, serviceTokens: { ci: { rotation: 1.5 } } },
      "serviceTokens.ci.rotation is not the number of a secret",
    ],
    [
      "an end of nothing",
      { ...ana, serviceTokens: { ci: { previousUntil: "2027-01-31T12:00:00Z" } } },
      "serviceTokens.ci.previousUntil has no meaning for a first secret: there is none before it",
    ],
    [
      "an end that is no time",
      { ...ana, serviceTokens: { ci: { rotation: 2, previousUntil: "2027-02-31T12:00:00Z" } } },
      "serviceTokens.ci.previousUntil is not a time",
    ],
    [
      "more tokens than an account has",
      { ...ana, serviceTokens: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, {}])) },
      "serviceTokens has 51 tokens, and an account has room for 50",
    ],
    ["days", { emails: ["a@example.com"], sessionDuration: "1d" }, "sessionDuration is not how long a login can last"],
  ])("%s", (_title, args, expected) => {
    expect(accessPolicyFaults(args).map(({ path, reason }) => `${path} ${reason}`)).toEqual([expected]);
  });

  it.each(["live.example.com", "liveagents.com", "gmx-fans.example.com", "proton.physics.example"])(
    "but not a domain of one's own: %s",
    (domain) => expect(accessPolicyFaults({ emailDomains: [domain] })).toEqual([]),
  );
});

describe("what AccessPolicy refuses once it is known", () => {
  const good: AccessPolicyArgs = {
    accountId,
    emails: [pulumi.output("ana@example.com"), Promise.resolve("bo@example.com")],
    emailDomains: [pulumi.output("example.com")],
    groups: [pulumi.output("11111111-2222-3333-4444-555555555555")],
    sessionDuration: pulumi.output("2h"),
  };

  it("is nothing of what is right", async () => {
    const registered = await register(() => new AccessPolicy("ana", good));
    expect(find(registered, groupType, "ana").inputs.includes).toEqual([
      { email: { email: "ana@example.com" } },
      { email: { email: "bo@example.com" } },
      { emailDomain: { domain: "example.com" } },
      { group: { id: "11111111-2222-3333-4444-555555555555" } },
    ]);
    expect(find(registered, policyType, "ana-allow").inputs.sessionDuration).toBe("2h");
  });

  it("is everything that would be refused in plain text", async () => {
    const wrong: AccessPolicyArgs = {
      accountId,
      emails: [pulumi.output("*@example.com"), Promise.resolve("")],
      emailDomains: [pulumi.secret("gmail.com")],
      groups: [pulumi.output("everyone"), pulumi.output(undefined as never)],
      sessionDuration: pulumi.output("1d"),
    };
    expect(accessPolicyFaults(wrong)).toEqual([]);
    // Let through unchecked, so that what the checks would say can be asked for.
    vi.mocked(gated)
      .mockClear()
      .mockImplementation((value) => value);
    await register(() => new AccessPolicy("ana", wrong));
    const said = vi
      .mocked(gated)
      .mock.calls.map(async ([value, check, subject]) =>
        check(await resolved(value)).map(({ path, reason }) => `${subject}: ${path} ${reason}`),
      );
    expect((await Promise.all(said)).flat()).toEqual([
      "AccessPolicy ana: emails[0] would admit more than one person",
      "AccessPolicy ana: emails[1] is not an address",
      "AccessPolicy ana: emailDomains[0] would admit everyone: anybody can have an address there",
      "AccessPolicy ana: groups[0] is not the id of an Access group",
      "AccessPolicy ana: groups[1] is not a text",
      "AccessPolicy ana: sessionDuration is not how long a login can last",
    ]);
  });
});
