import type { AgentRuntime } from "./runtime";

/**
 * Any image that runs as any user on a read-only root file system, listens on `$PORT` and keeps what must survive in
 * /data. It has to be told how its health is asked.
 */
export const generic: AgentRuntime = {
  port: 8080,
  environment: ({ port }) => ({ PORT: String(port) }),
  state: { data: "/data" },
  operatorPaths: [],
  tmpMemory: 64,
  startSeconds: 60,
  leastMemory: 32,
};
