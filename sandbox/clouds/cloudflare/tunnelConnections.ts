import { randomUUID } from "node:crypto";
import { timestamp } from "./envelope";
import type { CloudflareState, Tunnel, TunnelConnection } from "./model";

/** Connections that a healthy connector holds: four, to two regions. */
const healthyConnections = 4;

/** What the edge knows of a connection. */
export interface Connected {
  /** Id of the connector, the same for all its connections. */
  clientId: string;
  version: string;
  /** Operating system and processor, as cloudflared writes them: `linux_amd64`. */
  arch: string;
  features: string[];
  originIp: string;
}

/** Books a connection in. */
export function connect(tunnel: Tunnel, connected: Connected): TunnelConnection {
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
  tunnel.connectors ??= {};
  tunnel.connectors[connected.clientId] ??= {
    arch: connected.arch,
    features: connected.features,
    run_at: connection.opened_at,
    config_version: 0,
  };
  tunnel.conns_active_at ??= connection.opened_at;
  tunnel.conns_inactive_at = null;
  return connection;
}

/** Books a connection out. Does nothing when the API dropped it before. */
export function disconnect(tunnel: Tunnel, connectionId: string): void {
  keepConnections(tunnel, ({ id }) => id !== connectionId);
}

/** Drops the connections of one connector, or all of them. */
export function dropConnections(tunnel: Tunnel, clientId?: string): void {
  keepConnections(tunnel, (connection) => clientId !== undefined && connection.client_id !== clientId);
}

function keepConnections(tunnel: Tunnel, wanted: (connection: TunnelConnection) => boolean): void {
  const before = tunnel.connections.length;
  tunnel.connections = tunnel.connections.filter(wanted);
  const present = new Set(tunnel.connections.map((connection) => connection.client_id));
  tunnel.connectors = Object.fromEntries(Object.entries(tunnel.connectors ?? {}).filter(([id]) => present.has(id)));
  if (before === 0 || tunnel.connections.length > 0) return;
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
  return Object.entries(tunnel.connectors ?? {}).map(([id, connector]) => {
    const conns = tunnel.connections.filter((connection) => connection.client_id === id);
    return { id, version: conns[0]?.client_version, ...connector, conns };
  });
}
