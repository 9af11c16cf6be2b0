import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isValidSecret } from "../../../sandbox/clouds/cloudflare/access/serviceTokens";
import { account, accountId, type Json, otherAccountId, TestAccount, zone } from "./account";

let test: TestAccount;
const ids: Record<string, string> = {};
const access = (kind: string) => account(`/access/${kind}`);
const everyone = [{ everyone: {} }];

beforeAll(async () => {
  test = await new TestAccount().start();
  const config = { client_id: "id", client_secret: "canary-idp-secret" };
  ids.github = (await test.make(access("identity_providers"), { name: "GitHub", type: "github", config })).id;
});
afterAll(() => test.stop());

describe("limits of an account", () => {
  it.each([
    ["service_tokens", 50, (index: number) => ({ name: `t${index}` })],
    ["groups", 300, (index: number) => ({ name: `g${index}`, include: everyone })],
  ])("%s: %i", async (kind, most, body) => {
    const fresh = await new TestAccount().start();
    const answers = await Promise.all(
      Array.from({ length: most + 1 }, (_, index) => fresh.call("POST", access(kind), body(index))),
    );
    await fresh.stop();
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(most);
    const [full] = answers.filter((answer) => answer.status === 400);
    expect(full?.body.errors[0].message).toMatch(/maximum number of \w+ ?\w+ has been reached/);
  });
});

describe("applications", () => {
  it("own their inline policies, which nobody else sees and which go with them", async () => {
    const inline = { name: "own", decision: "allow", include: everyone };
    const body = { name: "own", type: "self_hosted", domain: "own.example.com", policies: [inline] };
    const made = await test.make(access("apps"), body);
    expect(made.policies).toMatchObject([{ name: "own", reusable: false, precedence: 1 }]);
    const list = (await test.call("GET", access("policies"))).body.result;
    expect(list.map((entry: Json) => entry.name)).not.toContain("own");
    expect((await test.call("GET", access(`policies/${made.policies[0].id}`))).status).toBe(404);
    await test.make(access(`apps/${made.id}`), { ...body, policies: [] }, "PUT");
    expect(Object.values(test.store.state.access_policies).filter((entry) => !entry.reusable)).toEqual([]);
    await test.call("DELETE", access(`apps/${made.id}`));
  });

  it("take a place from any of its three views", async () => {
    const views = [
      { domain: "v.example.com/a" },
      { self_hosted_domains: ["v.example.com/a"] },
      { destinations: [{ type: "public", uri: "v.example.com/a" }] },
    ];
    for (const view of views) {
      const made = await test.make(access("apps"), { name: "v", type: "self_hosted", ...view });
      expect(made).toMatchObject({
        domain: "v.example.com/a",
        self_hosted_domains: ["v.example.com/a"],
        destinations: [{ type: "public", uri: "v.example.com/a" }],
      });
      await test.call("DELETE", access(`apps/${made.id}`));
    }
  });

  it("may be made for a zone, and a partial wildcard", async () => {
    const body = { name: "z", type: "self_hosted", domain: "*-ops.example.com" };
    const made = await test.make(zone("/access/apps"), body);
    expect((await test.call("GET", access(`apps/${made.id}`))).status).toBe(404);
    expect((await test.call("GET", zone(`/access/apps/${made.id}`))).status).toBe(200);
    await test.call("DELETE", zone(`/access/apps/${made.id}`));
  });
});

describe("secrets", () => {
  it("of identity providers are written, never read, and may stay out of updates", async () => {
    const path = access(`identity_providers/${ids.github}`);
    const shown = (await test.call("GET", path)).body.result;
    expect(shown.config).toEqual({
      client_id: "id",
      redirect_url: expect.stringContaining("/cdn-cgi/access/callback"),
    });
    const body = { name: "GitHub 2", type: "github", config: { client_id: "id" } };
    expect((await test.make(path, body, "PUT")).name).toBe("GitHub 2");
    expect(JSON.stringify([test.store.state, test.entries])).not.toContain("canary-idp-secret");
  });

  it("of service tokens count until their time, and the old one as long as it was said", async () => {
    const token = await test.make(access("service_tokens"), { name: "cli", duration: "1h" });
    const stored = () => test.store.state.access_service_tokens[token.id] as Json;
    const now = Date.now();
    expect(isValidSecret(stored(), token.client_secret)).toBe(true);
    expect(isValidSecret(stored(), "0".repeat(64))).toBe(false);
    expect(isValidSecret(stored(), token.client_secret, now + 2 * 3_600_000)).toBe(false);
    const previous_client_secret_expires_at = new Date(now + 600_000).toISOString();
    const change = { client_secret_version: 2, previous_client_secret_expires_at };
    const { client_secret } = await test.make(access(`service_tokens/${token.id}`), change, "PUT");
    expect(isValidSecret(stored(), client_secret)).toBe(true);
    expect(isValidSecret(stored(), token.client_secret)).toBe(true);
    expect(isValidSecret(stored(), token.client_secret, now + 700_000)).toBe(false);
    const again = await test.make(access(`service_tokens/${token.id}`), { client_secret_version: 2 }, "PUT");
    expect(again).not.toHaveProperty("client_secret");
    const back = await test.call("PUT", access(`service_tokens/${token.id}`), { client_secret_version: 1 });
    expect(back.status).toBe(400);
    const turned = await test.make(access(`service_tokens/${token.id}/rotate`), {});
    expect(isValidSecret(stored(), client_secret)).toBe(false);
    expect(isValidSecret(stored(), turned.client_secret)).toBe(true);
    await test.make(access(`service_tokens/${token.id}`), { enabled: false }, "PUT");
    expect(isValidSecret(stored(), turned.client_secret)).toBe(false);
  });
});

describe("the organisation", () => {
  it("keeps what an update does not mention, and forgets what is given as null", async () => {
    const path = access("organizations");
    const mfa_config = { allowed_authenticators: ["totp"] };
    await test.make(path, { session_duration: "12h", mfa_config }, "PUT");
    expect(await test.make(path, { auto_redirect_to_identity: true }, "PUT")).toMatchObject({
      session_duration: "12h",
      auto_redirect_to_identity: true,
      auth_domain: "acme.cloudflareaccess.com",
    });
    const body = { name: "mfa", decision: "allow", include: everyone, mfa_config };
    const made = await test.make(access("policies"), body);
    expect(made.mfa_config).toEqual(mfa_config);
    await test.call("DELETE", access(`policies/${made.id}`));
    expect((await test.make(path, { session_duration: null }, "PUT")).session_duration).toBe("24h");
  });
});

describe("root certificates", () => {
  it("are read, and kept while hostnames use them", async () => {
    const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const root = await X509CertificateGenerator.createSelfSigned({
      name: "CN=partners",
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      notAfter: new Date(Date.now() + 30 * 86_400_000),
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    const certificate = root.toString("pem");
    const associated_hostnames = ["partners.example.com"];
    const made = await test.make(access("certificates"), { name: "partners", certificate, associated_hostnames });
    expect(made).toMatchObject({ name: "partners", fingerprint: expect.any(String), associated_hostnames });
    expect(Date.parse(made.expires_on)).toBeGreaterThan(Date.now());
    expect((await test.call("DELETE", access(`certificates/${made.id}`))).body.errors[0].message).toContain(
      "active associations",
    );
    await test.make(access(`certificates/${made.id}`), { name: "partners", associated_hostnames: [] }, "PUT");
    expect((await test.call("DELETE", access(`certificates/${made.id}`))).status).toBe(202);
  });
});

describe("revoking, by the official client", () => {
  it("a person's sessions in the account, and nobody else's", async () => {
    const session = (email: string) => ({ account_id: accountId, email }) as Json;
    const { access_sessions } = test.store.state;
    Object.assign(access_sessions, { one: session("ana@example.com"), two: session("bo@example.com") });
    Object.assign(access_sessions, { three: { ...session("ana@example.com"), account_id: otherAccountId } });
    const { organizations } = test.client.zeroTrust;
    expect(await organizations.revokeUsers({ account_id: accountId, email: "Ana@example.com" })).toBe(true);
    expect(Object.keys(access_sessions)).toEqual(["two", "three"]);
    const refused = organizations.revokeUsers({ account_id: accountId, email: "nobody" });
    await expect(refused).rejects.toMatchObject({ status: 400 });
  });

  it("an application's tokens, until it goes", async () => {
    const body = { name: "r", type: "self_hosted", domain: "revoked.example.com" };
    const { id, aud } = await test.make(access("apps"), body);
    const { applications } = test.client.zeroTrust.access;
    await applications.revokeTokens(id, { account_id: accountId });
    expect(Date.parse(test.store.state.access_revocations[aud]!)).toBeGreaterThan(Date.now() - 10_000);
    await test.call("DELETE", access(`apps/${id}`));
    expect(test.store.state.access_revocations).not.toHaveProperty(aud);
    const gone = applications.revokeTokens(id, { account_id: accountId });
    await expect(gone).rejects.toMatchObject({ status: 404 });
  });

  it("a service token's secret, at once or with a time for the old one", async () => {
    const token = await test.make(access("service_tokens"), { name: "turned" });
    const valid = (secret: string) => isValidSecret(test.store.state.access_service_tokens[token.id]!, secret);
    const { serviceTokens } = test.client.zeroTrust.access;
    const previous_client_secret_expires_at = new Date(Date.now() + 60_000).toISOString();
    const kept = await serviceTokens.rotate(token.id, { account_id: accountId, previous_client_secret_expires_at });
    expect(valid(token.client_secret)).toBe(true);
    await serviceTokens.rotate(token.id, { account_id: accountId });
    expect(valid(kept.client_secret!)).toBe(false);
  });
});
