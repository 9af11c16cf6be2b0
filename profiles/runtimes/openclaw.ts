import type { AgentRuntime } from "./runtime";

/**
 * The OpenClaw gateway (https://docs.openclaw.ai), as the image ghcr.io/openclaw/openclaw or one built from its npm
 * package runs it. It starts only with an openclaw.json whose gateway.mode is local; put it into the state directory.
 */
export const openclaw: AgentRuntime = {
  port: 18789,
  // `lan` because loopback would be the container's own, where no connector can come.
  command: ({ port }) => ["openclaw", "gateway", "--bind", "lan", "--port", String(port)],
  // Unknown paths answer 200 with a page, so the body has to be looked at.
  health: ({ port }) => [
    "node",
    "-e",
    `fetch("http://127.0.0.1:${port}/healthz").then((r) => r.json()).then((b) => process.exit(b.ok === true ? 0 : 1), () => process.exit(1))`,
  ],
  environment: ({ memory }) => ({
    HOME: "/home/node",
    OPENCLAW_HOME: "/home/node",
    OPENCLAW_STATE_DIR: "/home/node/.openclaw",
    // Without a cache that it can write, it says that its database is unreadable and exits.
    XDG_CACHE_HOME: "/home/node/.openclaw/cache",
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_NO_AUTO_UPDATE: "1",
    // V8 sizes its heap by the server's memory and does not see the container's limit; upstream gives it three quarters.
    NODE_OPTIONS: `--max-old-space-size=${Math.floor(memory * 0.75)}`,
  }),
  // Upstream asks for the key of stored logins (.config) to lie apart from what it opens (.openclaw).
  state: { openclaw: "/home/node/.openclaw", config: "/home/node/.config/openclaw" },
  // Its page, its APIs and its own hooks: to a connector that it does not trust it answers 403 there, and it must not trust
  // the one that services come through. Webhooks of its channels are apart from these.
  operatorPaths: ["/chat", "/j", "/__openclaw__", "/v1", "/tools", "/api", "/oauth", "/hooks"],
  // Its logs are in /tmp; about 10 MiB were seen.
  tmpMemory: 256,
  // A cold start was seen to take more than three minutes on a small server.
  startSeconds: 300,
  // With 1 GiB the first call of its command line inside thrashes, and newer versions run out of memory at start.
  leastMemory: 2048,
};
