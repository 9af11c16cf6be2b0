import type { ServerHttp2Stream } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeConnector } from "./fakeConnector";
import { startTestEdge, type TestEdge } from "./testEdge";
import { until } from "./until";

let edge: TestEdge;
beforeAll(async () => {
  edge = await startTestEdge({ limits: { configuration: 1000 } });
});
afterAll(() => edge.stop());

const rules = (status: number) => [{ service: `http_status:${status}` }];
const reply = (body: unknown) => (stream: ServerHttp2Stream) => {
  stream.respond({ ":status": 200 });
  stream.end(typeof body === "string" ? body : JSON.stringify(body));
};
const verdicts = (tunnelId: string) =>
  edge.events.filter(({ tunnel }) => tunnel === tunnelId).map(({ verdict, reason }) => [verdict, reason]);

describe("a configuration", () => {
  it("is pushed when a connector has registered, before it gets a request", async () => {
    const tunnel = edge.addTunnel();
    tunnel.configure(rules(201), { originRequest: { connectTimeout: 5 } });
    let release = () => {};
    const starting = FakeConnector.start(edge, tunnel, {
      configured: (stream) => {
        release = () => reply({ lastAppliedVersion: 1, err: null })(stream);
      },
    });
    const connector = await starting;
    const request = edge.edge.request(tunnel.id, { method: "GET", host: "a", target: "/x", headers: [] }, undefined);
    const first = await Promise.race([request, new Promise((resolve) => setTimeout(resolve, 100, "waits"))]);
    expect(first).toBe("waits");
    release();
    expect((await request).status).toBe(200);
    expect(connector.pushed).toEqual([
      { version: 1, config: { ingress: rules(201), originRequest: { connectTimeout: 5 } } },
    ]);
    expect(tunnel.tunnel.connectors?.[connector.id]?.config_version).toBe(1);
    connector.kill();
  });

  it("is pushed again when it changes, the newest one only, and once per connection", async () => {
    const tunnel = edge.addTunnel();
    const slow = (stream: ServerHttp2Stream, version: number) =>
      void setTimeout(() => reply({ lastAppliedVersion: version, err: null })(stream), 50);
    const first = await FakeConnector.start(edge, tunnel, { configured: slow });
    const second = await FakeConnector.start(edge, tunnel);
    expect([first.pushed, second.pushed]).toEqual([[], []]);
    for (const status of [201, 202, 203]) tunnel.configure(rules(status));
    edge.edge.sync();
    await until(() => first.pushed.length === 2);
    expect(first.pushed.map(({ version }) => version)).toEqual([1, 3]);
    expect(second.pushed.at(-1)).toEqual({ version: 3, config: { ingress: rules(203) } });
    await until(() => tunnel.tunnel.connectors?.[first.id]?.config_version === 3);
    edge.edge.sync();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(first.pushed).toHaveLength(2);
    first.kill();
    second.kill();
  });

  it("that the connector refuses is reported and not repeated, and the next one is pushed", async () => {
    const tunnel = edge.addTunnel();
    tunnel.configure(rules(201));
    const connector = await FakeConnector.start(edge, tunnel, {
      // What cloudflared answers: an error turns into an empty object, and the old version stays.
      configured: (stream, version) =>
        reply({ lastAppliedVersion: version === 2 ? 1 : version, err: version === 2 ? {} : null })(stream),
    });
    await edge.event(tunnel.id, "configured");
    tunnel.configure(rules(202));
    expect(await edge.event(tunnel.id, "config-refused")).toMatchObject({
      reason: "version 2: the connector stays at version 1",
      connector: connector.id,
    });
    edge.edge.sync();
    expect(tunnel.tunnel.connectors?.[connector.id]?.config_version).toBe(1);
    tunnel.configure(rules(203));
    await until(() => connector.pushed.length === 3);
    await until(() => tunnel.tunnel.connectors?.[connector.id]?.config_version === 3);
    expect(connector.pushed.map(({ version }) => version)).toEqual([1, 2, 3]);
    connector.kill();
  });

  it.each([
    ["no JSON", reply("yes")],
    ["another shape", reply({ lastAppliedVersion: "1", err: null })],
    ["too much", reply("x".repeat(200_000))],
    ["nothing", () => {}],
    ["a reset", (stream: ServerHttp2Stream) => stream.close(2)],
  ])("that is answered with %s counts as refused, and requests still go through", async (_, configured) => {
    const tunnel = edge.addTunnel();
    tunnel.configure(rules(201));
    const connector = await FakeConnector.start(edge, tunnel, { configured });
    await edge.event(tunnel.id, "config-refused");
    expect(verdicts(tunnel.id).at(-1)).toEqual(["config-refused", "version 1: the connector gave no usable reply"]);
    const { status } = await edge.edge.request(
      tunnel.id,
      { method: "GET", host: "a", target: "/", headers: [] },
      undefined,
    );
    expect(status).toBe(200);
    connector.kill();
  });

  it("of a tunnel that is configured locally is not pushed", async () => {
    const tunnel = edge.addTunnel({ config_src: "local" });
    tunnel.configure(rules(201));
    const connector = await FakeConnector.start(edge, tunnel);
    edge.edge.sync();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connector.pushed).toEqual([]);
    connector.kill();
  });
});
