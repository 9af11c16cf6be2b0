import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TunnelFailure, TunnelTimeout } from "../../../sandbox/edge/tunnel";
import { ask, type Question } from "./clients";
import {
  addRecord,
  addTunnel,
  type Front,
  otherAccountId,
  setSetting,
  startFront,
  strangeZone,
  teamHost,
} from "./frontWorld";

let front: Front;
beforeAll(async () => {
  front = await startFront();
  const { world } = front;
  addRecord(world, "alias.agents.test", "app.agents.test");
  addRecord(world, "*.agents.test", "app.agents.test");
  addRecord(world, "own.sister.test", "app.agents.test");
  addRecord(world, "grey.agents.test", `${front.tunnel.id}.cfargotunnel.com`, { proxied: false });
  addRecord(world, "text.agents.test", "hello", { type: "TXT", proxied: false });
  addRecord(world, "address.agents.test", "192.0.2.1", { type: "A" });
  addRecord(world, "outside.agents.test", "example.com");
  addRecord(world, "a.round.agents.test", "b.round.agents.test");
  addRecord(world, "b.round.agents.test", "a.round.agents.test");
  addRecord(world, "round.agents.test", "a.round.agents.test");
  addRecord(world, "idle.agents.test", `${addTunnel(world).id}.cfargotunnel.com`);
  const deleted = addTunnel(world, { deleted_at: "2026-11-25T00:00:00Z" });
  addRecord(world, "deleted.agents.test", `${deleted.id}.cfargotunnel.com`);
  addRecord(world, "none.agents.test", "00000000-0000-0000-0000-000000000000.cfargotunnel.com");
  addRecord(world, "foreign.agents.test", `${addTunnel(world, { account_tag: otherAccountId }).id}.cfargotunnel.com`);
  addRecord(world, `thief.${strangeZone.name}`, `${front.tunnel.id}.cfargotunnel.com`);
});
afterAll(() => front.stop());
beforeEach(() => {
  front.received.length = 0;
});

test.each([
  ["app.agents.test", "a record of its own"],
  ["alias.agents.test", "an alias of the same zone"],
  ["whatever.agents.test", "a wildcard"],
  ["own.sister.test", "an alias into another zone of the account"],
])("%s is served, having %s", async (host) => {
  expect(await ask(front, host)).toMatchObject({ status: 200, body: "hello" });
  expect(front.received).toMatchObject([{ host, tunnelId: front.tunnel.id }]);
});

test.each<[host: string, status: number, code: number, reason: RegExp]>([
  ["text.agents.test", 530, 1016, /no record for text/],
  ["nobody.sister.test", 530, 1016, /no record for nobody/],
  ["outside.agents.test", 530, 1016, /no record for example\.com/],
  ["round.agents.test", 530, 1016, /in circles/],
  ["grey.agents.test", 409, 1001, /not proxied/],
  ["address.agents.test", 522, 522, /no origin in the sandbox/],
  ["idle.agents.test", 530, 1033, /no connector/],
  ["deleted.agents.test", 530, 1033, /deleted/],
  ["none.agents.test", 530, 1033, /no tunnel/],
  ["foreign.agents.test", 530, 1033, /another account/],
  ["thief.strange.test", 530, 1033, /another account/],
])("%s is refused with %s, error %s", async (host, status, code, reason) => {
  const brief = await ask(front, host);
  expect(brief).toMatchObject({ status, body: `error code: ${code}` });
  expect(brief.headers).toMatchObject({ server: "cloudflare", "content-type": "text/plain; charset=UTF-8" });
  expect(front.line(brief.ray)).toMatchObject({ by: "edge", status, host, reason: expect.stringMatching(reason) });
  const page = await ask(front, host, { headers: { accept: "text/html,*/*" } });
  expect(page.status).toBe(status);
  expect(page.body).toContain(`<h1>Error ${code}</h1>`);
  expect(page.body).toContain(page.ray!.split("-")[0]);
  expect(front.received).toEqual([]);
});

test("a name in no zone has no certificate, and by plain HTTP no site", async () => {
  const reply = await ask(front, "example.com", { plain: true });
  expect(reply).toMatchObject({ status: 409, body: "error code: 1001" });
  expect(front.line(reply.ray)).toMatchObject({ by: "edge", reason: "error 1001: in no zone" });
});

test("plain HTTP is served, or sent to HTTPS when the zone wants that; a team's pages always are", async () => {
  const question: Question = { plain: true, path: "/a?b=%2f" };
  expect(await ask(front, "app.agents.test", question)).toMatchObject({ status: 200 });
  setSetting(front.world, "always_use_https", "on");
  const sent = await ask(front, "app.agents.test", question);
  expect(sent).toMatchObject({ status: 301, headers: { location: "https://app.agents.test/a?b=%2f" } });
  expect(front.line(sent.ray)).toMatchObject({ by: "edge", reason: "to HTTPS", path: "/a" });
  expect(front.received).toHaveLength(1);
  const post = await ask(front, "app.agents.test", { ...question, method: "POST", body: "x" });
  expect(post.status).toBe(301);
  setSetting(front.world, "always_use_https", "off");
  expect(await ask(front, teamHost, question)).toMatchObject({ status: 301 });
});

test("the team's own name leads to its login pages", async () => {
  const reply = await ask(front, teamHost, { path: "/cdn-cgi/access/certs" });
  expect(reply).toMatchObject({ status: 200, body: "acme GET /cdn-cgi/access/certs" });
  expect(front.line(reply.ray)).toMatchObject({ by: "access" });
});

test.each([
  "/cdn-cgi/trace",
  "/cdn-cgi",
  "/CDN-CGI/x",
  "/%63dn-cgi/x",
  "/a/../cdn-cgi/x",
  "//cdn-cgi/x",
  "/a/%2e%2e/cdn-cgi/x",
  "/cdn-cgi%2fx",
  "/\\cdn-cgi/x",
])("%s never reaches an origin", async (path) => {
  const reply = await ask(front, "app.agents.test", { path });
  expect(reply.status).toBe(404);
  expect(front.line(reply.ray)).toMatchObject({ by: "edge", reason: "below /cdn-cgi/" });
  expect(front.received).toEqual([]);
});

test("a connector's 502, and one that is lost, are Cloudflare's bad gateway; one that is slow is a timeout", async () => {
  const { request } = front.doubles;
  front.doubles.request = async (...args) => ({ ...(await request(...args)), status: 502, source: "connector" });
  const connector = await ask(front, "app.agents.test", { headers: { accept: "text/html" } });
  expect(connector).toMatchObject({ status: 502, body: expect.stringContaining("Unable to reach the origin service") });
  expect(front.line(connector.ray)).toMatchObject({ by: "connector", status: 502 });
  front.doubles.request = async () => {
    throw new TunnelFailure("the connection was lost");
  };
  const lost = await ask(front, "app.agents.test");
  expect(lost).toMatchObject({ status: 502, body: "error code: 502" });
  expect(front.line(lost.ray)).toMatchObject({ by: "edge", reason: "the connection was lost" });
  front.doubles.request = async () => {
    throw new TunnelTimeout("no answer");
  };
  expect(await ask(front, "app.agents.test")).toMatchObject({ status: 524 });
  front.doubles.request = async (...args) => ({ ...(await request(...args)), status: 403, source: "connector" });
  const refused = await ask(front, "app.agents.test");
  expect(front.line(refused.ray)).toMatchObject({ by: "connector", status: 403, tunnel: front.tunnel.id });
  front.doubles.request = request;
});

test("a fault of a layer is answered with 500 and goes no further", async () => {
  const { access } = front.doubles;
  front.doubles.access = async () => {
    throw new Error("a fault made for this test");
  };
  const reply = await ask(front, "app.agents.test");
  front.doubles.access = access;
  expect(reply.status).toBe(500);
  expect(reply.body).not.toContain("fault");
  expect(front.received).toEqual([]);
});
