import type { Duplex, Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { CloudflareState } from "../../clouds/cloudflare/model";
import type { ConnectorEvent } from "../decisions";
import type { TunnelRequest } from "./forwarding";
import { type TunnelLimits, tunnelLimits } from "./limits";
import { LiveTunnels } from "./liveTunnels";
import type { ResponseHead } from "./responseHeaders";

export { TunnelFailure, TunnelTimeout, TunnelUnavailable } from "./failures";
export type { ConnectorEvent, ResponseHead, TunnelRequest };

export interface TunnelEdgeOptions {
  /** The live state of the accounts: which tunnels there are, with secrets and configurations. */
  state: CloudflareState;
  /** Told what happens between the edge and its connectors. */
  report(event: ConnectorEvent): void;
  /** Called after connections changed the state, to save it. */
  changed(): Promise<void>;
  limits?: Partial<TunnelLimits>;
}

/** The side of the edge that faces connectors: takes their connections in and sends requests through them. */
export interface TunnelEdge {
  /** Takes over a TLS connection that a connector just opened on the tunnel port, after the handshake. */
  accept(socket: TLSSocket): void;
  /** Whether the tunnel has a connection. */
  connected(tunnelId: string): boolean;
  /**
   * Sends a request through one of the tunnel's connections, with bodies streamed both ways. Destroying the answer's
   * body, or an error of the request's, ends the request at the connector as well.
   *
   * @param signal for clients that leave before the answer has begun
   * @throws TunnelUnavailable without a connection, TunnelTimeout without an answer, TunnelFailure otherwise
   */
  request(
    tunnelId: string,
    request: TunnelRequest,
    body: Readable | undefined,
    signal?: AbortSignal,
  ): Promise<ResponseHead & { body: Readable }>;
  /** Opens a WebSocket: status 101 with a stream of its frames, or an ordinary answer with its body. @throws as above */
  upgrade(tunnelId: string, request: TunnelRequest, signal?: AbortSignal): Promise<ResponseHead & { stream: Duplex }>;
  /**
   * Compares the connections with the state: pushes newer configurations, closes connections of deleted tunnels and
   * those that the API dropped. A changed secret only counts for new connections:
   * https://developers.cloudflare.com/tunnel/reference/tunnel-tokens/.
   */
  sync(): void;
  /** Closes every connection. */
  close(): Promise<void>;
}

export function createTunnelEdge(options: TunnelEdgeOptions): TunnelEdge {
  return new LiveTunnels({ ...options, limits: { ...tunnelLimits, ...options.limits } });
}
