import type { Plan, Ruleset, RulesetRule, Zone } from "../../../sandbox/clouds/cloudflare/model";
import { emptyCloudflare } from "../../../sandbox/clouds/cloudflare/model";
import type { CloudflareWorld } from "../../../sandbox/clouds/cloudflare/world";
import type { EdgeRequest, HeaderList } from "../../../sandbox/edge/request";
import { condition } from "../../../sandbox/edge/waf/compile";
import { factsOf, type SeenBody } from "../../../sandbox/edge/waf/facts";

export const browser =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";

export interface Sent {
  method?: string;
  /** Path and query. */
  target?: string;
  host?: string;
  headers?: HeaderList;
  address?: string;
  country?: string;
  /** Default: TLSv1.3; null for a request in plain text. */
  tls?: string | null;
  version?: EdgeRequest["version"];
  body?: string;
  /** Default: false. */
  websocket?: boolean;
}

export const zoneOf = (plan: Plan): Zone => ({
  id: "fedcba9876543210fedcba9876543210",
  name: "example.com",
  accountId: "0123456789abcdef0123456789abcdef",
  plan,
});

/** A request as the front of the edge hands it on. */
export function sent(given: Sent = {}, plan: Plan = "free"): EdgeRequest {
  const host = given.host ?? "bot.example.com";
  const body = Buffer.from(given.body ?? "");
  const length: HeaderList = given.body === undefined ? [] : [["content-length", String(body.length)]];
  const own = given.headers ?? [];
  const agent: HeaderList = own.some(([name]) => name === "user-agent") ? [] : [["user-agent", "Slackbot 1.0"]];
  return {
    ray: "0123456789abcdef",
    zone: zoneOf(plan),
    host,
    method: given.method ?? "GET",
    target: given.target ?? "/",
    version: given.version ?? "HTTP/1.1",
    headers: [["host", host], ...agent, ...length, ...own],
    client: { address: given.address ?? "198.51.100.200", country: given.country ?? "DE" },
    tls: given.tls === null ? undefined : (given.tls ?? "TLSv1.3"),
    websocket: given.websocket ?? false,
    body: async (limit) => {
      if (body.length > limit) throw new Error(`larger than ${limit} bytes`);
      return body;
    },
  };
}

/** Whether a request matches an expression. */
export function matches(expression: string, given: Sent = {}, body?: Partial<SeenBody>): boolean {
  const raw = given.body ?? "";
  const seen = { raw, size: raw.length, truncated: false, ...body };
  return condition(expression)(factsOf(sent(given), seen, Date.UTC(2026, 0, 2, 3, 4, 5, 678)));
}

/** A rule as the emulator keeps it. */
export function rule(ref: string, fields: Partial<RulesetRule> = {}): RulesetRule {
  return {
    id: Buffer.from(ref).toString("hex").padEnd(32, "0").slice(0, 32),
    version: "1",
    ref,
    action: "block",
    expression: "true",
    description: "",
    enabled: true,
    last_updated: "2026-01-01T00:00:00.000Z",
    ...fields,
  };
}

/** A world with one zone that has these rules, by phase. */
export function worldWith(phases: Record<string, RulesetRule[]>, plan: Plan = "free"): CloudflareWorld {
  const state = emptyCloudflare();
  const zone = zoneOf(plan);
  for (const [phase, rules] of Object.entries(phases)) {
    const ruleset: Ruleset = {
      id: phase,
      owner: `zones/${zone.id}`,
      name: phase,
      description: "",
      kind: "zone",
      phase,
      version: "1",
      last_updated: "2026-01-01T00:00:00.000Z",
      rules,
    };
    state.rulesets[phase] = ruleset;
  }
  return { state, accounts: [{ id: zone.accountId, name: "Acme" }], zones: [zone] };
}
