import { expect } from "vitest";
import type { Case } from "../cases";
import { until } from "../connector";
import { nothingElse, type Stage } from "../stage";

const refusals = (stage: Stage, id: string) =>
  stage.edge.events.filter(({ tunnel, verdict }) => tunnel === id && verdict === "refused");

async function ready(stage: Stage, metrics: string): Promise<number | null> {
  return (await stage.command(["--no-autoupdate", "tunnel", "ready"], { TUNNEL_METRICS: metrics })).code;
}

export const registrationCases: Case[] = [
  {
    title: "one address gives one connection, and the connector is ready",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([nothingElse]);
      const [connection] = tunnel.tunnel.connections;
      expect(tunnel.tunnel.connections).toHaveLength(1);
      const { status, text } = await connector.page("/ready");
      expect({ status, ...JSON.parse(text) }).toEqual({
        status: 200,
        readyConnections: 1,
        connectorId: connection!.client_id,
      });
      expect((await connector.page("/healthcheck")).text).toBe("OK\n");
      expect(await ready(stage, await connector.metrics())).toBe(0);
    },
  },
  {
    title: "two addresses give two connections, with indexes 0 and 1",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel();
      const both = `${stage.edge.address},localhost:${stage.edge.port}`;
      const connector = await stage.start(tunnel, { TUNNEL_EDGE: both });
      await until(() => tunnel.tunnel.connections.length === 2);
      const indexes = stage.edge.events.filter((event) => event.tunnel === tunnel.id && event.verdict === "registered");
      expect(indexes.map(({ replica }) => replica)).toEqual([0, 1]);
      await until(async () => JSON.parse((await connector.page("/ready")).text).readyConnections === 2);
    },
  },
  {
    title: "says which program it is and what it can do",
    run: async (stage) => {
      const { tunnel } = await stage.connect([nothingElse]);
      const [connector] = Object.values(tunnel.tunnel.connectors ?? {});
      expect(connector!.arch).toBe(`linux_${goArch()}`);
      expect(stage.edge.events.find((event) => event.tunnel === tunnel.id)!.version).toMatch(/^\d{4}\.\d+\.\d+/);
      const features = [
        "management_logs",
        "allow_remote_config",
        "serialized_headers",
        "support_datagram_v2",
        "support_quic_eof",
      ];
      expect([...(connector!.features ?? [])].sort()).toEqual(features.sort());
    },
  },
  {
    title: "a wrong secret is refused and tried again for ever, and works once it is right",
    milliseconds: 60_000,
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel();
      const right = tunnel.tunnel.secret;
      tunnel.tunnel.secret = Buffer.alloc(32, 7).toString("base64");
      const connector = await stage.start(tunnel);
      tunnel.tunnel.secret = right;
      await until(() => refusals(stage, tunnel.id).length >= 2, "it was not tried again");
      expect(connector.running).toBe(true);
      expect((await connector.page("/ready")).status).toBe(503);
      expect(await ready(stage, await connector.metrics())).toBe(1);
      expect(connector.output).toContain("Unauthorized: Invalid tunnel secret");
      tunnel.tunnel.secret = Buffer.alloc(32, 7).toString("base64");
      await stage.edge.event(tunnel.id, "registered", 40_000);
      await until(async () => (await connector.page("/ready")).status === 200);
    },
  },
  {
    title: "a tunnel that does not exist is tried again for ever",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel();
      tunnel.tunnel.deleted_at = new Date().toISOString();
      const connector = await stage.start(tunnel);
      await until(() => refusals(stage, tunnel.id).length >= 2, "it was not tried again");
      expect(connector.running).toBe(true);
    },
  },
  {
    title: "another account's tunnel is refused",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel({ account_tag: "f".repeat(32) });
      const connector = await stage.start(tunnel);
      tunnel.tunnel.account_tag = "e".repeat(32);
      await until(() => refusals(stage, tunnel.id).length >= 1);
      expect(connector.running).toBe(true);
    },
  },
  {
    title: "an edge with a certificate of another authority is not told anything",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel();
      const own = await stage.start(tunnel, { TUNNEL_CACERT: "/etc/ssl/certs/ca-certificates.crt" });
      await until(() => own.output.includes("certificate"), "it did not complain");
      expect(stage.edge.events.filter((event) => event.tunnel === tunnel.id)).toEqual([]);
    },
  },
  {
    title: "a tunnel that is configured where it runs tells its rules",
    run: async (stage) => {
      const tunnel = stage.edge.addTunnel({ config_src: "local" });
      await stage.start(tunnel);
      await until(() => tunnel.tunnel.configuration !== null);
      expect(tunnel.tunnel.configuration).toMatchObject({ config: { ingress: [{ service: "http_status:503" }] } });
    },
  },
  {
    title: "neither token nor secret is ever said, the pushed configuration is",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([
        { hostname: "said.example.com", service: "http://said:1" },
        nothingElse,
      ]);
      await until(() => connector.output.includes("said.example.com"));
      expect(connector.output).not.toContain(tunnel.tunnel.secret);
      expect(connector.output).not.toContain(tunnel.token());
      expect((await connector.page("/config")).text).not.toContain(tunnel.tunnel.secret);
      expect((await connector.page("/debug/pprof/cmdline")).status).toBe(403);
    },
  },
];

function goArch(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
