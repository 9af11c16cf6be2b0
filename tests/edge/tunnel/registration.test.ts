import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyStruct, encode } from "../../../sandbox/edge/tunnel/capnp/writer";
import { dialTls, FakeConnector, type Refused, type Registered } from "./fakeConnector";
import { recordedFrames, registerFrame, uuidBytes, withQuestion } from "./recordedFrames";
import { accountId, startTestEdge, type TestEdge, type TestTunnel } from "./testEdge";
import { wire } from "./wire";

let edge: TestEdge;
beforeAll(async () => {
  edge = await startTestEdge({ limits: { registration: 1500, pong: 1000 } });
});
afterAll(() => edge.stop());

const dial = (options = {}) => FakeConnector.dial(edge, options);
const start = (tunnel: TestTunnel, options = {}) => FakeConnector.start(edge, tunnel, options);

describe("a connector registers", () => {
  it.each([false, true])(
    "with the secret of its tunnel (call after the bootstrap's answer: %s)",
    async (afterBootstrap) => {
      const tunnel = edge.addTunnel();
      const connector = await dial({ index: 3 });
      const answer = (await connector.register(tunnel, { afterBootstrap })) as Registered;
      const [booked] = tunnel.tunnel.connections;
      expect(answer).toEqual({
        connection: uuidBytes(booked?.id as string).toString("hex"),
        location: "box01",
        remotelyManaged: true,
      });
      expect(booked).toMatchObject({
        client_id: connector.id,
        client_version: "2026.8.2-local",
        origin_ip: "127.0.0.1",
        is_pending_reconnect: false,
      });
      expect(edge.edge.connected(tunnel.id)).toBe(true);
      expect(await edge.event(tunnel.id, "registered")).toMatchObject({ connector: connector.id, replica: 3 });
      // Longer than an unregistered connection would live.
      await new Promise((resolve) => setTimeout(resolve, 1700));
      expect(edge.edge.connected(tunnel.id)).toBe(true);
      connector.kill();
      expect(await edge.event(tunnel.id, "gone")).toMatchObject({ connector: connector.id });
      expect(edge.edge.connected(tunnel.id)).toBe(false);
      expect(tunnel.tunnel.connections).toEqual([]);
    },
  );

  it("with several connections, and beside other replicas", async () => {
    const tunnel = edge.addTunnel();
    const id = randomUUID();
    const connectors = [
      await start(tunnel, { id }),
      await start(tunnel, { id, index: 1 }),
      await start(tunnel, { index: 0 }),
    ];
    expect(tunnel.tunnel.connections).toHaveLength(3);
    expect(Object.keys(tunnel.tunnel.connectors ?? {})).toHaveLength(2);
    for (const connector of connectors) connector.kill();
  });

  it("of a tunnel that is not managed remotely, and tells how it is configured", async () => {
    const tunnel = edge.addTunnel({ config_src: "local" });
    const connector = await dial();
    expect(await connector.register(tunnel)).toMatchObject({ remotelyManaged: false });
    const config = { ingress: [{ service: "http://localhost:8080" }], "warp-routing": {} };
    connector.send(localConfigurationCall(JSON.stringify(config)));
    expect((await connector.answer(9)).uint16(6)).toBe(0);
    expect(tunnel.tunnel.configuration).toMatchObject({ version: 1, config, source: "local" });
    connector.send(localConfigurationCall("[1]"), localConfigurationCall("no json"));
    await connector.answer(9);
    await connector.answer(9);
    expect(tunnel.tunnel.configuration).toMatchObject({ version: 1 });
    expect(connector.pushed).toEqual([]);
    connector.kill();
  });
});

describe("a connector is refused", () => {
  const refused = async (tunnel: TestTunnel, changes = {}) => {
    const connector = await dial();
    const answer = (await connector.register(tunnel, changes)) as Refused;
    await connector.closed; // refused connections do not linger
    expect(edge.edge.connected(tunnel.id)).toBe(false);
    return answer;
  };

  it("with a wrong secret, and the secret is in no event", async () => {
    const tunnel = edge.addTunnel();
    const secret = randomBytes(32);
    const answer = await refused(tunnel, { secret });
    expect(answer).toEqual({ cause: "Unauthorized: Invalid tunnel secret", retryAfter: 0n, shouldRetry: false });
    expect(await edge.event(tunnel.id, "refused")).toMatchObject({ reason: answer.cause, replica: 0 });
    for (const text of [secret.toString("base64"), secret.toString("hex"), tunnel.tunnel.secret]) {
      expect(JSON.stringify(edge.events)).not.toContain(text);
    }
  });

  it("with the secret from before a change, while connections made with it stay", async () => {
    const tunnel = edge.addTunnel();
    const old = Buffer.from(tunnel.tunnel.secret, "base64");
    const connector = await start(tunnel);
    tunnel.tunnel.secret = randomBytes(32).toString("base64");
    edge.edge.sync();
    const late = await dial();
    expect(await late.register(tunnel, { secret: old })).toMatchObject({
      cause: "Unauthorized: Invalid tunnel secret",
    });
    expect(edge.edge.connected(tunnel.id)).toBe(true);
    const renewed = await start(tunnel);
    expect(tunnel.tunnel.connections).toHaveLength(2);
    connector.kill();
    renewed.kill();
  });

  it("for a tunnel of another account, an unknown one and a deleted one, all in the same words", async () => {
    const cause = "Unauthorized: Failed to get tunnel";
    const other = edge.addTunnel({ account_tag: "f".repeat(32) });
    expect(await refused(other, { accountTag: accountId })).toMatchObject({ cause });
    expect(await refused(edge.addTunnel(), { accountTag: "f".repeat(32) })).toMatchObject({ cause });
    expect(await refused(edge.addTunnel(), { tunnelId: randomUUID() })).toMatchObject({ cause });
    expect(await refused(edge.addTunnel({ deleted_at: new Date().toISOString() }))).toMatchObject({ cause });
  });

  it("with another tunnel's secret", async () => {
    const secret = Buffer.from(edge.addTunnel().tunnel.secret, "base64");
    expect(await refused(edge.addTunnel(), { secret })).toMatchObject({ cause: "Unauthorized: Invalid tunnel secret" });
  });

  it("as 26th replica, and told when to come back", async () => {
    const tunnel = edge.addTunnel();
    const connectors: FakeConnector[] = [];
    for (let replica = 0; replica < 25; replica += 1) connectors.push(await start(tunnel));
    const late = await dial();
    expect(await late.register(tunnel)).toEqual({
      cause: "the tunnel has 25 replicas already",
      retryAfter: 30_000_000_000n,
      shouldRetry: true,
    });
    // A further connection of one that is there is no further replica.
    connectors.push(await start(tunnel, { id: connectors[0]?.id, index: 1 }));
    for (const connector of connectors) connector.kill();
  });
});

describe("a connection of the same connector and index", () => {
  it("is a duplicate while the first one answers", async () => {
    const tunnel = edge.addTunnel();
    const first = await start(tunnel);
    const second = await dial({ id: first.id });
    expect(await second.register(tunnel)).toMatchObject({ cause: "EDUPCONN" });
    expect(tunnel.tunnel.connections).toHaveLength(1);
    first.kill();
  });

  it("takes the place of one that is dead but was not noticed", async () => {
    const tunnel = edge.addTunnel();
    const cable = await wire(edge.port);
    const first = await start(tunnel, { port: cable.port });
    cable.cut();
    const second = await dial({ id: first.id });
    expect(await second.register(tunnel)).toMatchObject({ location: "box01" });
    expect(await edge.event(tunnel.id, "gone")).toMatchObject({ reason: "it did not answer a ping" });
    expect(tunnel.tunnel.connections).toHaveLength(1);
    second.kill();
    await cable.stop();
  });

  it("takes the place when it says so", async () => {
    const tunnel = edge.addTunnel();
    const first = await start(tunnel);
    const second = await dial({ id: first.id });
    expect(await second.register(tunnel, { replaceExisting: true })).toMatchObject({ location: "box01" });
    await first.closed;
    expect(tunnel.tunnel.connections).toHaveLength(1);
    second.kill();
  });
});

describe("a connection that is no connector's", () => {
  it("ends when it says nothing", async () => {
    const socket = await dialTls(edge);
    socket.resume();
    const started = Date.now();
    await once(socket, "close");
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it("ends when it does not speak HTTP/2", async () => {
    const socket = await dialTls(edge);
    socket.resume();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "close");
  });

  it("ends when its registration stays out", async () => {
    const connector = await dial();
    connector.send(recordedFrames.bootstrap);
    await connector.closed;
  });

  it.each([
    ["is no message", Buffer.from("not a frame of Cap'n Proto at all"), "more than one segment"],
    ["is too large", Buffer.from("00000000ffffff00", "hex"), "larger than"],
    ["leads out of itself", Buffer.from("0000000001000000fcffff7f01000100", "hex"), "out of the message"],
    [
      "asks for too much",
      Buffer.concat(
        Array(9)
          .fill(0)
          .map((_, at) => withQuestion(recordedFrames.bootstrap, at)),
      ),
      "too many",
    ],
  ])("is told so when what it sends %s", async (_, bytes, reason) => {
    const connector = await dial();
    connector.send(bytes);
    expect(await connector.aborted()).toContain(reason);
    await connector.closed;
  });

  it("cannot call what it was not given, or what there is not", async () => {
    const tunnel = edge.addTunnel();
    const fields = {
      accountTag: accountId,
      tunnelId: tunnel.id,
      secret: Buffer.from(tunnel.tunnel.secret, "base64"),
      connector: randomUUID(),
      index: 0,
      replaceExisting: false,
      afterBootstrap: true,
    };
    const connector = await dial();
    const exception = async (question: number) => {
      const answer = await connector.answer(question);
      expect(answer.uint16(6)).toBe(1);
      return answer.struct(0).text(0, 256);
    };
    connector.send(registerFrame(fields));
    expect(await exception(0)).toContain("target");
    connector.send(recordedFrames.bootstrap);
    await connector.answer(0);
    const method = registerFrame(fields);
    method.writeUInt16LE(7, 36);
    connector.send(method);
    expect(await exception(0)).toBe("unknown method");
    const unknown = registerFrame(fields);
    unknown.writeUInt8(0, 40);
    connector.send(unknown);
    expect(await exception(0)).toBe("unknown interface");
    connector.send(localConfigurationCall("{}"));
    expect(await exception(9)).toContain("not registered");
    expect(edge.edge.connected(tunnel.id)).toBe(false);
    connector.kill();
  });

  it("cannot register twice", async () => {
    const tunnel = edge.addTunnel();
    const connector = await start(tunnel);
    const again = (await connector.register(tunnel).catch((error) => error)) as { cause?: string };
    expect(again).not.toHaveProperty("connection");
    expect(tunnel.tunnel.connections).toHaveLength(1);
    connector.kill();
  });
});

/** Call of method 2 with question 9: cloudflared's own was not recorded, so this one is encoded here. */
function localConfigurationCall(json: string): Buffer {
  const call = Buffer.alloc(24);
  call.writeUInt32LE(9, 0);
  call.writeUInt16LE(2, 4);
  call.writeBigUInt64LE(0xf71695ec7fe85497n, 8);
  const params = { data: Buffer.alloc(0), pointers: [{ data: Buffer.from(json) }] };
  const payload = { data: Buffer.alloc(0), pointers: [{ struct: params }, undefined] };
  const target = { data: Buffer.alloc(8), pointers: [{ struct: emptyStruct }] };
  const tag = Buffer.alloc(8);
  tag.writeUInt16LE(2, 0);
  const segment = encode({
    data: tag,
    pointers: [{ struct: { data: call, pointers: [{ struct: target }, { struct: payload }] } }],
  });
  const header = Buffer.alloc(8);
  header.writeUInt32LE(segment.length / 8, 4);
  return Buffer.concat([header, segment]);
}
