import { createAccess } from "./access";
import { type Edge, type EdgeOptions, openEdge } from "./edge";
import { createTunnelEdge } from "./tunnel";
import { createWaf } from "./waf";

export type { LogLine } from "./decisions";
export type { Edge, EdgeOptions } from "./edge";

/**
 * Cloudflare's network on this computer: what the API holds decides who gets through to which tunnel.
 *
 * @throws Error when a port is taken
 */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { world, save } = options;
  const access = createAccess({ world, save });
  const edge = await openEdge(options, (log) => ({
    access,
    waf: createWaf({ world }),
    tunnels: createTunnelEdge({ state: world.state, report: log, changed: save }),
  }));
  return {
    ...edge,
    register: (app) => {
      edge.register(app);
      access.register(app);
    },
  };
}
