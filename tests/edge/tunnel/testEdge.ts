import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { certificateAuthority, serverCertificate } from "../../../sandbox/certificates";
import { type CloudflareState, emptyCloudflare, type Tunnel } from "../../../sandbox/clouds/cloudflare/model";
import { connectorToken } from "../../../sandbox/clouds/cloudflare/tunnels";
import { type ConnectorEvent, createTunnelEdge, type TunnelEdge } from "../../../sandbox/edge/tunnel";
import type { TunnelLimits } from "../../../sandbox/edge/tunnel/limits";

export const accountId = "0123456789abcdef0123456789abcdef";

/** A tunnel edge on loopback with an authority of its own and tunnels in memory, for connectors of any make. */
export interface TestEdge {
  edge: TunnelEdge;
  state: CloudflareState;
  /** What TUNNEL_EDGE is set to. */
  address: string;
  port: number;
  /** File that TUNNEL_CACERT is set to. */
  caFile: string;
  events: ConnectorEvent[];
  /** Makes a tunnel, by default managed remotely and without a configuration. */
  addTunnel(fields?: Partial<Tunnel>): TestTunnel;
  /** The same handle on a tunnel that is in the state already. */
  hold(tunnel: Tunnel): TestTunnel;
  /** The first event of that kind of a tunnel, waited for. @throws when it has not come in time */
  event(tunnelId: string, verdict: ConnectorEvent["verdict"], milliseconds?: number): Promise<ConnectorEvent>;
  stop(): Promise<void>;
}

export interface TestTunnel {
  id: string;
  tunnel: Tunnel;
  /** What a connector is started with. */
  token(): string;
  /** Makes a new configuration and pushes it. @param ingress rules as the API takes them */
  configure(ingress: unknown[], more?: Record<string, unknown>): void;
}

export interface TestEdgeOptions {
  limits?: Partial<TunnelLimits>;
  /** Default: an empty one. */
  state?: CloudflareState;
}

export async function startTestEdge(options: TestEdgeOptions = {}): Promise<TestEdge> {
  const folder = await mkdtemp(path.join(tmpdir(), "creel-tunnel-edge-"));
  const { certificate: caFile } = await certificateAuthority(folder);
  const files = await serverCertificate(folder, "edge", ["h2.cftunnel.com"]);
  const state = options.state ?? emptyCloudflare();
  const events: ConnectorEvent[] = [];
  const waiting = new Set<() => void>();
  const edge = createTunnelEdge({
    state,
    report: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
    changed: async () => {},
    limits: options.limits,
  });
  const sockets = new Set<TLSSocket>();
  const listener = createServer({
    cert: await readFile(files.certificate),
    key: await readFile(files.key),
    minVersion: "TLSv1.3",
  });
  listener.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    edge.accept(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;

  const hold = (tunnel: Tunnel): TestTunnel => ({
    id: tunnel.id,
    tunnel,
    token: () => connectorToken(tunnel),
    configure: (ingress, more = {}) => {
      const version = (tunnel.configuration?.version ?? 0) + 1;
      const config = { ingress, ...more };
      tunnel.configuration = { version, config, source: "cloudflare", created_at: new Date().toISOString() };
      edge.sync();
    },
  });

  return {
    edge,
    state,
    address: `127.0.0.1:${port}`,
    port,
    caFile,
    events,
    addTunnel: (fields = {}) => {
      const tunnel = { ...newTunnel(), ...fields };
      state.tunnels[tunnel.id] = tunnel;
      return hold(tunnel);
    },
    hold,
    event: (tunnelId, verdict, milliseconds = 5000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const event = events.find((candidate) => candidate.tunnel === tunnelId && candidate.verdict === verdict);
          if (!event) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve(event);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no event "${verdict}" of ${tunnelId} among ${JSON.stringify(events)}`));
        }, milliseconds);
        waiting.add(look);
        look();
      }),
    stop: async () => {
      await edge.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

function newTunnel(): Tunnel {
  const id = randomUUID();
  return {
    id,
    account_tag: accountId,
    name: `tunnel-${id}`,
    config_src: "cloudflare",
    created_at: new Date().toISOString(),
    deleted_at: null,
    conns_active_at: null,
    conns_inactive_at: null,
    connections: [],
    secret: randomBytes(32).toString("base64"),
    configuration: null,
  };
}
