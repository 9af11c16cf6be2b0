import { once } from "node:events";
import { constants, type ServerHttp2Stream } from "node:http2";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TunnelFailure, TunnelUnavailable } from "../../../sandbox/edge/tunnel";
import { FakeConnector, type Handler, respond } from "./fakeConnector";
import { startTestEdge, type TestEdge, type TestTunnel } from "./testEdge";
import { wire } from "./wire";

let edge: TestEdge;
beforeEach(async () => {
  edge = await startTestEdge();
});
afterEach(() => edge.stop());

const get = { method: "GET", host: "agent.example.com", target: "/", headers: [] };
const text = async (body: Readable) => (await body.setEncoding("utf8").toArray()).join("");
const ask = async (tunnel: TestTunnel) => text((await edge.edge.request(tunnel.id, get, undefined)).body);
const saying =
  (words: string): Handler =>
  (stream) => {
    respond(stream, 200);
    stream.end(words);
  };

describe("requests", () => {
  it("have nowhere to go without a connection, or to a tunnel there is not", async () => {
    for (const id of [edge.addTunnel().id, "no-such-tunnel", "__proto__"]) {
      expect(edge.edge.connected(id)).toBe(false);
      await expect(edge.edge.request(id, get, undefined)).rejects.toThrow(TunnelUnavailable);
      await expect(edge.edge.upgrade(id, get)).rejects.toThrow(TunnelUnavailable);
    }
  });

  it("go to the replicas in turn, and to no other tunnel", async () => {
    const [tunnel, other] = [edge.addTunnel(), edge.addTunnel()];
    for (const name of ["a", "b", "c"]) await FakeConnector.start(edge, tunnel, { handle: saying(name) });
    await FakeConnector.start(edge, other, { handle: saying("other") });
    const answers: string[] = [];
    for (let count = 0; count < 6; count += 1) answers.push(await ask(tunnel));
    expect(answers.slice(0, 3).sort()).toEqual(["a", "b", "c"]);
    expect(answers.slice(3).sort()).toEqual(["a", "b", "c"]);
    expect(await ask(other)).toBe("other");
  });

  it("go on to the next replica when one has died or would not take them", async () => {
    const tunnel = edge.addTunnel();
    // Stops as HTTP/2 has it: what came after the control stream, stream 1, was not looked at.
    await FakeConnector.start(edge, tunnel, {
      handle: (stream) => stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1),
    });
    const dying = await FakeConnector.start(edge, tunnel);
    await FakeConnector.start(edge, tunnel, { handle: saying("alive") });
    dying.kill();
    await edge.event(tunnel.id, "gone");
    for (let count = 0; count < 4; count += 1) expect(await ask(tunnel)).toBe("alive");
  });

  it("that may have been acted on are not sent twice", async () => {
    const tunnel = edge.addTunnel();
    let taken = 0;
    const take = (connector: () => FakeConnector) => () => {
      taken += 1;
      connector().kill();
    };
    const first: FakeConnector = await FakeConnector.start(edge, tunnel, { handle: take(() => first) });
    const second: FakeConnector = await FakeConnector.start(edge, tunnel, { handle: take(() => second) });
    const sending = edge.edge.request(tunnel.id, { ...get, method: "POST" }, Readable.from(["x"]));
    await expect(sending).rejects.toThrow("the connection was lost");
    await expect(sending).rejects.not.toThrow(TunnelUnavailable);
    expect(taken).toBe(1);
  });
});

describe("a connector that leaves", () => {
  it("is let finish what is open and gets nothing new", async () => {
    const tunnel = edge.addTunnel();
    const streams: ServerHttp2Stream[] = [];
    const connector = await FakeConnector.start(edge, tunnel, {
      handle: (stream) => {
        streams.push(stream);
        respond(stream, 200);
        stream.write("begun ");
      },
    });
    const { body } = await edge.edge.request(tunnel.id, get, undefined);
    await connector.unregister();
    expect(await edge.event(tunnel.id, "gone")).toMatchObject({ reason: "the connector unregistered it" });
    expect(tunnel.tunnel.connections).toEqual([]);
    await expect(edge.edge.request(tunnel.id, get, undefined)).rejects.toThrow(TunnelUnavailable);
    streams[0]?.end("and done");
    expect(await text(body)).toBe("begun and done");
    await connector.closed;
    expect(edge.events.filter(({ verdict }) => verdict === "gone")).toHaveLength(1);
  });

  it("makes way for one that comes, without a gap", async () => {
    const tunnel = edge.addTunnel();
    const old = await FakeConnector.start(edge, tunnel, { handle: saying("old") });
    expect(await ask(tunnel)).toBe("old");
    await FakeConnector.start(edge, tunnel, { handle: saying("new") });
    await old.unregister();
    expect(await ask(tunnel)).toBe("new");
  });

  it("is noticed at once when it dies, with what was open on it", async () => {
    const tunnel = edge.addTunnel();
    const connector = await FakeConnector.start(edge, tunnel, { handle: () => {} });
    const lost = edge.edge.request(tunnel.id, get, undefined);
    lost.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    const died = Date.now();
    connector.kill();
    await expect(lost).rejects.toThrow(TunnelFailure);
    expect(await edge.event(tunnel.id, "gone")).toMatchObject({ reason: "the connection was lost" });
    expect(Date.now() - died).toBeLessThan(1000);
    expect(edge.edge.connected(tunnel.id)).toBe(false);
  });

  it("is noticed by its silence when the line is cut", async () => {
    const impatient = await startTestEdge({ limits: { ping: 200, pong: 1000 } });
    const tunnel = impatient.addTunnel();
    const cable = await wire(impatient.port);
    await FakeConnector.start(impatient, tunnel, { port: cable.port });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(impatient.edge.connected(tunnel.id)).toBe(true);
    cable.cut();
    expect(await impatient.event(tunnel.id, "gone")).toMatchObject({ reason: "it did not answer a ping" });
    expect(impatient.edge.connected(tunnel.id)).toBe(false);
    await cable.stop();
    await impatient.stop();
  });

  it("and ends its control stream alone is no connector any more", async () => {
    const tunnel = edge.addTunnel();
    const connector = await FakeConnector.start(edge, tunnel);
    connector.hangUp();
    await connector.closed;
    expect(await edge.event(tunnel.id, "gone")).toMatchObject({ reason: "its control stream ended" });
  });
});

describe("the state decides", () => {
  it("over connections of a tunnel that was deleted, or that the API dropped", async () => {
    const [deleted, dropped, kept] = [edge.addTunnel(), edge.addTunnel(), edge.addTunnel()];
    const ended = [await FakeConnector.start(edge, deleted), await FakeConnector.start(edge, dropped)];
    await FakeConnector.start(edge, kept);
    deleted.tunnel.deleted_at = new Date().toISOString();
    dropped.tunnel.connections = [];
    edge.edge.sync();
    await Promise.all(ended.map(({ closed }) => closed));
    expect(await edge.event(deleted.id, "gone")).toMatchObject({ reason: "the tunnel was deleted" });
    expect(await edge.event(dropped.id, "gone")).toMatchObject({ reason: "the API dropped it" });
    expect(edge.edge.connected(kept.id)).toBe(true);
    const back = await FakeConnector.start(edge, dropped);
    expect(edge.edge.connected(dropped.id)).toBe(true);
    back.kill();
  });

  it("over one connector of two", async () => {
    const tunnel = edge.addTunnel();
    const [out, stays] = [await FakeConnector.start(edge, tunnel), await FakeConnector.start(edge, tunnel)];
    tunnel.tunnel.connections = tunnel.tunnel.connections.filter(({ client_id }) => client_id === stays.id);
    edge.edge.sync();
    await out.closed;
    expect(edge.edge.connected(tunnel.id)).toBe(true);
  });
});

describe("a WebSocket", () => {
  const upgrade = {
    ...get,
    headers: [
      ["connection", "Upgrade"],
      ["upgrade", "websocket"],
      ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["sec-websocket-version", "13"],
    ] as [string, string][],
  };

  it("is asked for as cloudflared expects it and is a stream both ways until one side ends", async () => {
    const tunnel = edge.addTunnel();
    let ended = false;
    await FakeConnector.start(edge, tunnel, {
      handle: (stream, headers) => {
        const asked = headers["cf-cloudflared-proxy-connection-upgrade"];
        respond(stream, 200, [
          ["Connection", "Upgrade"],
          ["Upgrade", "websocket"],
          ["Sec-Websocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
          ["X-Asked", `${asked} ${headers["sec-websocket-key"]}`],
        ]);
        stream.pipe(stream).once("finish", () => {
          ended = true;
        });
      },
    });
    const { status, headers, source, stream } = await edge.edge.upgrade(tunnel.id, upgrade);
    expect([status, source]).toEqual([101, "origin"]);
    expect(headers).toEqual([
      ["connection", "Upgrade"],
      ["upgrade", "websocket"],
      ["sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
      ["x-asked", "websocket dGhlIHNhbXBsZSBub25jZQ=="],
    ]);
    stream.write("ping");
    expect(String((await once(stream, "data"))[0])).toBe("ping");
    stream.end("bye");
    expect(await text(stream)).toBe("bye");
    expect(ended).toBe(true);
  });

  it("may be refused, by the origin or by the connector", async () => {
    const tunnel = edge.addTunnel();
    const answers: Handler[] = [
      (stream) => {
        respond(stream, 200, [["content-type", "text/plain"]]);
        stream.end("a page");
      },
      (stream) => {
        respond(stream, 403);
        stream.end();
      },
      (stream) => {
        stream.respond({ ":status": 502, "cf-cloudflared-response-meta": '{"src":"cloudflared"}' });
        stream.end();
      },
    ];
    await FakeConnector.start(edge, tunnel, { handle: (stream, headers) => answers.shift()?.(stream, headers) });
    const page = await edge.edge.upgrade(tunnel.id, upgrade);
    expect([page.status, page.source, await text(page.stream)]).toEqual([200, "origin", "a page"]);
    expect(await edge.edge.upgrade(tunnel.id, upgrade)).toMatchObject({ status: 403, source: "origin" });
    expect(await edge.edge.upgrade(tunnel.id, upgrade)).toMatchObject({ status: 502, source: "connector" });
  });

  it("ends on both sides when the client drops it or the connector dies", async () => {
    const tunnel = edge.addTunnel();
    const streams: ServerHttp2Stream[] = [];
    const connector = await FakeConnector.start(edge, tunnel, {
      handle: (stream) => {
        streams.push(stream);
        respond(stream, 200, [["sec-websocket-accept", "x"]]);
      },
    });
    const dropped = await edge.edge.upgrade(tunnel.id, upgrade);
    const closed = once(streams[0] as ServerHttp2Stream, "close");
    dropped.stream.destroy();
    await closed;
    const { stream } = await edge.edge.upgrade(tunnel.id, upgrade);
    stream.on("error", () => {});
    const lost = once(stream.resume(), "close");
    connector.kill();
    await lost;
  });
});

describe("closing the edge", () => {
  it("leaves no connection, books them out and takes no more", async () => {
    const tunnel = edge.addTunnel();
    const connectors = [await FakeConnector.start(edge, tunnel), await FakeConnector.start(edge, tunnel)];
    const silent = await FakeConnector.dial(edge);
    const upload = new PassThrough();
    const open = edge.edge.request(tunnel.id, { ...get, method: "POST" }, upload);
    open.then(({ body }) => body.on("error", () => {}).resume()).catch(() => {});
    await edge.edge.close();
    await Promise.all([...connectors, silent].map(({ closed }) => closed));
    expect(tunnel.tunnel.connections).toEqual([]);
    expect(tunnel.tunnel).toMatchObject({ conns_active_at: null, conns_inactive_at: expect.any(String) });
    await expect(edge.edge.request(tunnel.id, get, undefined)).rejects.toThrow(TunnelUnavailable);
    await edge.edge.close();
    const late = FakeConnector.dial(edge);
    await expect(Promise.race([late, new Promise((resolve) => setTimeout(resolve, 200, "refused"))])).resolves.toBe(
      "refused",
    );
  });
});
