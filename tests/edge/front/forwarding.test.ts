import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { PassThrough, Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import WebSocket from "ws";
import { ask, askHttp2, send } from "./clients";
import { type Front, field, setSetting, startFront, zone } from "./frontWorld";

let front: Front;
let original: Front["doubles"];
beforeAll(async () => {
  front = await startFront();
  original = { ...front.doubles };
});
afterEach(() => Object.assign(front.doubles, original));
afterAll(() => front.stop());
beforeEach(() => {
  front.received.length = 0;
});

const host = "app.agents.test";
const megabyte = 1024 * 1024;

test("method, path and body arrive, over HTTP/1.1 and HTTP/2", async () => {
  const body = "b".repeat(200_000);
  await ask(front, host, { method: "PUT", path: "/1?a", body });
  await askHttp2(front, host, { ":method": "PUT", ":path": "/2?a", ":authority": host }, body);
  expect(front.received.map(({ method, target, body: given }) => [method, target, given.toString() === body])).toEqual([
    ["PUT", "/1?a", true],
    ["PUT", "/2?a", true],
  ]);
  expect(front.lines.at(-1)).toMatchObject({
    method: "PUT",
    path: "/2",
    status: 200,
    by: "origin",
    tunnel: front.tunnel.id,
  });
});

test("a body that a layer has read still reaches the origin", async () => {
  front.doubles.waf = async (request) => {
    expect((await request.body(100)).toString()).toBe("payload");
    expect((await request.body(100)).toString()).toBe("payload");
    return { pass: true, steps: [] };
  };
  await ask(front, host, { method: "POST", body: "payload" });
  expect(front.received[0]!.body.toString()).toBe("payload");
});

test("a layer that can read no more than a body has gets an error, and the client an answer", async () => {
  front.doubles.waf = async (request) => {
    const said = await request.body(3).catch((error: Error) => error.message);
    return { pass: false, steps: [], response: { status: 403, headers: [], body: String(said) } };
  };
  const reply = await ask(front, host, { method: "POST", body: "payload" });
  expect(reply).toMatchObject({ status: 403, body: "the body has more than 3 bytes" });
});

test("a layer that gives up on a body that is too large for it", async () => {
  front.doubles.access = async (request) => {
    await request.body(3);
    return { pass: true, steps: [] };
  };
  expect(await ask(front, host, { method: "POST", body: "payload" })).toMatchObject({ status: 413 });
  expect(front.lines.at(-1)).toMatchObject({ by: "edge", reason: "the body has more than 3 bytes" });
});

test("bodies larger than the plan allows are refused, announced or not", async () => {
  setSetting(front.world, "max_upload", 1);
  const announced = await ask(front, host, { method: "POST", headers: { "content-length": 200 * megabyte }, body: "" });
  expect(announced).toMatchObject({ status: 413 });
  expect(front.received).toEqual([]);
  const body = Buffer.alloc(2 * megabyte);
  const streamed = await askHttp2(
    front,
    host,
    { ":method": "POST", ":path": "/", ":authority": host },
    body.toString(),
  );
  expect(streamed).toMatchObject({ status: 413 });
  const line = front.lines.at(-1);
  expect(line).toMatchObject({ by: "edge", status: 413, reason: "the body is larger than the plan allows" });
  const chunked = `${(2 * megabyte).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const text = await send(front, `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
  expect(front.received).toEqual([]);
  delete front.world.state.zone_settings[zone.id]!.max_upload;
  expect(await ask(front, host, { method: "POST", body })).toMatchObject({ status: 200 });
  expect(front.received[0]!.body).toHaveLength(2 * megabyte);
});

test("an answer streams: its beginning is there before its end", async () => {
  const { request } = original;
  const stream = new PassThrough();
  front.doubles.request = async (...args) => ({ ...(await request(...args)), body: stream });
  const { port, ca } = { port: front.edge.ports.https, ca: front.ca };
  const sent = httpsRequest({ host: "127.0.0.1", port, ca, servername: host, headers: { host }, agent: false }).end();
  const [response] = await once(sent, "response");
  stream.write("data: 1\n\n");
  expect(String((await once(response, "data"))[0])).toBe("data: 1\n\n");
  stream.end("data: 2\n\n");
  expect(String((await once(response, "data"))[0])).toBe("data: 2\n\n");
  await once(response, "end");
});

test("a client that leaves ends the request at the origin, before the answer and in it", async () => {
  const { request } = original;
  let signal: AbortSignal | undefined;
  front.doubles.request = (_id, _request, _body, given) => {
    signal = given;
    return new Promise((_, reject) => given!.addEventListener("abort", () => reject(new Error("aborted"))));
  };
  const options = {
    host: "127.0.0.1",
    port: front.edge.ports.https,
    ca: front.ca,
    servername: host,
    headers: { host },
  };
  const waiting = httpsRequest({ ...options, agent: false }).end();
  waiting.on("error", () => {});
  await vi.waitFor(() => expect(signal).toBeDefined());
  waiting.destroy();
  await vi.waitFor(() => expect(signal!.aborted).toBe(true));
  await vi.waitFor(() => expect(front.lines.at(-1)).toMatchObject({ status: 499, reason: "the client left" }));

  const stream = new PassThrough();
  front.doubles.request = async (...args) => ({ ...(await request(...args)), body: stream });
  const reading = httpsRequest({ ...options, agent: false }).end();
  reading.on("error", () => {});
  const [response] = await once(reading, "response");
  stream.write("x");
  await once(response, "data");
  response.destroy();
  await vi.waitFor(() => expect(stream.destroyed).toBe(true));
});

test.each([
  ["shorter", "4", "abc"],
  ["longer", "2", "abc"],
])("an answer %s than it says breaks off, so that no other takes the rest's place", async (_, length, body) => {
  const { request } = original;
  front.doubles.request = async (...args) => ({
    ...(await request(...args)),
    headers: [["content-length", length]],
    body: Readable.from([body]),
  });
  await expect(ask(front, host)).rejects.toThrow();
});

test("HEAD, 204 and 304 have no body, and HEAD keeps the length", async () => {
  const { request } = original;
  front.doubles.request = async (...args) => ({
    ...(await request(...args)),
    headers: [["content-length", "1000"]],
    body: Readable.from([]),
  });
  expect(await ask(front, host, { method: "HEAD" })).toMatchObject({
    status: 200,
    headers: { "content-length": "1000" },
  });
  const head = await askHttp2(front, host, { ":method": "HEAD", ":path": "/", ":authority": host });
  expect(head).toMatchObject({ status: 200, headers: { "content-length": "1000" } });
  for (const status of [204, 304]) {
    front.doubles.request = async (...args) => ({ ...(await request(...args)), status, body: Readable.from([]) });
    expect(await ask(front, host)).toMatchObject({ status, body: "" });
  }
});

function webSocket(): WebSocket {
  const options: WebSocket.ClientOptions & { servername: string } = {
    servername: host,
    ca: front.ca,
    headers: { host },
  };
  return new WebSocket(`wss://127.0.0.1:${front.edge.ports.https}/socket`, options);
}

test("a WebSocket is handed through with its first bytes", async () => {
  // The double gives back raw bytes, so the client's own library would not take them for an answer.
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const bytes = `GET /socket?t=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: ${key}\r\n\r\nfirst`;
  const { upgrade } = original;
  const stream = new PassThrough();
  front.doubles.upgrade = async (...args) => ({ ...(await upgrade(...args)), stream });
  const answer = send(front, bytes, host);
  const first = await once(stream, "data");
  expect(String(first[0])).toBe("first");
  stream.end();
  const text = await answer;
  expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*sec-websocket-accept: x\r\n[\s\S]*first$/);
  expect(text).toMatch(/\r\nupgrade: websocket\r\n/i);
  expect(field(front.received[0]!.headers, "sec-websocket-key")).toBe(key);
  expect(front.lines.at(-1)).toMatchObject({ status: 101, by: "origin", path: "/socket" });
});

test.each([
  ["the firewall", "waf"],
  ["Access", "access"],
] as const)("a WebSocket that %s refuses gets its answer", async (_, layer) => {
  front.doubles[layer] = async (request) => {
    expect(request.websocket).toBe(true);
    const steps = [{ by: layer, verdict: "block" as const, reason: "a rule" }];
    return { pass: false, steps, response: { status: 403, headers: [], body: "no" } };
  };
  const socket = webSocket();
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(403);
  expect(front.line(response.headers["cf-ray"])).toMatchObject({ by: layer, reason: "a rule", status: 403 });
  expect(front.received).toEqual([]);
});

test("an origin that does not want the WebSocket answers for itself", async () => {
  const { upgrade } = original;
  front.doubles.upgrade = async (...args) => {
    const stream = new PassThrough().end("not here");
    return { ...(await upgrade(...args)), status: 404, headers: [], stream };
  };
  const socket = webSocket();
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  expect(response.statusCode).toBe(404);
  expect(String((await once(response, "data"))[0])).toBe("not here");
});

test("with WebSockets off the request goes on as an ordinary one", async () => {
  setSetting(front.world, "websockets", "off");
  const socket = webSocket();
  socket.on("error", () => {});
  const [, response] = await once(socket, "unexpected-response");
  setSetting(front.world, "websockets", "on");
  expect(response.statusCode).toBe(200);
  expect(field(front.received[0]!.headers, "upgrade")).toBeUndefined();
});

test("closing the edge ends what is open", async () => {
  const own = await startFront();
  const stream = new PassThrough();
  own.doubles.upgrade = async () => ({ status: 101, headers: [], source: "origin", stream });
  const bytes = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const answer = send(own, bytes, host);
  await vi.waitFor(() => expect(own.lines).toHaveLength(1));
  await own.stop();
  await answer;
  expect(stream.destroyed).toBe(true);
});
