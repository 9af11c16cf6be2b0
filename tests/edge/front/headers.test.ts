import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { EdgeRequest } from "../../../sandbox/edge/request";
import { ask, send } from "./clients";
import { type Front, field, setSetting, startFront } from "./frontWorld";

let front: Front;
beforeAll(async () => {
  front = await startFront();
});
afterAll(() => front.stop());
beforeEach(() => {
  front.received.length = 0;
});

const host = "app.agents.test";

test("an origin is told who asks, and nothing of the client's connection", async () => {
  const reply = await ask(front, host, {
    headers: { "user-agent": "browser", te: "trailers", "keep-alive": "timeout=5" },
  });
  const { headers } = front.received[0]!;
  expect(Object.fromEntries(headers)).toEqual({
    "user-agent": "browser",
    "cf-connecting-ip": "127.0.0.1",
    "cf-ipcountry": "DE",
    "cf-ray": reply.ray,
    "cf-visitor": '{"scheme":"https"}',
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    "cdn-loop": "cloudflare; loops=1",
  });
  await ask(front, host, { plain: true });
  expect(field(front.received[1]!.headers, "x-forwarded-proto")).toBe("http");
  expect(field(front.received[1]!.headers, "cf-visitor")).toBe('{"scheme":"http"}');
});

test.each([
  "cf-cloudflared-proxy-connection-upgrade",
  "cf-cloudflared-response-meta",
  "cf-int-anything",
  "CF-INT-Anything",
  "cf-ray",
  "cf-ipcountry",
  "cf-visitor",
  "cf-worker",
  "cf-ew-via",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "x-forwarded-proto",
  "x-real-ip",
  "proxy-authorization",
])("%s from a client is not believed", async (name) => {
  let seen: EdgeRequest | undefined;
  front.doubles.waf = async (request) => {
    seen = request;
    return { pass: true, steps: [] };
  };
  await ask(front, host, { headers: { [name]: "forged" } });
  expect(front.received[0]!.headers.map(([, value]) => value)).not.toContain("forged");
  expect(seen!.headers.map(([, value]) => value)).not.toContain("forged");
});

test("x-forwarded-for and cdn-loop are added to", async () => {
  await ask(front, host, { headers: { "x-forwarded-for": "192.0.2.1, 192.0.2.2", "cdn-loop": "other" } });
  expect(field(front.received[0]!.headers, "x-forwarded-for")).toBe("192.0.2.1, 192.0.2.2,127.0.0.1");
  expect(field(front.received[0]!.headers, "cdn-loop")).toBe("other, cloudflare; loops=1");
});

test("cf-access fields pass where Access says nothing, and only as it says where it does", async () => {
  const headers = { "cf-access-jwt-assertion": "forged", "cf-access-authenticated-user-email": "forged" };
  await ask(front, host, { headers });
  expect(field(front.received[0]!.headers, "cf-access-jwt-assertion")).toBe("forged");
  front.doubles.access = async () => ({
    pass: true,
    steps: [],
    dropped: ["cf-access-authenticated-user-email"],
    headers: [["cf-access-jwt-assertion", "signed"]],
    answerHeaders: [["set-cookie", "CF_Authorization=x"]],
  });
  const reply = await ask(front, host, { headers });
  front.doubles.access = async () => ({ pass: true, steps: [] });
  const access = front.received[1]!.headers.filter(([name]) => name.startsWith("cf-access-"));
  expect(access).toEqual([["cf-access-jwt-assertion", "signed"]]);
  expect(reply.headers["set-cookie"]).toEqual(["CF_Authorization=x"]);
});

test("a field that Connection names is the connection's, and cannot take the edge's own away", async () => {
  const bytes = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close, X-Secret, cf-connecting-ip, x-forwarded-for\r\nX-Secret: a\r\n\r\n`;
  await send(front, bytes, host);
  const { headers } = front.received[0]!;
  expect(field(headers, "x-secret")).toBeUndefined();
  expect(field(headers, "cf-connecting-ip")).toBe("127.0.0.1");
  expect(field(headers, "x-forwarded-for")).toBe("127.0.0.1");
});

test("answers are Cloudflare's: server, ray, and nothing of nginx's or the connection", async () => {
  const { request } = front.doubles;
  front.doubles.request = async (...args) => ({
    ...(await request(...args)),
    headers: [
      ["Server", "origin"],
      ["cf-ray", "forged"],
      ["x-accel-redirect", "/secret"],
      ["cf-cloudflared-response-meta", "x"],
      ["connection", "close"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["strict-transport-security", "max-age=1"],
    ],
  });
  const reply = await ask(front, host);
  expect(reply.headers).toMatchObject({
    server: "cloudflare",
    "cf-ray": expect.stringMatching(/^[0-9a-f]{16}-BOX$/),
    "cf-cache-status": "DYNAMIC",
    "set-cookie": ["a=1", "b=2"],
    "strict-transport-security": "max-age=1",
  });
  for (const name of ["x-accel-redirect", "cf-cloudflared-response-meta"])
    expect(reply.headers).not.toHaveProperty(name);

  const hsts = { enabled: true, max_age: 31536000, include_subdomains: true, preload: true, nosniff: true };
  setSetting(front.world, "security_header", { strict_transport_security: hsts });
  const secured = await ask(front, host);
  expect(secured.headers).toMatchObject({
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "x-content-type-options": "nosniff",
  });
  const plain = await ask(front, host, { plain: true });
  expect(plain.headers["strict-transport-security"]).toBe("max-age=1");
  const refused = await ask(front, "nobody.agents.test");
  expect(refused.headers).toMatchObject({ "strict-transport-security": expect.stringContaining("31536000") });
  front.doubles.request = request;
});
