import { beforeAll, describe, expect, it } from "vitest";
import { AccessPolicy, type AccessPolicyArgs, accessPolicyFaults } from "../../components/accessPolicy";
import { find, type Registered, register, resolved, urns } from "./mocks";

const accountId = "0123456789abcdef0123456789abcdef";
const groupType = "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup";
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

  it("makes nothing when it refuses", async () => {
    const registered = await register(() => {
      expect(() => new AccessPolicy("ana", { accountId, emails: ["*"] })).toThrow(
        /^AccessPolicy ana has 1 fault; nothing was changed\n {2}emails\[0\] +"\*" would admit more than one person: /,
      );
    });
    expect(registered).toEqual([]);
  });
});

describe("what AccessPolicy refuses", () => {
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
    ["days", { emails: ["a@example.com"], sessionDuration: "1d" }, "sessionDuration is not how long a login can last"],
  ])("%s", (_title, args, expected) => {
    expect(accessPolicyFaults(args).map(({ path, reason }) => `${path} ${reason}`)).toEqual([expected]);
  });
});
