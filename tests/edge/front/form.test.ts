import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask, askHttp2, send } from "./clients";
import { type Front, startFront } from "./frontWorld";

let front: Front;
beforeAll(async () => {
  front = await startFront();
});
afterAll(() => front.stop());
beforeEach(() => {
  front.received.length = 0;
});

const host = "Host: app.agents.test\r\n";
const close = "Connection: close\r\n";

/** Status and `cf-ray` of an answer as it came over the wire. */
function statusOf(text: string): { status: number; ray: string | undefined } {
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), ray: /\r\ncf-ray: (\S+)/i.exec(text)?.[1] };
}

test.each<[name: string, bytes: string, status: number, reason: RegExp]>([
  ["no host", `GET / HTTP/1.1\r\n${close}\r\n`, 400, /no host/],
  ["an empty host", `GET / HTTP/1.1\r\nHost:\r\n${close}\r\n`, 400, /no host/],
  ["two hosts", `GET / HTTP/1.1\r\n${host}Host: other.agents.test\r\n${close}\r\n`, 400, /several hosts/],
  ["the same host twice", `GET / HTTP/1.1\r\n${host}${host}${close}\r\n`, 400, /several hosts/],
  ["a host with a user", `GET / HTTP/1.1\r\nHost: a@app.agents.test\r\n${close}\r\n`, 400, /malformed host/],
  ["a host with a slash", `GET / HTTP/1.1\r\nHost: app.agents.test/x\r\n${close}\r\n`, 400, /malformed host/],
  ["an address for a host", `GET / HTTP/1.1\r\nHost: 198.51.100.3\r\n${close}\r\n`, 403, /an address/],
  ["an IPv6 address for a host", `GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n${close}\r\n`, 403, /an address/],
  ["CONNECT", `CONNECT app.agents.test:443 HTTP/1.1\r\n${host}\r\n`, 400, /CONNECT/],
  [
    "a body in a coding besides chunks",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n${close}\r\n0\r\n\r\n`,
    400,
    /transfer encoding/,
  ],
  [
    "chunks by HTTP/1.0",
    `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    /transfer encoding/,
  ],
  ["a target of *", `OPTIONS * HTTP/1.1\r\n${host}${close}\r\n`, 400, /no path/],
  [
    "an absolute target of another scheme",
    `GET ftp://app.agents.test/ HTTP/1.1\r\n${host}${close}\r\n`,
    400,
    /no path/,
  ],
  ["a fragment", `GET /a#b HTTP/1.1\r\n${host}${close}\r\n`, 400, /need encoding/],
  ["a target that is not ASCII", `GET /\xc3\xa9 HTTP/1.1\r\n${host}${close}\r\n`, 400, /need encoding|not HTTP/],
  ["a blank in the target", `GET /a b HTTP/1.1\r\n${host}${close}\r\n`, 400, /not HTTP/],
  ["no HTTP at all", `\x16\x03\x01\x02\x00\x01\r\n\r\n`, 400, /not HTTP/],
  ["a header field over two lines", `GET / HTTP/1.1\r\n${host}X-A: b\r\n c\r\n${close}\r\n`, 400, /not HTTP/],
  ["a blank before a colon", `GET / HTTP/1.1\r\n${host}X-A : b\r\n${close}\r\n`, 400, /not HTTP/],
  [
    "both lengths of a body",
    `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    /lengths of the body/,
  ],
  [
    "two content-lengths",
    `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    400,
    /lengths of the body/,
  ],
  ["a negative content-length", `POST / HTTP/1.1\r\n${host}Content-Length: -4\r\n\r\n`, 400, /length of the body/],
  [
    "another transfer encoding",
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    400,
    /encoding/,
  ],
  [
    "an upgrade with a body",
    `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc`,
    400,
    /a body before/,
  ],
  ["a URL of more than 32 KB", `GET /${"a".repeat(32 * 1024)} HTTP/1.1\r\n${host}${close}\r\n`, 414, /too long/],
  [
    "more than 128 KB of header fields",
    `GET / HTTP/1.1\r\n${host}X-A: ${"a".repeat(128 * 1024)}\r\n${close}\r\n`,
    431,
    /too large/,
  ],
  [
    "far more than 128 KB of header fields",
    `GET / HTTP/1.1\r\n${host}X-A: ${"a".repeat(512 * 1024)}\r\n${close}\r\n`,
    431,
    /too large/,
  ],
  ["cf-connecting-ip", `GET / HTTP/1.1\r\n${host}CF-Connecting-IP: 192.0.2.1\r\n${close}\r\n`, 403, /cf-connecting-ip/],
  [
    "two x-forwarded-for",
    `GET / HTTP/1.1\r\n${host}X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n${close}\r\n`,
    403,
    /several/,
  ],
  [
    "an x-forwarded-for of 101 characters",
    `GET / HTTP/1.1\r\n${host}X-Forwarded-For: ${"1".repeat(101)}\r\n${close}\r\n`,
    403,
    /too long/,
  ],
])("%s is refused by the edge", async (_, bytes, status, reason) => {
  for (const serverName of [undefined, "app.agents.test"]) {
    const answer = statusOf(await send(front, Buffer.from(bytes, "latin1"), serverName));
    expect(answer).toMatchObject({ status });
    expect(front.line(answer.ray)).toMatchObject({ by: "edge", status, reason: expect.stringMatching(reason) });
  }
  expect(front.received).toEqual([]);
});

test("what follows a refused request on its connection is not served", async () => {
  const smuggled = `0\r\n\r\nGET /second HTTP/1.1\r\n${host}\r\n`;
  const bytes = `POST /first HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`;
  expect((await send(front, bytes)).match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(front.received).toEqual([]);
});

test("a chunk that is none ends the connection without a second answer", async () => {
  front.doubles.waf = async () => ({ pass: false, steps: [], response: { status: 403, headers: [], body: "no" } });
  const text = await send(
    front,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nxyz\r\nGET / HTTP/1.1\r\n\r\n`,
  );
  front.doubles.waf = async () => ({ pass: true, steps: [] });
  expect(text.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(front.received).toEqual([]);
});

test.each([
  ["/a/../b/./c//d", "dots and doubled slashes"],
  ["/%61/%2e%2e/%2F?q=%20&q='\"<>{}|\\^`", "encodings"],
  ["/?", "an empty query"],
  ["/A;b=c", "parameters"],
  [`/${"a".repeat(32 * 1024 - 1)}`, "32 KB"],
])("the target %s reaches the origin as it was sent", async (target) => {
  await send(front, `GET ${target} HTTP/1.1\r\n${host}${close}\r\n`, "app.agents.test");
  expect(front.received).toMatchObject([{ target, host: "app.agents.test" }]);
});

test.each([
  ["http://app.agents.test/a?b", "/a?b"],
  ["HTTPS://APP.agents.test:443/a", "/a"],
  ["http://app.agents.test?b", "/?b"],
  ["http://app.agents.test", "/"],
])("the absolute target %s names host and path", async (absolute, target) => {
  await send(front, `GET ${absolute} HTTP/1.1\r\nHost: nobody.agents.test\r\n${close}\r\n`, "app.agents.test");
  expect(front.received).toMatchObject([{ target, host: "app.agents.test" }]);
});

test.each(["APP.agents.TEST", "app.agents.test:443", "app.agents.test."])(
  "the host %s is the same host",
  async (written) => {
    await send(front, `GET / HTTP/1.1\r\nHost: ${written}\r\n${close}\r\n`, "app.agents.test");
    expect(front.received).toMatchObject([{ host: "app.agents.test" }]);
  },
);

test("HTTP/1.0 is served, and an upgrade to anything but WebSocket is an ordinary request", async () => {
  expect(await send(front, `GET / HTTP/1.0\r\n${host}\r\n`)).toMatch(/^HTTP\/1\.1 200 [\s\S]*hello$/);
  const bytes = `GET / HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n`;
  expect(await send(front, bytes)).toMatch(/^HTTP\/1\.1 200 [\s\S]*hello/);
  expect(front.received).toHaveLength(2);
  expect(front.received[1]!.headers.map(([name]) => name)).not.toContain("http2-settings");
});

test("several requests on one connection are answered in their order", async () => {
  const text = await send(front, `GET /1 HTTP/1.1\r\n${host}\r\nGET /2 HTTP/1.1\r\n${host}${close}\r\n`);
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  expect(front.received.map(({ target }) => target)).toEqual(["/1", "/2"]);
});

test("HTTP/2: authority and host must agree", async () => {
  const good = { ":path": "/x", ":authority": "app.agents.test" };
  expect(await askHttp2(front, "app.agents.test", { ...good, host: "app.agents.test" })).toMatchObject({ status: 200 });
  expect(await askHttp2(front, "app.agents.test", { ...good, host: "other.agents.test" })).toMatchObject({
    status: 400,
  });
  expect(front.received).toHaveLength(1);
});

test("HTTP/2: the cookie's crumbs are joined", async () => {
  await askHttp2(front, "app.agents.test", { ":path": "/", ":authority": "app.agents.test", cookie: ["a=1", "b=2"] });
  expect(front.received[0]!.headers).toContainEqual(["cookie", "a=1; b=2"]);
});

test("a host is served for another server name of the same account alone", async () => {
  for (const serverName of ["other.agents.test", "any.sister.test"]) {
    expect(await ask(front, "app.agents.test", { serverName })).toMatchObject({ status: 200 });
  }
  for (const serverName of ["any.strange.test", "acme.cloudflareaccess.com"]) {
    const reply = await ask(front, "app.agents.test", { serverName });
    expect(reply).toMatchObject({ status: 403, body: expect.stringContaining("403 Forbidden") });
    expect(front.line(reply.ray)).toMatchObject({ by: "edge", reason: "host and server name differ" });
  }
  expect(await ask(front, "acme.cloudflareaccess.com", { serverName: "app.agents.test" })).toMatchObject({
    status: 403,
  });
  expect(await ask(front, "example.com", { serverName: "app.agents.test" })).toMatchObject({ status: 403 });
  expect(front.received).toHaveLength(2);
});
