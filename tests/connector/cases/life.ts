import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createServer } from "node:tls";
import { expect } from "vitest";
import { serverCertificate } from "../../../sandbox/certificates";
import type { TestTunnel } from "../../edge/tunnel/testEdge";
import type { Case } from "../cases";
import { type Connector, until } from "../connector";
import { hostname, nothingElse, type Stage } from "../stage";

const gone = (stage: Stage, tunnel: TestTunnel) =>
  stage.edge.events.find((event) => event.tunnel === tunnel.id && event.verdict === "gone");

/** How long a connector takes to end after a signal, and how. */
async function stopped(connector: Connector, signal: NodeJS.Signals) {
  const start = Date.now();
  connector.kill(signal);
  return { ...(await connector.ended), milliseconds: Date.now() - start };
}

async function connectWith(stage: Stage, env: Record<string, string>) {
  const tunnel = stage.edge.addTunnel();
  tunnel.configure([{ hostname, service: stage.origin.url }, nothingElse]);
  const connector = await stage.start(tunnel, env);
  await stage.edge.event(tunnel.id, "configured");
  return { tunnel, connector };
}

export const lifeCases: Case[] = [
  ...(["SIGTERM", "SIGINT"] as const).map((signal) => ({
    title: `${signal}: it unregisters and ends with code 0, at once when nothing is open`,
    run: async (stage: Stage) => {
      const { tunnel, connector } = await stage.connect([nothingElse]);
      const { code, milliseconds } = await stopped(connector, signal);
      expect(code).toBe(0);
      expect(milliseconds).toBeLessThan(5000);
      expect(gone(stage, tunnel)?.reason).toBe("the connector unregistered it");
      expect(tunnel.tunnel.connections).toEqual([]);
    },
  })),
  {
    title: "SIGTERM before it could register: it ends with code 0",
    run: async (stage) => {
      const connector = await stage.start(stage.edge.addTunnel(), { TUNNEL_EDGE: "127.0.0.1:9" });
      await connector.metrics();
      await until(() => connector.output.includes("refused"));
      expect((await stopped(connector, "SIGTERM")).code).toBe(0);
    },
  },
  {
    title: "an open request is answered after SIGTERM",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      const asked = stage.ask(tunnel, { target: "/slow" });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const end = stopped(connector, "SIGTERM");
      expect((await asked).body.toString()).toBe("at last");
      expect((await end).code).toBe(0);
    },
  },
  {
    title: "an open request is cut off when the grace period is over",
    run: async (stage) => {
      const { tunnel, connector } = await connectWith(stage, { TUNNEL_GRACE_PERIOD: "500ms" });
      const asked = stage.ask(tunnel, { target: "/slower" }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { code, milliseconds } = await stopped(connector, "SIGTERM");
      expect(code).toBe(0);
      expect(milliseconds).toBeLessThan(5000);
      expect((await asked)?.body.toString()).not.toBe("at last");
    },
  },
  {
    title: "a WebSocket that stays open keeps it from ending, even after the grace period",
    run: async (stage) => {
      const { tunnel, connector } = await connectWith(stage, { TUNNEL_GRACE_PERIOD: "500ms" });
      const client = await stage.webSocket(tunnel);
      client.on("error", () => {});
      connector.kill("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      expect(connector.running).toBe(true);
      client.terminate();
      expect((await connector.ended).code).toBe(0);
    },
  },
  {
    title: "readiness ends with the registration",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      const asked = stage.ask(tunnel, { target: "/slow" });
      await new Promise((resolve) => setTimeout(resolve, 300));
      connector.kill("SIGTERM");
      await until(() => gone(stage, tunnel) !== undefined);
      expect((await connector.page("/ready")).status).toBe(503);
      await asked;
    },
  },
  {
    title: "SIGKILL is noticed at once",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([nothingElse]);
      connector.kill("SIGKILL");
      await until(() => gone(stage, tunnel) !== undefined, "the edge did not notice", 2000);
    },
  },
  {
    title: "a connection that was dropped comes back within 22 seconds, not ready meanwhile, and keeps its rules",
    milliseconds: 60_000,
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([nothingElse]);
      tunnel.tunnel.connections = [];
      stage.edge.edge.sync();
      await until(async () => (await connector.page("/ready")).status === 503, "it did not notice");
      await until(() => tunnel.tunnel.connections.length === 1, "it did not come back", 24_000);
      await until(async () => (await connector.page("/ready")).status === 200);
      expect((await stage.ask(tunnel)).status).toBe(404);
      expect(JSON.parse((await connector.page("/config")).text).version).toBe(1);
    },
  },
  {
    title: "an edge that hangs up before it has answered a first registration ends it, with code 1",
    run: async (stage) => {
      const folder = path.dirname(stage.edge.caFile);
      const files = await serverCertificate(folder, "rude", ["h2.cftunnel.com"]);
      const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)]);
      const rude = createServer({ cert, key }, (socket) => socket.on("error", () => {}).destroy());
      await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve));
      const { port } = rude.address() as AddressInfo;
      try {
        const connector = await stage.start(stage.edge.addTunnel(), { TUNNEL_EDGE: `127.0.0.1:${port}` });
        expect((await connector.ended).code).toBe(1);
      } finally {
        rude.close();
      }
    },
  },
  {
    title: "a second SIGTERM kills it",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      const client = await stage.webSocket(tunnel);
      client.on("error", () => {});
      connector.kill("SIGTERM");
      await until(() => gone(stage, tunnel) !== undefined);
      connector.kill("SIGTERM");
      expect(await connector.ended).toEqual({ code: null, signal: "SIGTERM" });
    },
  },
  {
    title: "two connectors of one tunnel share it, and one goes on without the other",
    run: async (stage) => {
      const { tunnel, connector } = await stage.connect([{ hostname, service: stage.origin.url }, nothingElse]);
      await stage.start(tunnel);
      await until(() => tunnel.tunnel.connections.length === 2);
      const carriers = async () => {
        const ids = new Set<unknown>();
        for (let turn = 0; turn < 6; turn += 1) {
          const { status, received } = await stage.ask(tunnel);
          ids.add(status === 200 && received!.headers["cf-warp-tag-id"]);
        }
        return ids;
      };
      await until(async () => (await carriers()).size === 2);
      expect((await stopped(connector, "SIGTERM")).code).toBe(0);
      expect((await carriers()).size).toBe(1);
    },
  },
];
