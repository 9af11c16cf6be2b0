import type { FastifyInstance } from "fastify";
import { compiledFile } from "../../engine/paths";
import type { CloudflareState } from "../../sandbox/clouds/cloudflare/model";
import { createCloudflare, emptyCloudflare } from "../../sandbox/clouds/cloudflare/server";
import type { RequestEntry } from "../../sandbox/clouds/requestLog";
import { memoryStore } from "../../sandbox/clouds/store";

export const accountId = "0123456789abcdef0123456789abcdef";
const token = "A".repeat(40);

/** Zones of the account, one for each plan, and their ids. */
export const zones = {
  free: { name: "free.example", zoneId: "1".repeat(32) },
  pro: { name: "pro.example", zoneId: "2".repeat(32) },
  business: { name: "business.example", zoneId: "3".repeat(32) },
};

/** The Cloudflare of the sandbox alone, on a port of its own. */
export interface TestCloudflare {
  /** What a Pulumi program needs in its environment. */
  environment: Record<string, string>;
  state: CloudflareState;
  /** The writes since the last call, as `METHOD path`. */
  writes(): string[];
  api: FastifyInstance;
}

export async function testCloudflare(): Promise<TestCloudflare> {
  const entries: RequestEntry[] = [];
  const state = emptyCloudflare();
  const api = createCloudflare({
    store: memoryStore(state),
    token,
    accounts: [{ id: accountId, name: "acme", team: "acme" }],
    zones: Object.entries(zones).map(([plan, { name, zoneId }]) => ({
      id: zoneId,
      name,
      accountId,
      plan: plan as keyof typeof zones,
    })),
    log: (entry) => void entries.push(entry),
  });
  const address = await api.listen({ host: "127.0.0.1", port: 0 });
  return {
    environment: { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: `${address}/client/v4` },
    state,
    api,
    writes: () =>
      entries
        .splice(0)
        .filter(({ method }) => method !== "GET")
        .map(({ method, path }) => `${method} ${path.replace("/client/v4", "")}`),
  };
}

/** Names of a compiled module of the package, taken into a program's scope. */
export function use(module: string, ...names: string[]): string {
  return `const { ${names.join(", ")} } = require(${JSON.stringify(compiledFile("components", `${module}.js`))});`;
}
