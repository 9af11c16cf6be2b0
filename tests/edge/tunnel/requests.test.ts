import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { TunnelFailure, TunnelTimeout, TunnelUnavailable } from "../../../sandbox/edge/tunnel";
import { FakeConnector, type Handler, packed, respond } from "./fakeConnector";
import { startTestEdge, type TestEdge } from "./testEdge";
import { until } from "./until";

let edge: TestEdge;
beforeAll(async () => {
  edge = await startTestEdge({ limits: { answer: 800 } });
});
afterAll(() => edge.stop());

/** A tunnel with one connection that answers in a certain way. */
async function tunnelTo(handle: Handler) {
  const tunnel = edge.addTunnel();
  const connector = await FakeConnector.start(edge, tunnel, { handle });
  return {
    connector,
    send: (
      fields: { method?: string; target?: string; headers?: HeaderList; signal?: AbortSignal } = {},
      body?: Readable,
    ) => {
      const { method = "GET", target = "/", headers = [], signal } = fields;
      return edge.edge.request(tunnel.id, { method, host: "agent.example.com", target, headers }, body, signal);
    },
  };
}

const text = async (body: Readable) => (await body.setEncoding("utf8").toArray()).join("");

describe("a request", () => {
  it("reaches the connector with the client's fields as fields of HTTP/2", async () => {
    let seen: IncomingHttpHeaders = {};
    const { send } = await tunnelTo((stream, headers) => {
      seen = headers;
      respond(stream, 204);
      stream.end();
    });
    const target = "/a/../b%2f%2e%2e//c?q=%00&x";
    await send({
      method: "PATCH",
      target,
      headers: [
        ["host", "agent.example.com"],
        ["accept", "text/html"],
        ["cookie", "a=1"],
        ["cookie", "b=2"],
        ["x-forwarded-for", "203.0.113.7"],
        ["x-twice", "one"],
        ["x-twice", "two"],
        ["authorization", "Bearer first"],
        ["authorization", "Bearer second"],
        ["connection", "keep-alive, upgrade"],
        ["te", "gzip"],
        ["transfer-encoding", "chunked"],
        ["upgrade", "h2c"],
        ["__proto__", "polluted"],
        ["x-latin", "caf\u00e9"],
        ["cf-cloudflared-proxy-connection-upgrade", "control-stream"],
        ["cf-cloudflared-proxy-src", "10.0.0.1:22"],
      ],
    });
    const raw = Object.keys(seen);
    expect(seen).toMatchObject({
      ":method": "PATCH",
      ":path": target,
      ":authority": "agent.example.com",
      ":scheme": "https",
      accept: "text/html",
      cookie: "a=1; b=2",
      "x-forwarded-for": "203.0.113.7",
      "x-twice": "one, two",
      authorization: "Bearer first",
      "x-latin": "caf\u00e9",
    });
    for (const name of ["host", "connection", "te", "transfer-encoding", "upgrade"]) expect(raw).not.toContain(name);
    expect(raw.filter((name) => name.startsWith("cf-cloudflared-"))).toEqual([]);
  });

  it("may repeat every field that HTTP knows", async () => {
    const { send } = await tunnelTo((stream) => {
      respond(stream, 204);
      stream.end();
    });
    const known = Object.entries(constants).filter(([name]) => name.startsWith("HTTP2_HEADER_"));
    const names = known
      .map(([, value]) => String(value))
      .filter((name) => !name.startsWith(":") && name !== "content-length");
    expect(names.length).toBeGreaterThan(60);
    const { status } = await send({ headers: [...names, ...names].map((name) => [name, "1"]) });
    expect(status).toBe(204);
  });

  it("streams bodies both ways at once", async () => {
    const { send } = await tunnelTo((stream) => {
      respond(stream, 200);
      stream.pipe(stream);
    });
    const sent = new PassThrough();
    const answer = send({ method: "POST" }, sent);
    sent.write("one ");
    const { body } = await answer;
    expect(String((await once(body, "data"))[0])).toBe("one ");
    sent.end("two");
    expect(await text(body)).toBe("two");
  });

  it("may be large in both directions", async () => {
    const { send } = await tunnelTo((stream) => {
      respond(stream, 200, [["Content-Type", "application/octet-stream"]]);
      stream.pipe(stream);
    });
    const content = randomBytes(8 * 1024 * 1024);
    const { body } = await send(
      { method: "PUT", headers: [["content-length", String(content.length)]] },
      Readable.from(chunks(content)),
    );
    const hash = createHash("sha256");
    await pipeline(body, hash);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(content).digest("hex"));
  });

  it("is answered although its body was not wanted, and the body is taken off the client's hands", async () => {
    const { send } = await tunnelTo((stream) => {
      respond(stream, 403, [["content-type", "text/plain"]]);
      stream.end("no");
      stream.close(constants.NGHTTP2_NO_ERROR); // as Go does when a handler did not read
    });
    const upload = Readable.from(chunks(randomBytes(8 * 1024 * 1024)));
    const { status, body } = await send({ method: "POST" }, upload);
    expect([status, await text(body)]).toEqual([403, "no"]);
    await once(upload, "close");
    expect(upload.readableEnded).toBe(true);
    expect(upload.errored).toBeNull();
  });

  it("ends at the connector when the client stops sending, stops reading, or leaves before the answer", async () => {
    const codes: number[] = [];
    const opened: ServerHttp2Stream[] = [];
    let whole = 0;
    const { send } = await tunnelTo((stream, headers) => {
      opened.push(stream);
      // Node ends what was reset as well: only the code tells.
      if (headers[":method"] === "POST") stream.resume().once("end", () => (whole += stream.rstCode ? 0 : 1));
      stream.once("close", () => codes.push(stream.rstCode));
      if (headers[":path"] === "/silent") return;
      respond(stream, 200);
      stream.write("begin");
    });
    const upload = new PassThrough();
    const sending = await send({ method: "POST" }, upload);
    upload.destroy();
    await expect(sending.body.toArray()).rejects.toThrow("the answer broke off");

    const reading = await send({ method: "POST" }, new PassThrough());
    reading.body.destroy();

    const leaving = new AbortController();
    const silent = send({ target: "/silent", signal: leaving.signal });
    await until(() => opened.length === 3);
    leaving.abort();
    await expect(silent).rejects.toThrow("the client has gone");
    await until(() => codes.length === 3);
    expect(codes).toEqual(Array(3).fill(constants.NGHTTP2_CANCEL));
    expect(whole).toBe(0); // half a body passes for a whole one nowhere
    await expect(send({ signal: AbortSignal.abort() })).rejects.toThrow("the client has gone");
  });
});

describe("an answer", () => {
  it("brings the origin's fields, unpacked, without those of the connector's own connection", async () => {
    const { send } = await tunnelTo((stream) => {
      respond(stream, 418, [
        ["Content-Type", "text/plain"],
        ["Set-Cookie", "a=1; Path=/"],
        ["Set-Cookie", "b=2"],
        ["X-Colon", "a:b;c=d"],
        ["X-Latin", "caf\u00e9"],
        ["X-Empty", ""],
        ["Connection", "close, X-Hop"],
        ["X-Hop", "1"],
        ["Keep-Alive", "timeout=5"],
        ["Transfer-Encoding", "chunked"],
        ["Cf-Cloudflared-Response-Meta", "forged"],
        ["cf-int-secret", "forged"],
      ]);
      stream.end("teapot");
    });
    const { status, headers, source, body } = await send();
    expect([status, source, await text(body)]).toEqual([418, "origin", "teapot"]);
    expect(headers).toEqual([
      ["content-type", "text/plain"],
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2"],
      ["x-colon", "a:b;c=d"],
      ["x-latin", "caf\u00e9"],
      ["x-empty", ""],
    ]);
  });

  it("of the connector itself is told from one of the origin", async () => {
    const metas = [
      '{"src":"cloudflared"}',
      '{"src":"cloudflared","flow_rate_limited":true}',
      "{}",
      "nonsense",
      undefined,
    ];
    for (const meta of metas) {
      const { send } = await tunnelTo((stream) => {
        stream.respond({ ":status": 502, ...(meta && { "cf-cloudflared-response-meta": meta }) });
        stream.end();
      });
      expect(await send()).toMatchObject({ status: 502, source: "connector", headers: [] });
    }
  });

  it.each([
    ["a line break in a value", packed([["x-a", "1\r\nset-cookie: admin=1"]])],
    ["a line feed alone", packed([["x-a", "1\nx"]])],
    ["a zero byte", packed([["x-a", "1\0"]])],
    ["a name with a space", packed([["x a", "1"]])],
    ["an empty name", packed([["", "1"]])],
    ["a pseudo field", packed([[":status", "200"]])],
    ["a name without a value", { "cf-cloudflared-response-headers": "eC1h" }],
    ["three parts", { "cf-cloudflared-response-headers": "eC1h:MQ:MQ" }],
    ["no base64", { "cf-cloudflared-response-headers": "x-a:1;" }],
  ])("is not passed on with %s among its fields", async (_, fields) => {
    let closed = () => {};
    const ended = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { send, connector } = await tunnelTo((stream) => {
      stream.once("close", closed);
      stream.respond({ ":status": 200, ...fields, "cf-cloudflared-response-meta": '{"src":"origin"}' });
      stream.write("x");
    });
    const error = await send().catch((caught) => caught);
    expect(error).toBeInstanceOf(TunnelFailure);
    expect(error).not.toBeInstanceOf(TunnelUnavailable);
    await ended;
    expect(connector.socket.destroyed).toBe(false);
  });

  it("with more fields than the edge takes costs at most its connection", async () => {
    const { send } = await tunnelTo((stream) => {
      stream.respond({ ":status": 200, ...packed([["x-large", "x".repeat(60_000)]]) });
      stream.end();
    });
    await expect(send()).rejects.toThrow(TunnelFailure);
    const { send: other } = await tunnelTo((stream) => {
      respond(stream, 200, [["x-large", "x".repeat(40_000)]]);
      stream.end();
    });
    expect((await other()).headers[0]?.[1]).toHaveLength(40_000);
  });

  it("has its time from the end of the request on, however long that takes", async () => {
    const { send } = await tunnelTo((stream) => {
      stream.resume().once("end", () => {
        respond(stream, 201);
        stream.end();
      });
    });
    const upload = new PassThrough();
    const answer = send({ method: "POST" }, upload);
    upload.write("begun");
    setTimeout(() => upload.end(), 1200);
    expect((await answer).status).toBe(201);
  });

  it("that does not come is given up", async () => {
    let code = 0;
    const { send } = await tunnelTo((stream) => {
      stream.once("close", () => {
        code = stream.rstCode;
      });
    });
    await expect(send()).rejects.toThrow(TunnelTimeout);
    await until(() => code === constants.NGHTTP2_CANCEL);
  });

  it("that breaks off is seen to break off", async () => {
    const { send, connector } = await tunnelTo((stream) => {
      respond(stream, 200);
      stream.write("half");
    });
    const { body } = await send();
    connector.kill();
    await expect(text(body)).rejects.toThrow();
  });
});

function* chunks(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += 64 * 1024) yield content.subarray(at, at + 64 * 1024);
}
