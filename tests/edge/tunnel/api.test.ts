import Cloudflare from "cloudflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../../sandbox/clouds/cloudflare/model";
import { accountId as account_id, TestAccount } from "../../clouds/cloudflare/account";
import { FakeConnector } from "./fakeConnector";
import { startTestEdge, type TestEdge, type TestTunnel } from "./testEdge";

let account: TestAccount;
let edge: TestEdge;
let tunnels: Cloudflare["zeroTrust"]["tunnels"]["cloudflared"];
beforeAll(async () => {
  account = await new TestAccount().start();
  tunnels = account.client.zeroTrust.tunnels.cloudflared;
  edge = await startTestEdge({ state: account.store.state });
});
afterAll(async () => {
  await edge.stop();
  await account.stop();
});

/** Makes a tunnel through the API. */
async function make(name: string): Promise<TestTunnel & { read(): ReturnType<typeof tunnels.get> }> {
  const { id } = await tunnels.create({ account_id, name, config_src: "cloudflare" });
  const tunnel = account.store.state.tunnels[id as string] as Tunnel;
  return { ...edge.hold(tunnel), read: () => tunnels.get(tunnel.id, { account_id }) };
}

describe("the API shows a tunnel's connections as they are", () => {
  it("from its first connector to its last", async () => {
    const tunnel = await make("atlas");
    expect(await tunnel.read()).toMatchObject({ status: "inactive", conns_active_at: null, conns_inactive_at: null });
    const first = await FakeConnector.start(edge, tunnel);
    expect(await tunnel.read()).toMatchObject({ status: "degraded", conns_active_at: expect.any(String) });
    const [active] = [(await tunnel.read()).conns_active_at];
    const more = [1, 2, 3].map((index) => FakeConnector.start(edge, tunnel, { id: first.id, index }));
    const connectors = [first, ...(await Promise.all(more))];
    const full = await tunnel.read();
    expect(full).toMatchObject({ status: "healthy", conns_active_at: active, conns_inactive_at: null });
    expect(full.connections).toHaveLength(4);
    expect(full).not.toHaveProperty("connectors");
    for (const connector of connectors) await connector.unregister();
    expect(await tunnel.read()).toMatchObject({
      status: "down",
      connections: [],
      conns_active_at: null,
      conns_inactive_at: expect.any(String),
    });
  });

  it("connector by connector, with the configuration that each has applied", async () => {
    const tunnel = await make("brook");
    const up = await FakeConnector.start(edge, tunnel);
    const config = { ingress: [{ service: "http_status:404" }] };
    await tunnels.configurations.update(tunnel.id, { account_id, config } as never);
    edge.edge.sync();
    const late = await FakeConnector.start(edge, tunnel, {
      configured: (stream) => {
        stream.respond({ ":status": 200 });
        stream.end('{"lastAppliedVersion":-1,"err":{}}');
      },
    });
    await edge.event(tunnel.id, "configured");
    await edge.event(tunnel.id, "config-refused");
    const shown: unknown[] = [];
    for await (const connector of tunnels.connections.get(tunnel.id, { account_id })) shown.push(connector);
    expect(shown).toEqual(
      [up, late].map(({ id }) => ({
        id,
        version: "2026.8.2-local",
        arch: "linux_amd64",
        features: expect.arrayContaining(["allow_remote_config"]),
        run_at: expect.any(String),
        config_version: id === up.id ? 1 : 0,
        conns: [expect.objectContaining({ client_id: id, origin_ip: "127.0.0.1", is_pending_reconnect: false })],
      })),
    );
    expect(up.pushed).toEqual([{ version: 1, config }]);
  });
});

describe("the API ends connections", () => {
  it("but deletes no tunnel that has some", async () => {
    const tunnel = await make("creek");
    const connector = await FakeConnector.start(edge, tunnel);
    const refusal = await tunnels.delete(tunnel.id, { account_id }).catch((error) => error);
    expect(refusal).toBeInstanceOf(Cloudflare.BadRequestError);
    expect(refusal.errors).toMatchObject([{ code: 1022 }]);
    edge.edge.sync();
    expect(edge.edge.connected(tunnel.id)).toBe(true);
    await connector.unregister();
    await tunnels.delete(tunnel.id, { account_id });
    expect(await tunnel.read()).toMatchObject({ deleted_at: expect.any(String) });
  });

  it("with the tunnel, when told to", async () => {
    const tunnel = await make("delta");
    const connector = await FakeConnector.start(edge, tunnel);
    const { body } = await account.call("DELETE", `/accounts/${account_id}/cfd_tunnel/${tunnel.id}?cascade=true`);
    expect(body.result).toMatchObject({ connections: [], conns_active_at: null, deleted_at: expect.any(String) });
    edge.edge.sync();
    await connector.closed;
  });

  it("of one connector, or of all", async () => {
    const tunnel = await make("estuary");
    const [one, two] = [await FakeConnector.start(edge, tunnel), await FakeConnector.start(edge, tunnel)];
    const path = `/accounts/${account_id}/cfd_tunnel/${tunnel.id}/connections`;
    await account.call("DELETE", `${path}?client_id=${one.id}`);
    edge.edge.sync();
    await one.closed;
    expect(edge.edge.connected(tunnel.id)).toBe(true);
    expect((await tunnel.read()).connections).toHaveLength(1);
    await tunnels.connections.delete(tunnel.id, { account_id });
    edge.edge.sync();
    await two.closed;
    expect(await tunnel.read()).toMatchObject({ status: "down" });
  });
});
