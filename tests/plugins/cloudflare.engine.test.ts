import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudflare, emptyCloudflare } from "../../sandbox/clouds/cloudflare/server";
import type { RequestEntry } from "../../sandbox/clouds/requestLog";
import { memoryStore } from "../../sandbox/clouds/store";
import { ProgramStack } from "./stack";

const token = "A".repeat(40);
const account = "0123456789abcdef0123456789abcdef";
const zone = "fedcba9876543210fedcba9876543210";

let api: FastifyInstance;
let baseUrl: string;
let stack: ProgramStack;
const entries: RequestEntry[] = [];

const send = (method: string, path: string, body?: unknown) =>
  fetch(`${baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function inventory(): Promise<Record<string, number>> {
  const response = await fetch(`${baseUrl.replace("/client/v4", "")}/_sandbox/inventory`);
  const kinds = (await response.json()) as Record<string, { count: number }>;
  return Object.fromEntries(
    Object.entries(kinds)
      .map(([kind, { count }]): [string, number] => [kind, count])
      .filter(([, count]) => count > 0),
  );
}

const secret = (byte: number) => Buffer.alloc(32, byte).toString("base64");

interface Shape {
  secret?: string;
  session?: string;
  requires?: string;
  path?: string;
  comment?: string;
  rules?: number;
  more?: string;
}

/** One agent's front door, as the components build it, with the zone's own settings. */
function frontDoor(shape: Shape = {}): string {
  const rules = Array.from(
    { length: shape.rules ?? 1 },
    (_, index) =>
      `{ ref: "bot${index}", action: "block", description: "bots", expression: 'http.host eq "b${index}.example.com"' }`,
  );
  return `
    const own = new cloudflare.Provider("tunnels", { apiToken: "${token}", baseUrl: "${baseUrl}" });
    const accountId = "${account}", zoneId = "${zone}";
    const idp = new cloudflare.ZeroTrustAccessIdentityProvider("otp", { accountId, name: "otp", type: "onetimepin", config: {} });
    const group = new cloudflare.ZeroTrustAccessGroup("people", {
      accountId, name: "people", includes: [{ email: { email: "ana@example.com" } }, { emailDomain: { domain: "example.org" } }],
    });
    const token = new cloudflare.ZeroTrustAccessServiceToken("ci", { accountId, name: "ci" });
    const policy = new cloudflare.ZeroTrustAccessPolicy("allow", {
      accountId, name: "allow", decision: "allow",
      includes: [{ group: { id: group.id } }], requires: ${shape.requires ?? "[{ loginMethod: { id: idp.id } }]"},
      sessionDuration: "${shape.session ?? "8h"}",
    });
    const machines = new cloudflare.ZeroTrustAccessPolicy("machines", {
      accountId, name: "machines", decision: "non_identity", includes: [{ serviceToken: { tokenId: token.id } }],
    });
    const app = new cloudflare.ZeroTrustAccessApplication("atlas", {
      accountId, name: "atlas", type: "self_hosted", domain: "atlas.example.com",
      policies: [{ id: policy.id }, { id: machines.id }], allowedIdps: [idp.id], sessionDuration: "8h",
      autoRedirectToIdentity: true, sameSiteCookieAttribute: "lax", enableBindingCookie: true, serviceAuth401Redirect: true,
    });
    const tunnel = new cloudflare.ZeroTrustTunnelCloudflared("atlas", {
      accountId, name: "atlas", configSrc: "cloudflare", tunnelSecret: pulumi.secret("${shape.secret ?? secret(1)}"),
    }, { provider: own });
    const config = new cloudflare.ZeroTrustTunnelCloudflaredConfig("atlas", {
      accountId, tunnelId: tunnel.id,
      config: { ingresses: [
        { hostname: "atlas.example.com", path: "${shape.path ?? "^/"}", service: "http://atlas:8080", originRequest: {
          connectTimeout: 10, noTlsVerify: false, access: { required: true, teamName: "acme", audTags: [app.aud] } } },
        { service: "http_status:404" },
      ] },
    }, { provider: own });
    const record = new cloudflare.DnsRecord("atlas", {
      zoneId, name: "atlas.example.com", type: "CNAME", ttl: 1, proxied: true,
      content: pulumi.interpolate\`\${tunnel.id}.cfargotunnel.com\`, ${shape.comment ? `comment: "${shape.comment}",` : ""}
    }, { dependsOn: [app, config] });
    const https = new cloudflare.ZoneSetting("https", { zoneId, settingId: "always_use_https", value: "on" });
    const bots = new cloudflare.BotManagement("bots", { zoneId, enableJs: true, fightMode: false });
    const waf = new cloudflare.Ruleset("waf", {
      zoneId, name: "creel", kind: "zone", phase: "http_request_firewall_custom", rules: [${rules.join(",\n")}],
    });
    exports.aud = app.aud;
    exports.tunnel = tunnel.id;
    exports.app = app.id;
    exports.policy = policy.id;
    exports.record = record.id;
    exports.clientSecret = token.clientSecret;
    exports.connector = cloudflare.getZeroTrustTunnelCloudflaredTokenOutput({ accountId, tunnelId: tunnel.id }, { provider: own }).token;
    ${shape.more ?? ""}
  `;
}

/** The writes since the last look, as "METHOD path", with their bodies. */
const writes = () => entries.splice(0).filter(({ method }) => method !== "GET");
const lines = (list: RequestEntry[]) => list.map(({ method, path }) => `${method} ${path.replace("/client/v4", "")}`);

beforeAll(async () => {
  const accounts = [{ id: account, name: "acme", team: "acme" }];
  const zones = [{ id: zone, name: "example.com", accountId: account, plan: "free" as const }];
  const log = (entry: RequestEntry) => void entries.push(entry);
  api = createCloudflare({ store: memoryStore(emptyCloudflare()), token, accounts, zones, log });
  baseUrl = `${await api.listen({ host: "127.0.0.1", port: 0 })}/client/v4`;
  stack = await ProgramStack.open({ CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: baseUrl }, ["cloudflare"]);
});
afterAll(async () => {
  await stack?.close();
  expect(await inventory()).toEqual({});
  await api?.close();
});

test("a front door is built in documents that the API takes, and settles", async () => {
  const output = await stack.up(frontDoor());
  expect(output).toMatch(/This resource cannot be destroyed/);
  const outputs = await stack.outputs();
  expect(outputs.aud).toMatch(/^[0-9a-f]{64}$/);
  expect(outputs.clientSecret).toMatch(/^[0-9a-f]{64}$/);
  const parts = JSON.parse(Buffer.from(String(outputs.connector), "base64").toString());
  expect(parts).toEqual({ a: account, t: outputs.tunnel, s: secret(1) });

  const bodies = Object.fromEntries(writes().map(({ method, path, body }) => [`${method} ${path}`, body]));
  expect(bodies[`PUT /client/v4/accounts/${account}/cfd_tunnel/${outputs.tunnel}/configurations`]).toEqual({
    config: {
      ingress: [
        {
          hostname: "atlas.example.com",
          path: "^/",
          service: "http://atlas:8080",
          originRequest: {
            connectTimeout: 10,
            noTLSVerify: false,
            access: { required: true, teamName: "acme", audTag: [outputs.aud] },
          },
        },
        { service: "http_status:404" },
      ],
    },
  });
  expect(bodies[`POST /client/v4/accounts/${account}/access/apps`]).toMatchObject({
    policies: [{ precedence: 1 }, { precedence: 2 }],
    service_auth_401_redirect: true,
    http_only_cookie_attribute: true,
    app_launcher_visible: true,
  });
  expect(bodies[`POST /client/v4/accounts/${account}/access/groups`]).toMatchObject({
    include: [{ email: { email: "ana@example.com" } }, { email_domain: { domain: "example.org" } }],
  });

  const state = await stack.stateText();
  expect(state).not.toContain(secret(1));
  expect(state).not.toContain(outputs.clientSecret);
  await stack.expectSettled();
  await stack.must("up", "--yes", "--skip-preview", "--expect-no-changes");
});

test("changes are made in place: PATCH for the tunnel, whole documents for the rest", async () => {
  const before = await stack.outputs();
  entries.length = 0;
  const next = frontDoor({
    secret: secret(2),
    session: "4h",
    requires: "undefined",
    path: "^/new",
    comment: "x",
    rules: 2,
  });
  expect(await stack.up(next)).toMatch(/5 updated/);
  const outputs = await stack.outputs();
  expect(outputs).toMatchObject({ tunnel: before.tunnel, app: before.app, policy: before.policy, aud: before.aud });
  const made = writes();
  expect(lines(made).sort()).toEqual(
    [
      `PATCH /accounts/${account}/cfd_tunnel/${outputs.tunnel}`,
      `PUT /accounts/${account}/access/policies/${outputs.policy}`,
      `PUT /accounts/${account}/cfd_tunnel/${outputs.tunnel}/configurations`,
      `PUT /zones/${zone}/dns_records/${outputs.record}`,
      expect.stringMatching(new RegExp(`^PUT /zones/${zone}/rulesets/[0-9a-f]{32}$`)),
    ].sort(),
  );
  const policy = made.find(({ path }) => path.includes("/policies/"))!.body as Record<string, unknown>;
  expect(policy).toMatchObject({ name: "allow", decision: "allow", session_duration: "4h", require: null });
  expect(Object.keys(made.find(({ method }) => method === "PATCH")!.body as object)).toEqual(["tunnel_secret"]);
  await stack.expectSettled();

  await stack.up(frontDoor());
  await stack.expectSettled();
});

test("what was changed or removed by hand is seen by refresh and put right", async () => {
  const { policy, record } = await stack.outputs();
  const path = `/accounts/${account}/access/policies/${policy}`;
  const { result } = (await (await send("GET", path)).json()) as { result: Record<string, unknown> };
  const exclude = [{ email: { email: "eve@example.com" } }];
  expect((await send("PUT", path, { ...result, exclude })).ok).toBe(true);
  expect((await send("DELETE", `/zones/${zone}/dns_records/${record}`)).ok).toBe(true);
  await stack.must("preview", "--expect-no-changes");
  expect(await stack.must("refresh", "--yes", "--skip-preview")).toMatch(/Resource not found/);
  const output = await stack.up();
  expect(output).toMatch(/1 created/);
  expect(output).toMatch(/1 updated/);
  await stack.expectSettled();
});

test("the tunnel's name changes in place, the source of its configuration replaces it", async () => {
  const other = await ProgramStack.open({ CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: baseUrl }, ["cloudflare"]);
  const tunnel = (name: string, source: string) => `
    const tunnel = new cloudflare.ZeroTrustTunnelCloudflared("t", { accountId: "${account}", name: "${name}", configSrc: "${source}" }, { deleteBeforeReplace: true });
    exports.id = tunnel.id;
  `;
  await other.up(tunnel("one", "local"));
  const { id } = await other.outputs();
  await other.up(tunnel("two", "local"));
  expect((await other.outputs()).id).toBe(id);
  await other.expectSettled();
  expect(await other.up(tunnel("two", "cloudflare"))).toMatch(/1 replaced/);
  await other.expectSettled();

  // Deleted by hand: the API still shows it, marked, so refresh sees nothing, and the delete that follows fails.
  const { id: current } = await other.outputs();
  expect((await send("DELETE", `/accounts/${account}/cfd_tunnel/${current}`)).ok).toBe(true);
  await other.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  const destroyed = await other.run("destroy", "--yes", "--skip-preview");
  expect(destroyed.output).toMatch(/DELETE .*404/);
  await other.must("state", "delete", (await other.resource("t")).urn, "--yes");
  await other.close();
});

test("a name that is taken is refused at once, in the API's words", async () => {
  const other = await ProgramStack.open({ CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: baseUrl }, ["cloudflare"]);
  await other.program(`new cloudflare.ZeroTrustTunnelCloudflared("t", { accountId: "${account}", name: "atlas" });`);
  const run = await other.run("up", "--yes", "--skip-preview");
  expect(run.output).toMatch(/409 Conflict .*1013.*already have a tunnel with this name/);
  await other.close();
});

test("existing things are imported by their documented ids", async () => {
  const { result } = (await (
    await send("POST", `/zones/${zone}/dns_records`, {
      type: "TXT",
      name: "t.example.com",
      content: '"hello"',
      ttl: 300,
    })
  ).json()) as { result: { id: string } };
  const created = await send("POST", `/accounts/${account}/access/groups`, {
    name: "old",
    include: [{ email_domain: { domain: "example.net" } }],
  });
  const group = ((await created.json()) as { result: { id: string } }).result.id;
  const source = (imported: boolean) => `
    const record = new cloudflare.DnsRecord("txt", { zoneId: "${zone}", type: "TXT", name: "t.example.com", content: '"hello"', ttl: 300 },
      ${imported ? `{ import: "${zone}/${result.id}" }` : "{}"});
    const group = new cloudflare.ZeroTrustAccessGroup("old", { accountId: "${account}", name: "old",
      includes: [{ emailDomain: { domain: "example.net" } }] }, ${imported ? `{ import: "accounts/${account}/${group}" }` : "{}"});
    exports.ids = [record.id, group.id];
  `;
  const other = await ProgramStack.open({ CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: baseUrl }, ["cloudflare"]);
  await other.up(source(true));
  expect((await other.outputs()).ids).toEqual([result.id, group]);
  await other.up(source(false));
  await other.expectSettled();
  await other.close();
});
