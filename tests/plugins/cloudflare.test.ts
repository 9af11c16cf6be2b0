import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/cloudflare";
import { CloudflareClient } from "../../sandbox/plugins/cloudflare/client";
import { facts } from "../../sandbox/plugins/cloudflare/facts";
import { parseImportId } from "../../sandbox/plugins/cloudflare/restResource";
import { documentFromWire, documentToWire, wireName } from "../../sandbox/plugins/cloudflare/wire";
import type { ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { resourceRoot } from "../../sandbox/plugins/framework/table";
import { ProviderClient } from "./client";
import { type Asked, FakeApi, type Reply } from "./fakeApi";

const token = "A".repeat(40);
const accountId = "0123456789abcdef0123456789abcdef";
const signal = new AbortController().signal;
const typeToken = (type: string) => `cloudflare:index/${type[0]!.toLowerCase()}${type.slice(1)}:${type}`;

describe("the API client", () => {
  let api: FakeApi;
  afterEach(() => api.stop());

  const start = async (answer: (asked: Asked, count: number) => Reply) => {
    api = await FakeApi.start(answer);
    return new CloudflareClient({ baseUrl: `${api.url}/client/v4`, credentials: { authorization: `Bearer ${token}` } });
  };

  test("gives the result inside the envelope, and nothing for an empty answer", async () => {
    const client = await start(({ method }) =>
      method === "GET" ? { body: { success: true, result: { id: "1" } } } : { status: 204 },
    );
    expect(await client.send("GET", "/x", signal)).toEqual({ id: "1" });
    expect(await client.send("DELETE", "/x", signal)).toBeUndefined();
    expect(api.asked[0]).toMatchObject({ url: "/client/v4/x", authorization: `Bearer ${token}` });
  });

  test("believes the status, not the envelope", async () => {
    const client = await start(() => ({ body: { success: false, result: { id: "1" } } }));
    expect(await client.send("GET", "/x", signal)).toEqual({ id: "1" });
  });

  test.each([408, 409, 429, 500, 503])("repeats after %i unless it is told not to", async (status) => {
    const again = { status, headers: { "retry-after-ms": "1" }, body: {} };
    const client = await start((_asked, count) => (count < 3 ? again : { body: { result: 1 } }));
    expect(await client.send("POST", "/x", signal, {})).toBe(1);
    expect(api.asked).toHaveLength(3);
  });

  test("x-should-retry decides over the status", async () => {
    const errors = [{ code: 1013, message: "You already have a tunnel with this name." }];
    const client = await start(() => ({ status: 409, headers: { "x-should-retry": "false" }, body: { errors } }));
    await expect(client.send("POST", "/x", signal, {})).rejects.toThrow(
      /failed to make http request: POST "http:.*\/client\/v4\/x": 409 Conflict .*1013/,
    );
    expect(api.asked).toHaveLength(1);
  });

  test("other errors are final", async () => {
    const client = await start(() => ({ status: 404, body: {} }));
    await expect(client.send("GET", "/x", signal)).rejects.toMatchObject({ status: 404 });
    expect(api.asked).toHaveLength(1);
  });
});

describe("names on the wire", () => {
  test.each([
    ["includes", "include"],
    ["azureAd", "azureAD"],
    ["githubOrganization", "github-organization"],
    ["anyValidServiceToken", "any_valid_service_token"],
    ["serviceAuth401Redirect", "service_auth_401_redirect"],
    ["allowedIdps", "allowed_idps"],
    ["ipv4Only", "ipv4_only"],
    ["l4Protocol", "l4_protocol"],
    ["aisearch", "aisearch"],
  ])("%s is %s", (property, wire) => expect(wireName(property, "snake")).toBe(wire));

  test("a policy there and back", () => {
    const root = resourceRoot(facts, typeToken("ZeroTrustAccessPolicy"), "inputs")!;
    const props = {
      name: "allow",
      decision: "allow",
      includes: [{ githubOrganization: { name: "acme", identityProviderId: "i" } }, { everyone: {} }],
      mfaConfig: { allowedAuthenticators: ["totp"] },
    };
    const wire = {
      name: "allow",
      decision: "allow",
      include: [{ "github-organization": { name: "acme", identity_provider_id: "i" } }, { everyone: {} }],
      mfa_config: { allowed_authenticators: ["totp"] },
    };
    expect(documentToWire(props, root, "snake")).toEqual(wire);
    expect(documentFromWire({ ...wire, require: null, uid: "x" }, root, "snake")).toEqual(props);
  });

  test("a tunnel's configuration keeps its own spelling", () => {
    const root = resourceRoot(facts, typeToken("ZeroTrustTunnelCloudflaredConfig"), "outputs")!;
    const originRequest = { noTlsVerify: true, matchSnItoHost: true, http2Origin: true, access: { audTags: ["a"] } };
    const config = { ingresses: [{ service: "http://a", originRequest }] };
    const wire = {
      ingress: [
        {
          service: "http://a",
          originRequest: { noTLSVerify: true, matchSNItoHost: true, http2Origin: true, access: { audTag: ["a"] } },
        },
      ],
    };
    expect(documentToWire({ config }, root, "camel")).toEqual({ config: wire });
    expect(documentFromWire({ config: wire, created_at: "now", version: 1 }, root, "camel")).toEqual({
      config,
      createdAt: "now",
      version: 1,
    });
  });

  test("import ids", () => {
    const either = "<accounts|zones>/<account_id|zone_id>/<app_id>";
    expect(parseImportId("zones/z/a", either)).toEqual({ id: "a", props: { zoneId: "z", appId: "a" } });
    expect(parseImportId("a/t", "<account_id>/<tunnel_id>")).toMatchObject({ id: "t", props: { accountId: "a" } });
    expect(() => parseImportId("t", "<account_id>/<tunnel_id>")).toThrow("invalid ID");
    expect(() => parseImportId("users/z/a", either)).toThrow("got users");
  });
});

describe("faults", () => {
  let client: ProviderClient;
  beforeAll(async () => {
    const config = { apiToken: token, baseUrl: "http://x.invalid" };
    client = await ProviderClient.start(provider as unknown as ProviderDefinition<never>, config);
    return () => client.stop();
  });

  const app = { accountId, name: "a", type: "self_hosted", domain: "a.example.com" };
  const policy = { accountId, name: "p", decision: "allow" };
  const record = { zoneId: accountId, name: "a.example.com", type: "CNAME", content: "b" };
  test.each([
    ["ZeroTrustTunnelCloudflared", { name: "a" }, /Missing required property 'accountId'/],
    ["ZeroTrustTunnelCloudflared", { accountId, name: "a", configSrc: "remote" }, /must be one of/],
    ["ZeroTrustAccessPolicy", { ...policy, decision: "nonIdentity" }, /must be one of/],
    [
      "ZeroTrustAccessPolicy",
      { ...policy, includes: [{ everyone: {}, ip: { ip: "1.1.1.1/32" } }] },
      /exactly one .* everyone, ip/,
    ],
    ["ZeroTrustAccessPolicy", { ...policy, includes: [{}] }, /exactly one .* none/],
    ["ZeroTrustAccessPolicy", { ...policy, includes: [{ mail: {} }] }, /Invalid or unknown key.*mail/],
    ["ZeroTrustAccessGroup", { name: "g", includes: [{ everyone: {} }] }, /exactly one of `account_id` or `zone_id`/],
    ["ZeroTrustAccessApplication", { ...app, policies: [{ precedence: 1 }] }, /one and only one/],
    [
      "ZeroTrustAccessApplication",
      { ...app, type: "bookmark", enableBindingCookie: true },
      /can only be set if "type"/,
    ],
    ["ZeroTrustAccessApplication", { ...app, type: "saas", saasApp: {} }, /saasApp is not supported/],
    ["ZeroTrustAccessServiceToken", { accountId, name: "t", clientSecretVersion: 2 }, /must be set together/],
    ["DnsRecord", { ...record, ttl: 300, proxied: true }, /ttl must be set to 1/],
    ["DnsRecord", record, /Missing required property 'ttl'/],
    ["Ruleset", { zoneId: "short", name: "n", kind: "zone", phase: "http_ratelimit" }, /32-character hexadecimal/],
  ])("%s %o", async (type, inputs, reason) => {
    const { reasons } = await client.check(typeToken(type), inputs);
    expect(reasons.join("\n")).toMatch(reason);
  });

  test("names that only the newer npm typings have are accepted", async () => {
    const newer = { accountId, name: "t", enabled: true };
    expect((await client.check(typeToken("ZeroTrustAccessServiceToken"), newer)).reasons).toEqual([]);
    const bots = { zoneId: accountId, aiTraining: "block", jsdApiResultsEnabled: true };
    expect((await client.check(typeToken("BotManagement"), bots)).reasons).toEqual([]);
    const member = { ...policy, includes: [{ cloudflareAccountMember: {} }] };
    expect((await client.check(typeToken("ZeroTrustAccessPolicy"), member)).reasons).toEqual([]);
  });

  test("of the configuration", () => {
    const reasons = (config: Record<string, unknown>) => provider.checkConfig!(config).map(({ reason }) => reason);
    expect(reasons({ apiToken: token, baseUrl: "http://127.0.0.1:1/client/v4" })).toEqual([]);
    expect(reasons({ apiToken: "short" })[0]).toMatch(/must only contain/);
    expect(reasons({})[0]).toMatch(/exactly one of/);
    expect(reasons({ apiToken: token, baseUrl: "cloudflare" })[0]).toMatch(/not a URL/);
  });
});
