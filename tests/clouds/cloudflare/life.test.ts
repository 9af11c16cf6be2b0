import Cloudflare from "cloudflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../../sandbox/clouds/cloudflare/model";
import { connect, disconnect } from "../../../sandbox/clouds/cloudflare/tunnelConnections";
import { accountId, TestAccount, zoneId } from "./account";

let account: TestAccount;
let client: Cloudflare;
const account_id = accountId;
const zone_id = zoneId;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const hex32 = /^[0-9a-f]{32}$/;

beforeAll(async () => {
  account = await new TestAccount().start();
  client = account.client;
});
afterAll(() => account.stop());

async function collected<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** The ids of one agent's objects, filled as its life goes on; the tests below are its chapters, in order. */
const made: Record<string, string> = {};
const secret = Buffer.alloc(32, 7).toString("base64");
const hostname = "atlas.example.com";

describe("the official client leads an agent through its life", () => {
  it("finds its token, account and zone", async () => {
    expect(await client.user.tokens.verify()).toMatchObject({ status: "active" });
    expect(await collected(client.accounts.list())).toMatchObject([{ id: accountId, name: "Acme" }]);
    expect(await collected(client.zones.list({ name: "example.com" }))).toMatchObject([
      { id: zoneId, status: "active", account: { id: accountId }, plan: { legacy_id: "free" } },
    ]);
    expect((await client.zones.get({ zone_id })).name).toBe("example.com");
  });

  it("makes a login method, a group, a service token and policies", async () => {
    const provider = await client.zeroTrust.identityProviders.create({
      account_id,
      name: "PIN",
      type: "onetimepin",
      config: {},
    });
    expect(provider).toMatchObject({
      id: expect.stringMatching(uuid),
      config: { redirect_url: "https://acme.cloudflareaccess.com/cdn-cgi/access/callback" },
    });
    const group = await client.zeroTrust.access.groups.create({
      account_id,
      name: "ana",
      include: [{ email: { email: "ana@example.com" } }, { ip: { ip: "198.51.100.7" } }],
    });
    expect(group.include).toEqual([{ email: { email: "ana@example.com" } }, { ip: { ip: "198.51.100.7/32" } }]);
    const token = await client.zeroTrust.access.serviceTokens.create({ account_id, name: "cli" });
    expect(token).toMatchObject({
      client_id: expect.stringMatching(/^[0-9a-f]{32}\.access$/),
      client_secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      duration: "8760h",
      expires_at: expect.any(String),
    });
    const allow = await client.zeroTrust.access.policies.create({
      account_id,
      name: "ana-allow",
      decision: "allow",
      include: [{ group: { id: group.id as string } }],
      require: [{ login_method: { id: provider.id as string } }],
    });
    expect(allow).toMatchObject({ reusable: true, app_count: 0, session_duration: "24h", exclude: [] });
    const service = await client.zeroTrust.access.policies.create({
      account_id,
      name: "cli",
      decision: "non_identity",
      include: [{ service_token: { token_id: token.id as string } }],
    });
    Object.assign(made, { idp: provider.id, group: group.id, token: token.id, allow: allow.id, service: service.id });
  });

  it("makes the application, its tunnel and what the tunnel does", async () => {
    const app = (await client.zeroTrust.access.applications.create({
      account_id,
      name: "atlas",
      type: "self_hosted",
      domain: hostname,
      session_duration: "8h",
      allowed_idps: [made.idp as string],
      auto_redirect_to_identity: true,
      policies: [{ id: made.allow as string, precedence: 1 }, made.service as string],
    })) as Cloudflare.ZeroTrust.Access.ApplicationCreateResponse.SelfHostedApplication;
    expect(app).toMatchObject({
      id: expect.stringMatching(uuid),
      aud: expect.stringMatching(/^[0-9a-f]{64}$/),
      domain: hostname,
      self_hosted_domains: [hostname],
      destinations: [{ type: "public", uri: hostname }],
      http_only_cookie_attribute: true,
      policies: [
        { id: made.allow, precedence: 1, decision: "allow", app_count: 1 },
        { id: made.service, precedence: 2, decision: "non_identity" },
      ],
    });
    const tunnel = await client.zeroTrust.tunnels.cloudflared.create({
      account_id,
      name: "atlas",
      config_src: "cloudflare",
      tunnel_secret: secret,
    });
    expect(tunnel).toEqual({
      id: expect.stringMatching(uuid),
      account_tag: accountId,
      name: "atlas",
      config_src: "cloudflare",
      remote_config: true,
      created_at: expect.any(String),
      deleted_at: null,
      conns_active_at: null,
      conns_inactive_at: null,
      connections: [],
      status: "inactive",
      tun_type: "cfd_tunnel",
      metadata: {},
    });
    Object.assign(made, { app: app.id, aud: app.aud, tunnel: tunnel.id });
    const config = {
      ingress: [
        {
          hostname,
          service: "http://agent:8080",
          originRequest: { access: { required: true, teamName: "acme", audTag: [made.aud as string] } },
        },
        { service: "http_status:404" },
      ] as Cloudflare.ZeroTrust.Tunnels.Cloudflared.ConfigurationUpdateParams.Config.Ingress[],
    };
    const path = { account_id, config };
    const first = await client.zeroTrust.tunnels.cloudflared.configurations.update(made.tunnel as string, path);
    expect(first).toMatchObject({ tunnel_id: made.tunnel, version: 1, source: "cloudflare" });
    expect(first.config).toEqual(config);
    const second = await client.zeroTrust.tunnels.cloudflared.configurations.update(made.tunnel as string, path);
    expect(second.version).toBe(2);
    const read = await client.zeroTrust.tunnels.cloudflared.configurations.get(made.tunnel as string, { account_id });
    expect(read).toEqual(second);
  });

  it("gets the token that a connector is started with", async () => {
    const token = await client.zeroTrust.tunnels.cloudflared.token.get(made.tunnel as string, { account_id });
    const content = JSON.parse(Buffer.from(token, "base64").toString());
    expect(content).toEqual({ a: accountId, t: made.tunnel, s: secret });
  });

  it("publishes the name, rules, settings and bot settings", async () => {
    const record = await client.dns.records.create({
      zone_id,
      name: hostname,
      type: "CNAME",
      content: `${made.tunnel}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
    });
    expect(record).toMatchObject({ id: expect.stringMatching(hex32), name: hostname, proxiable: true, comment: null });
    const ruleset = (await client.rulesets.create({
      zone_id,
      name: "edge",
      kind: "zone",
      phase: "http_request_firewall_custom",
      rules: [{ ref: "deny", action: "block", expression: `(http.host eq "bot.example.com")`, description: "bots" }],
    })) as { id: string };
    expect(ruleset).toMatchObject({
      id: expect.stringMatching(hex32),
      version: "1",
      description: "",
      rules: [{ id: expect.stringMatching(hex32), version: "1", ref: "deny", enabled: true }],
    });
    const entrypoint = await client.rulesets.phases.get("http_request_firewall_custom", { zone_id });
    expect(entrypoint.id).toBe(ruleset.id);
    const setting = await client.zones.settings.edit("min_tls_version", { zone_id, value: "1.2" });
    expect(setting).toMatchObject({ id: "min_tls_version", value: "1.2", editable: true });
    expect(await client.zones.settings.get("min_tls_version", { zone_id })).toEqual(setting);
    const bots = await client.botManagement.update({ zone_id, enable_js: true, fight_mode: false });
    expect(bots).toMatchObject({ enable_js: true, fight_mode: false, using_latest_model: true });
    const organization = await client.zeroTrust.organizations.update({ account_id, session_duration: "12h" });
    expect(organization).toMatchObject({ auth_domain: "acme.cloudflareaccess.com", session_duration: "12h" });
    Object.assign(made, { record: record.id, ruleset: ruleset.id });
  });

  it("finds everything again, page by page", async () => {
    for (let index = 0; index < 7; index++) {
      await client.dns.records.create({ zone_id, name: `n${index}`, type: "TXT", content: `"${index}"`, ttl: 300 });
    }
    const records = await collected(client.dns.records.list({ zone_id, per_page: 3 }));
    expect(records).toHaveLength(8);
    expect(await collected(client.dns.records.list({ zone_id, name: { exact: hostname } }))).toHaveLength(1);
    expect(await collected(client.dns.records.list({ zone_id, type: "TXT", content: { contains: "3" } }))).toHaveLength(
      1,
    );
    const page = await client.dns.records.list({ zone_id, per_page: 3, page: 3 });
    expect(page.result_info).toMatchObject({ page: 3, per_page: 3, count: 2, total_count: 8, total_pages: 3 });
    expect(await collected(client.zeroTrust.access.policies.list({ account_id }))).toHaveLength(2);
    expect(await collected(client.zeroTrust.tunnels.cloudflared.list({ account_id, is_deleted: false }))).toHaveLength(
      1,
    );
    expect((await collected(client.rulesets.list({ zone_id })))[0]).not.toHaveProperty("rules");
    for (const record of records) {
      if (record.type === "TXT") await client.dns.records.delete(record.id, { zone_id });
    }
  });

  it("changes things in place, and what must not change stays", async () => {
    const app = (await client.zeroTrust.access.applications.update(made.app as string, {
      account_id,
      name: "atlas",
      type: "self_hosted",
      domain: hostname,
      session_duration: "4h",
      policies: [made.allow as string],
    })) as Cloudflare.ZeroTrust.Access.ApplicationUpdateResponse.SelfHostedApplication;
    expect(app).toMatchObject({ aud: made.aud, id: made.app, session_duration: "4h", allowed_idps: [] });
    const ruleset = await client.rulesets.update(made.ruleset as string, {
      zone_id,
      rules: [
        { ref: "first", action: "block", expression: "ssl" },
        { ref: "deny", action: "block", expression: `(http.host eq "bot.example.com")`, description: "bots" },
      ],
    });
    expect(ruleset).toMatchObject({ version: "2", rules: [{ ref: "first" }, { ref: "deny", version: "1" }] });
    const rotated = Buffer.alloc(32, 9).toString("base64");
    const tunnel = { account_id, tunnel_secret: rotated };
    await client.zeroTrust.tunnels.cloudflared.edit(made.tunnel as string, tunnel);
    const token = await client.zeroTrust.tunnels.cloudflared.token.get(made.tunnel as string, { account_id });
    expect(JSON.parse(Buffer.from(token, "base64").toString()).s).toBe(rotated);
    const record = await client.dns.records.update(made.record as string, {
      zone_id,
      name: hostname,
      type: "CNAME",
      content: `${made.tunnel}.cfargotunnel.com`,
      proxied: true,
      ttl: 1,
      comment: "atlas",
    });
    expect(record).toMatchObject({ id: made.record, comment: "atlas" });
    const edited = await client.dns.records.edit(made.record as string, {
      zone_id,
      name: hostname,
      type: "CNAME",
      ttl: 1,
      comment: "",
    });
    expect(edited).toMatchObject({ proxied: true, content: `${made.tunnel}.cfargotunnel.com` });
  });

  it("rotates the service token, whose secret is told once", async () => {
    const rotated = (await client.zeroTrust.access.serviceTokens.update(made.token as string, {
      account_id,
      name: "cli",
      client_secret_version: 2,
      previous_client_secret_expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    })) as { client_secret?: string };
    expect(rotated.client_secret).toMatch(/^[0-9a-f]{64}$/);
    const read = await client.zeroTrust.access.serviceTokens.get(made.token as string, { account_id });
    expect(read).not.toHaveProperty("client_secret");
    expect(JSON.stringify(account.store.state)).not.toContain(rotated.client_secret);
  });

  it("cannot delete a tunnel that a connector is on", async () => {
    const held = account.store.state.tunnels[made.tunnel as string] as Tunnel;
    const connection = connect(held, {
      clientId: crypto.randomUUID(),
      version: "2026.8.2",
      arch: "linux_amd64",
      features: [],
      originIp: "198.51.100.10",
    });
    const tunnel = await client.zeroTrust.tunnels.cloudflared.get(made.tunnel as string, { account_id });
    expect(tunnel).toMatchObject({ status: "degraded", conns_active_at: expect.any(String) });
    const connectors = client.zeroTrust.tunnels.cloudflared.connections.get(made.tunnel as string, { account_id });
    expect(await collected(connectors)).toMatchObject([{ config_version: 0, conns: [{ id: connection.id }] }]);
    const removal = client.zeroTrust.tunnels.cloudflared.delete(made.tunnel as string, { account_id });
    const error: InstanceType<typeof Cloudflare.APIError> = await removal.catch((caught) => caught);
    expect(error).toBeInstanceOf(Cloudflare.BadRequestError);
    expect(error.errors).toMatchObject([{ code: 1022 }]);
    disconnect(held, connection.id);
    const after = await client.zeroTrust.tunnels.cloudflared.get(made.tunnel as string, { account_id });
    expect(after).toMatchObject({ status: "down", conns_active_at: null, conns_inactive_at: expect.any(String) });
  });

  it("learns of a conflict at once", async () => {
    const started = Date.now();
    const error: InstanceType<typeof Cloudflare.APIError> = await client.zeroTrust.tunnels.cloudflared
      .create({ account_id, name: "atlas" })
      .then(() => undefined as never)
      .catch((caught) => caught);
    expect(error).toBeInstanceOf(Cloudflare.ConflictError);
    expect(error.errors).toMatchObject([{ code: 1013, message: "You already have a tunnel with this name" }]);
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(Date.now() - started).toBeLessThan(1000);
  });

  it("leaves nothing, in the order that is allowed", async () => {
    const access = client.zeroTrust.access;
    await expect(access.policies.delete(made.allow as string, { account_id })).rejects.toThrow("409");
    await expect(access.groups.delete(made.group as string, { account_id })).rejects.toThrow("409");
    await expect(client.zeroTrust.identityProviders.delete(made.idp as string, { account_id })).rejects.toThrow("409");
    await client.dns.records.delete(made.record as string, { zone_id });
    await client.rulesets.delete(made.ruleset as string, { zone_id });
    await access.applications.delete(made.app as string, { account_id });
    await access.policies.delete(made.allow as string, { account_id });
    await access.policies.delete(made.service as string, { account_id });
    await access.groups.delete(made.group as string, { account_id });
    await access.serviceTokens.delete(made.token as string, { account_id });
    await client.zeroTrust.identityProviders.delete(made.idp as string, { account_id });
    await client.zeroTrust.tunnels.cloudflared.delete(made.tunnel as string, { account_id });
    const counts = Object.entries(await account.inventory()).map(([kind, { count }]) => `${kind} ${count}`);
    expect(counts.filter((line) => !line.endsWith(" 0"))).toEqual([]);
    const deleted = await client.zeroTrust.tunnels.cloudflared.get(made.tunnel as string, { account_id });
    expect(deleted.deleted_at).toEqual(expect.any(String));
    await expect(client.dns.records.get(made.record as string, { zone_id })).rejects.toThrow("81044");
    // The name of a deleted tunnel is free.
    await client.zeroTrust.tunnels.cloudflared.create({ account_id, name: "atlas" });
  });
});

describe("the request log", () => {
  it("has no secret of all that, in bodies or headers", () => {
    const text = JSON.stringify(account.entries);
    expect(text).toContain('"tunnel_secret":"[secret]"');
    for (const hidden of [secret, Buffer.alloc(32, 9).toString("base64"), "c".repeat(40)]) {
      expect(text).not.toContain(hidden);
    }
    const conflict = account.entries.find((entry) => entry.error === 1013);
    expect(conflict).toMatchObject({ cloud: "cloudflare", method: "POST", status: 409, client: expect.any(String) });
  });
});
