import type { ZonePlan } from "../../components/zonePlans";
import { emptyCloudflare, type RulesetRule, type Zone } from "../../sandbox/clouds/cloudflare/model";
import { checkedRules } from "../../sandbox/clouds/cloudflare/rulesetRules";
import type { EdgeRequest, HeaderList } from "../../sandbox/edge/request";
import { createWaf, type Waf } from "../../sandbox/edge/waf";

const accountId = "0123456789abcdef0123456789abcdef";

/** Rules as a program has them. */
type ProgramRule = { action: string; expression: string; ratelimit?: object; actionParameters?: object };

export const phases = {
  firewall: "http_request_firewall_custom",
  rateLimit: "http_ratelimit",
  managed: "http_request_firewall_managed",
} as const;

/** Rules as the API of the sandbox keeps them; it refuses what it would refuse of a program. */
export function acceptedRules(plan: ZonePlan, phase: keyof typeof phases, rules: ProgramRule[]): RulesetRule[] {
  const wire = rules.map(({ ratelimit, actionParameters, ...rule }) => ({
    ...rule,
    ...(ratelimit === undefined ? {} : { ratelimit: snakeCase(ratelimit) }),
    ...(actionParameters === undefined ? {} : { action_parameters: snakeCase(actionParameters) }),
  }));
  return checkedRules(plan, phases[phase], wire, []);
}

function snakeCase(given: object): object {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [snake(name), value]));
}

/** A zone at the sandbox's edge that has these rules. */
export function zoneWith(plan: ZonePlan, rules: Partial<Record<keyof typeof phases, ProgramRule[]>>) {
  const zone: Zone = { id: "fedcba9876543210fedcba9876543210", name: "example.com", accountId, plan };
  const state = emptyCloudflare();
  for (const [phase, list] of Object.entries(rules) as [keyof typeof phases, ProgramRule[]][]) {
    state.rulesets[phase] = {
      id: phase,
      owner: `zones/${zone.id}`,
      name: "creel",
      description: "",
      kind: "zone",
      phase: phases[phase],
      version: "1",
      last_updated: "2026-01-01T00:00:00Z",
      rules: acceptedRules(plan, phase, list),
    };
  }
  const time = { now: Date.parse("2026-01-01T00:00:00Z") };
  const waf = createWaf({
    world: { state, zones: [zone], accounts: [{ id: accountId, name: "acme", team: "acme" }] },
    now: () => time.now,
  });
  return { waf, zone, time };
}

/** What a request looks like, as far as it is not an ordinary one. */
export interface Asked {
  host: string;
  method?: string;
  target?: string;
  headers?: HeaderList;
  address?: string;
  body?: string;
}

/** The status that the firewall answers with; undefined when it lets the request pass. */
export async function refusal({ waf, zone }: { waf: Waf; zone: Zone }, asked: Asked): Promise<number | undefined> {
  const { host, method = "GET", target = "/", headers = [], address = "203.0.113.7", body = "" } = asked;
  const request: EdgeRequest = {
    ray: "0123456789abcdef",
    zone,
    host,
    method,
    target,
    version: "HTTP/2",
    headers: [["host", host], ...headers],
    client: { address, country: "DE" },
    tls: "TLSv1.3",
    websocket: false,
    body: async () => Buffer.from(body),
  };
  const ruling = await waf.rule(request);
  return ruling.pass ? undefined : ruling.response.status;
}
