import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { PassThrough } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ask, send } from "./clients";
import { type Front, startFront } from "./frontWorld";

let front: Front;
let original: Front["doubles"];
beforeAll(async () => {
  front = await startFront();
  original = { ...front.doubles };
});
afterEach(async () => {
  Object.assign(front.doubles, original);
  // An error that nobody took would have ended the test run; what is left to see is that it still serves.
  expect(await ask(front, host)).toMatchObject({ status: 200 });
});
afterAll(() => front.stop());

const host = "app.agents.test";

function socket(options: ConnectionOptions = {}): TLSSocket {
  const { ports } = front.edge;
  const opened = connectTls({ host: "127.0.0.1", port: ports.https, servername: host, ca: front.ca, ...options });
  opened.on("error", () => {});
  return opened;
}

async function session(over = socket({ ALPNProtocols: ["h2"] })): Promise<ClientHttp2Session> {
  const opened = connectHttp2(`https://${host}`, { createConnection: () => over });
  opened.on("error", () => {});
  await once(opened, "connect");
  return opened;
}

/** Keeps requests waiting, and tells when one has come. */
function neverAnswer(): { asked: Promise<AbortSignal> } {
  return {
    asked: new Promise((resolve) => {
      front.doubles.request = (_id, _request, body, signal) => {
        body?.resume();
        resolve(signal!);
        return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(new Error("aborted"))));
      };
    }),
  };
}

test.each([constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_PROTOCOL_ERROR])(
  "an HTTP/2 stream reset with code %i while its answer is waited for, body and all",
  async (code) => {
    const { asked } = neverAnswer();
    const client = await session();
    const stream = client.request({ ":method": "POST", ":path": "/" });
    stream.on("error", () => {});
    stream.write("part");
    const signal = await asked;
    stream.close(code);
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    client.destroy();
  },
);

test("an HTTP/2 stream reset in the middle of its answer", async () => {
  const body = new PassThrough();
  front.doubles.request = async (...args) => ({ ...(await original.request(...args)), body });
  const client = await session();
  const stream = client.request({ ":path": "/" });
  stream.on("error", () => {});
  body.write("part");
  await once(stream, "data");
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  await vi.waitFor(() => expect(body.destroyed).toBe(true));
  client.destroy();
});

test("a connection cut in the middle of a body, by HTTP/1.1 and HTTP/2", async () => {
  for (const cut of ["1.1", "2"]) {
    const { asked } = neverAnswer();
    if (cut === "2") {
      const over = socket({ ALPNProtocols: ["h2"] });
      const client = await session(over);
      client
        .request({ ":method": "POST", ":path": "/" })
        .on("error", () => {})
        .write("part");
      await asked;
      over.destroy();
    } else {
      const client = socket();
      client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\npart`);
      await asked;
      client.destroy();
    }
    await vi.waitFor(async () => expect((await asked).aborted).toBe(true));
  }
});

test("a body cut while a layer reads it", async () => {
  let failed = false;
  front.doubles.waf = async (request) => {
    await request.body(10_000).catch(() => {
      failed = true;
    });
    return { pass: true, steps: [] };
  };
  const client = socket();
  client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\npart`);
  await once(client, "secureConnect");
  setTimeout(() => client.destroy(), 50);
  await vi.waitFor(() => expect(failed).toBe(true));
});

test("a WebSocket cut by either side", async () => {
  for (const side of ["client", "origin"]) {
    const stream = new PassThrough();
    front.doubles.upgrade = async () => ({ status: 101, headers: [], source: "origin", stream });
    const client = socket();
    client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await once(client, "data");
    const ended = once(client, "close");
    if (side === "client") client.destroy();
    else stream.destroy(new Error("lost"));
    await ended;
    await vi.waitFor(() => expect(stream.destroyed).toBe(true));
  }
});

test("an origin that breaks off in the middle of its answer", async () => {
  for (const client of ["1.1", "2"]) {
    const body = new PassThrough();
    front.doubles.request = async (...args) => {
      body.write("part");
      setTimeout(() => body.destroy(new Error("lost")), 20);
      return { ...(await original.request(...args)), body };
    };
    if (client === "1.1") {
      await expect(ask(front, host)).rejects.toThrow();
    } else {
      const opened = await session();
      const stream = opened.request({ ":path": "/" });
      stream.resume();
      await once(stream, "error");
      opened.destroy();
    }
  }
});

test("an answer with a status that is none is a bad gateway", async () => {
  for (const status of [0, 101, 1000]) {
    front.doubles.request = async (...args) => ({ ...(await original.request(...args)), status });
    expect(await ask(front, host)).toMatchObject({ status: 502 });
  }
});

test("HTTP/2 by CONNECT is refused", async () => {
  const client = await session();
  const stream = client.request({ ":method": "CONNECT", ":authority": host });
  stream.on("error", () => {});
  const [headers] = await once(stream, "response");
  expect(headers[":status"]).toBe(400);
  expect(front.line(headers["cf-ray"])).toMatchObject({ by: "edge", method: "CONNECT" });
  client.destroy();
});

test("half a request, and bytes that are no HTTP/2", async () => {
  const half = socket();
  half.write("GET / HT");
  await once(half, "secureConnect");
  half.destroy();
  const garbage = socket({ ALPNProtocols: ["h2"] });
  garbage.write("GET / HTTP/1.1\r\n\r\n");
  garbage.resume();
  await once(garbage, "close");
});

test("a client that resets its connection before what it sent is read: its address is not known, so nothing goes on", async () => {
  const before = { received: front.received.length, lines: front.lines.length };
  for (let count = 0; count < 10; count++) {
    for (const bytes of [`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`, "no HTTP\r\n\r\n"]) {
      const client = connectTcp({ host: "127.0.0.1", port: front.edge.ports.http });
      await once(client, "connect");
      client.write(bytes, () => client.resetAndDestroy());
      await once(client, "close");
    }
  }
  expect(await ask(front, host)).toMatchObject({ status: 200 });
  const unknown = front.lines.slice(before.lines).filter((line) => line.kind === "request" && line.client === "");
  for (const line of unknown) expect(line).toMatchObject({ country: "XX", status: 499, by: "edge" });
  for (const { headers } of front.received.slice(before.received)) {
    expect(headers).toContainEqual(["cf-connecting-ip", "127.0.0.1"]);
  }
});

test("another protocol asked for while an answer is under way ends the connection", async () => {
  const { asked } = neverAnswer();
  for (const second of [
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    "GET / HTTP/1.1\r\nHost: nowhere.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "CONNECT nowhere.test:80 HTTP/1.1\r\nHost: nowhere.test:80\r\n\r\n",
  ]) {
    expect(await send(front, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n${second}`, host)).toBe("");
  }
  expect((await asked).aborted).toBe(true);
});

test("a WebSocket on a connection that has carried answers before", async () => {
  const client = socket({ ALPNProtocols: ["http/1.1"] });
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await vi.waitFor(() => expect(front.received.length).toBeGreaterThan(0));
  await once(client, "data");
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  await vi.waitFor(() => expect(front.lines.at(-1)).toMatchObject({ status: 101 }));
  client.destroy();
});

test("CONNECT with a whole URL is no way to an origin", async () => {
  const before = front.received.length;
  const bytes = `CONNECT http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  expect(await send(front, bytes, host)).toMatch(/^HTTP\/1\.1 400 /);
  expect(front.received).toHaveLength(before);
});
