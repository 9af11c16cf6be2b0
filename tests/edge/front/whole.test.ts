import { once } from "node:events";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import WebSocket from "ws";
import type { Browser, Seen } from "../access/browser";
import { ask, userAgent } from "./clients";
import { accountId, WholeEdge, zoneId } from "./wholeEdge";

const operator = "atlas.agents.test";
const bot = "atlas-bot.agents.test";
const team = "acme.cloudflareaccess.com";
const whole = new WholeEdge();
let audience = "";
let operatorTunnel = { id: "", record: "" };
let serviceToken = { client_id: "", client_secret: "" };

beforeAll(async () => {
  await whole.start();
  const access = `/accounts/${accountId}/access`;
  serviceToken = await whole.call("POST", `${access}/service_tokens`, { name: "nodes" });
  const { id: token_id } = serviceToken as unknown as { id: string };
  const application = await whole.call("POST", `${access}/apps`, {
    name: "atlas",
    type: "self_hosted",
    domain: operator,
    policies: [
      { name: "nodes", decision: "non_identity", include: [{ service_token: { token_id } }], precedence: 1 },
      { name: "ana", decision: "allow", include: [{ email: { email: "ana@agents.test" } }], precedence: 2 },
    ],
  });
  audience = application.aud;
  const routes = `http.request.method eq "POST" and http.request.uri.path eq "/hooks/github" and any(http.request.headers["content-type"][*] eq "application/json")`;
  await whole.call("POST", `/zones/${zoneId}/rulesets`, {
    name: "creel",
    kind: "zone",
    phase: "http_request_firewall_custom",
    rules: [
      {
        ref: "bots",
        action: "block",
        description: "declared routes only",
        expression: `(http.host eq "${bot}") and not (${routes})`,
      },
    ],
  });
  operatorTunnel = await whole.tunnel(operator);
  await whole.connect(operatorTunnel.id);
  await whole.connect((await whole.tunnel(bot)).id);
});
afterAll(() => whole.stop());
beforeEach(() => {
  whole.arrived.length = 0;
});

async function logIn(browser: Browser, email = "ana@agents.test", target = "/page?x=1"): Promise<Seen> {
  const pin = await browser.submit(await browser.go(`https://${operator}${target}`), { email });
  const mails: { to: string; pin: string }[] = await whole.call("GET", "/_sandbox/mailbox.json");
  return browser.submit(pin, { code: mails.find(({ to }) => to === email)?.pin ?? "000000" });
}

test("connectors are let in and configured, the API shows them, and the state is saved", async () => {
  expect(whole.lines).toContainEqual(
    expect.objectContaining({ kind: "connector", tunnel: operatorTunnel.id, verdict: "registered" }),
  );
  await vi.waitFor(() =>
    expect(whole.lines).toContainEqual(expect.objectContaining({ tunnel: operatorTunnel.id, verdict: "configured" })),
  );
  const tunnel = await whole.call("GET", `/accounts/${accountId}/cfd_tunnel/${operatorTunnel.id}`);
  expect(tunnel.connections).toHaveLength(1);
  expect(whole.saves).toBeGreaterThan(0);
});

test("without a login nobody reaches the operator's name", async () => {
  const reply = await ask(whole, operator, { headers: { "cf-access-jwt-assertion": "forged" } });
  expect(reply).toMatchObject({ status: 302, headers: { location: expect.stringContaining(`https://${team}/`) } });
  expect(whole.line(reply.ray)).toMatchObject({
    by: "access",
    status: 302,
    steps: [{ by: "waf" }, { verdict: "login" }],
  });
  expect(whole.arrived).toEqual([]);
});

test("a browser logs in with the PIN from the mailbox and is at the page it asked for", async () => {
  const seen = await logIn(whole.browser());
  expect(seen).toMatchObject({ url: `https://${operator}/page?x=1`, response: { status: 200, body: "hello" } });
  const [arrived] = whole.arrived;
  expect(arrived).toMatchObject({ method: "GET", url: "/page?x=1" });
  expect(arrived!.headers).toMatchObject({
    host: operator,
    "cf-access-authenticated-user-email": "ana@agents.test",
    "cf-connecting-ip": "127.0.0.1",
    "x-forwarded-proto": "https",
  });
  const { body } = await ask(whole, team, { path: "/cdn-cgi/access/certs" });
  const { payload } = await jwtVerify(
    arrived!.headers["cf-access-jwt-assertion"] as string,
    createLocalJWKSet(JSON.parse(body)),
    { audience, issuer: `https://${team}` },
  );
  expect(payload).toMatchObject({ email: "ana@agents.test", type: "app" });
  expect(whole.line(arrived!.headers["cf-ray"] as string)).toMatchObject({
    by: "origin",
    status: 200,
    path: "/page",
    tunnel: operatorTunnel.id,
    steps: [{ by: "waf" }, { by: "access", verdict: "pass" }, { by: "origin" }],
  });
});

test("somebody else's right PIN opens nothing", async () => {
  const seen = await logIn(whole.browser(), "mallory@agents.test").catch((error: Error) => error.message);
  expect(seen).not.toMatchObject({ response: { status: 200, body: "hello" } });
  expect(whole.arrived).toEqual([]);
});

test("a service token opens the operator's name, a wrong one does not", async () => {
  const headers = {
    "cf-access-client-id": serviceToken.client_id,
    "cf-access-client-secret": serviceToken.client_secret,
  };
  const reply = await ask(whole, operator, { path: "/api", headers });
  expect(reply).toMatchObject({ status: 200, body: "hello" });
  expect(whole.arrived[0]!.headers).toMatchObject({ "cf-access-jwt-assertion": expect.stringMatching(/^ey/) });
  expect(whole.arrived[0]!.headers).not.toHaveProperty("cf-access-client-secret");
  const wrong = await ask(whole, operator, { headers: { ...headers, "cf-access-client-secret": "0".repeat(64) } });
  expect(wrong.status).not.toBe(200);
  expect(whole.line(wrong.ray)).toMatchObject({ by: "access" });
  expect(whole.arrived).toHaveLength(1);
  const text = JSON.stringify(whole.lines);
  for (const secret of [serviceToken.client_secret, String(whole.arrived[0]!.headers["cf-access-jwt-assertion"])]) {
    expect(text).not.toContain(secret);
  }
});

test("the bot's name takes its declared route and nothing else", async () => {
  const json = { "content-type": "application/json" };
  const good = { method: "POST", path: "/hooks/github", headers: json, body: '{"zen":1}' };
  const forged = { ...json, "cf-access-jwt-assertion": "forged" };
  expect(await ask(whole, bot, { ...good, headers: forged })).toMatchObject({ status: 200, body: "hello" });
  expect(whole.arrived[0]).toMatchObject({ method: "POST", url: "/hooks/github", body: '{"zen":1}' });
  // On a name without an application nobody may count on this field being taken away.
  expect(whole.arrived[0]!.headers["cf-access-jwt-assertion"]).toBe("forged");
  for (const change of [
    { method: "PUT" },
    { path: "/hooks/GitHub" },
    { path: "/" },
    { headers: {} },
    { path: "/hooks/github/" },
  ]) {
    const reply = await ask(whole, bot, { ...good, ...change });
    expect(reply.status).toBe(403);
    expect(whole.line(reply.ray)).toMatchObject({
      by: "waf",
      status: 403,
      reason: "http_request_firewall_custom: block by bots",
    });
  }
  expect(whole.arrived).toHaveLength(1);
});

async function openSocket(host: string, headers: Record<string, string>): Promise<WebSocket | number> {
  const options: WebSocket.ClientOptions & { servername: string } = {
    servername: host,
    ca: whole.ca,
    headers: { host, "user-agent": userAgent, ...headers },
  };
  const socket = new WebSocket(`wss://127.0.0.1:${whole.edge.ports.https}/live?t=1`, options);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => resolve(socket));
    socket.once("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
  });
}

test("a WebSocket goes through with a session, both ways and to its close code, and is refused without", async () => {
  expect(await openSocket(operator, {})).toBe(302);
  expect(whole.lines.at(-1)).toMatchObject({ by: "access", path: "/live" });
  expect(await openSocket(bot, {})).toBe(403);
  expect(whole.lines.at(-1)).toMatchObject({ by: "waf" });
  expect(whole.arrived).toEqual([]);
  const browser = whole.browser();
  await logIn(browser);
  const socket = (await openSocket(operator, {
    cookie: `CF_Authorization=${browser.cookie(operator, "CF_Authorization")}`,
  })) as WebSocket;
  socket.send("hi");
  expect(String((await once(socket, "message"))[0])).toBe("echo hi");
  socket.send("x".repeat(1024 * 1024));
  expect(((await once(socket, "message"))[0] as Buffer).length).toBe(1024 * 1024 + 5);
  socket.send("bye");
  const [code, reason] = await once(socket, "close");
  expect([code, String(reason)]).toEqual([4001, "as asked"]);
  expect(whole.arrived.at(-1)).toMatchObject({ url: "/live?t=1" });
  expect(whole.lines.at(-1)).toMatchObject({ status: 101, by: "origin", path: "/live" });
});

test("a name whose tunnel has no connector, whose origin is gone, or whose record is taken away", async () => {
  const name = "late.agents.test";
  const tunnel = await whole.tunnel(name);
  const idle = await ask(whole, name);
  expect(idle).toMatchObject({ status: 530, body: "error code: 1033" });
  expect(whole.line(idle.ray)).toMatchObject({ by: "edge", reason: "error 1033: no connector", tunnel: tunnel.id });

  const connector = await whole.connect(tunnel.id, 1);
  const down = await ask(whole, name);
  expect(down).toMatchObject({ status: 502, body: "error code: 502" });
  expect(whole.line(down.ray)).toMatchObject({ by: "connector", status: 502 });

  await whole.call("DELETE", `/accounts/${accountId}/cfd_tunnel/${tunnel.id}/connections`);
  await connector.closed;
  expect(await ask(whole, name)).toMatchObject({ status: 530, body: "error code: 1033" });
  expect(whole.lines).toContainEqual(
    expect.objectContaining({ kind: "connector", tunnel: tunnel.id, verdict: "gone" }),
  );

  await whole.call("DELETE", `/zones/${zoneId}/dns_records/${tunnel.record}`);
  const gone = await ask(whole, name);
  expect(gone).toMatchObject({ status: 530, body: "error code: 1016" });
  expect(whole.line(gone.ray)).toMatchObject({ by: "edge", reason: "error 1016: no record for late.agents.test" });
});

test("settings changed through the API count at once", async () => {
  const set = (name: string, value: unknown) => whole.call("PATCH", `/zones/${zoneId}/settings/${name}`, { value });
  expect((await ask(whole, bot, { plain: true })).status).toBe(403);
  await set("always_use_https", "on");
  const reply = await ask(whole, bot, { plain: true, path: "/a?secret=1" });
  expect(reply).toMatchObject({ status: 301, headers: { location: `https://${bot}/a?secret=1` } });
  await set("always_use_https", "off");
  expect(JSON.stringify(whole.lines)).not.toContain("secret=1");
});

test("where a client is can be told, and decisions be asked for by ray", async () => {
  await whole.call("PUT", "/_sandbox/geography", { "127.0.0.0/8": "FR", "127.0.0.1/32": "US" });
  const reply = await ask(whole, bot);
  await whole.call("PUT", "/_sandbox/geography", {});
  const lines = await whole.call("GET", `/_sandbox/decisions?ray=${reply.ray}`);
  expect(lines).toMatchObject([{ ray: reply.ray!.split("-")[0], by: "waf", country: "US", client: "127.0.0.1" }]);
  const later = new Date(Date.now() + 60_000).toISOString();
  expect(await whole.call("GET", `/_sandbox/decisions?since=${later}`)).toEqual([]);
  await expect(whole.call("PUT", "/_sandbox/geography", { "127.0.0.0/8": "Germany" })).rejects.toThrow(/two capital/);
});

test("no line holds a cookie, a PIN or a token", async () => {
  const browser = whole.browser();
  await logIn(browser);
  const mails: { pin: string }[] = await whole.call("GET", "/_sandbox/mailbox.json");
  const text = JSON.stringify(whole.lines);
  const cookies = [...browser.cookies.values()].flatMap((jar) => [...jar.values()].map(({ value }) => value));
  expect(cookies.length).toBeGreaterThan(1);
  for (const secret of [...cookies, ...mails.map(({ pin }) => `"${pin}"`)]) expect(text).not.toContain(secret);
});
