import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { success, timestamp } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import type { CloudflareState, Tunnel, TunnelConnection } from "./model";

/** Connections that a healthy connector holds: four, to two regions. */
const healthyConnections = 4;

/** What whoever plays the edge says about a connection. */
export interface Connected {
  /** Id of the connector, the same for all its connections. */
  clientId: string;
  version: string;
  originIp: string;
}

/** Records a connection of a live tunnel. @throws CloudflareError 404 when the tunnel is unknown or deleted. */
export function connect(state: CloudflareState, tunnelId: string, connected: Connected): TunnelConnection {
  const tunnel = liveTunnel(state, tunnelId);
  const id = randomUUID();
  const connection: TunnelConnection = {
    id,
    uuid: id,
    client_id: connected.clientId,
    client_version: connected.version,
    colo_name: "box01",
    is_pending_reconnect: false,
    opened_at: timestamp(),
    origin_ip: connected.originIp,
  };
  tunnel.connections.push(connection);
  tunnel.conns_active_at ??= connection.opened_at;
  tunnel.conns_inactive_at = null;
  return connection;
}

export function disconnect(state: CloudflareState, tunnelId: string, connectionId: string): void {
  const tunnel = liveTunnel(state, tunnelId);
  tunnel.connections = tunnel.connections.filter((connection) => connection.id !== connectionId);
  if (tunnel.connections.length === 0) dropConnections(tunnel);
}

/** Drops the connections of one connector, or all of them. */
export function dropConnections(tunnel: Tunnel, clientId?: string): void {
  tunnel.connections = tunnel.connections.filter((entry) => clientId !== undefined && entry.client_id !== clientId);
  if (tunnel.connections.length > 0) return;
  tunnel.conns_active_at = null;
  tunnel.conns_inactive_at = timestamp();
}

/** Connections end with the process that held them. */
export function forgetConnections(state: CloudflareState): void {
  for (const tunnel of Object.values(state.tunnels)) if (tunnel.connections.length > 0) dropConnections(tunnel);
}

export function tunnelStatus(tunnel: Tunnel): "inactive" | "degraded" | "healthy" | "down" {
  if (tunnel.connections.length === 0) return tunnel.conns_inactive_at === null ? "inactive" : "down";
  return tunnel.connections.length < healthyConnections ? "degraded" : "healthy";
}

/** The connectors of a tunnel with their connections, as `GET …/connections` lists them. */
export function connectors(tunnel: Tunnel) {
  const ids = [...new Set(tunnel.connections.map((connection) => connection.client_id))];
  return ids.map((id) => {
    const conns = tunnel.connections.filter((connection) => connection.client_id === id);
    return {
      id,
      arch: "linux_amd64",
      version: conns[0]?.client_version,
      run_at: conns[0]?.opened_at,
      features: ["ha-origin"],
      config_version: tunnel.configuration?.version ?? 0,
      conns,
    };
  });
}

const body = z.object({
  client_id: z.uuid(),
  version: z.string().default("2026.8.2"),
  origin_ip: z.string().optional(),
});

/** The side door by which a connector's connections are reported: `/_sandbox/tunnels/{id}/connections`. */
export function registerTunnelConnections(app: FastifyInstance, state: CloudflareState): void {
  app.post("/_sandbox/tunnels/:tunnel/connections", async (request) => {
    const { tunnel } = request.params as { tunnel: string };
    const { client_id, version, origin_ip } = parseBody(body, request.body, { code: 1001 });
    return success(connect(state, tunnel, { clientId: client_id, version, originIp: origin_ip ?? request.ip }));
  });
  app.delete("/_sandbox/tunnels/:tunnel/connections/:connection", async (request) => {
    const { tunnel, connection } = request.params as { tunnel: string; connection: string };
    disconnect(state, tunnel, connection);
    return success(null);
  });
}

function liveTunnel(state: CloudflareState, id: string): Tunnel {
  const tunnel = state.tunnels[id];
  if (!tunnel || tunnel.deleted_at !== null) throw new CloudflareError(404, 1003, "Tunnel not found");
  return tunnel;
}
