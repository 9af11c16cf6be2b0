/** How long the edge waits for a connector, in milliseconds. */
export interface TunnelLimits {
  /** From the connection's start to its registration. Default: 10 seconds, twice what cloudflared gives the edge. */
  registration: number;
  /** For the reply to a configuration. Default: 10 seconds. */
  configuration: number;
  /** Between two pings. Default: 15 seconds. */
  ping: number;
  /** For the reply to a ping, after which the connection counts as dead. Default: 10 seconds. */
  pong: number;
  /**
   * For the head of an answer. Default: 120 seconds, the proxy read timeout of
   * https://developers.cloudflare.com/fundamentals/reference/connection-limits/.
   */
  answer: number;
}

export const tunnelLimits: TunnelLimits = {
  registration: 10_000,
  configuration: 10_000,
  ping: 15_000,
  pong: 10_000,
  answer: 120_000,
};
