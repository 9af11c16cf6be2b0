import type { EdgeFragment } from "./edgeFragment";
import { type BotHost, botRules, capacityFor, countThatFits, hostRules, pathRule } from "./edgeRules";
import { planLimits, type ZonePlan } from "./zonePlans";

/** How often one address may call the paths of bot hostnames. */
export interface ZoneRateLimit {
  /**
   * Requests that one address may make within a period, counted at each of Cloudflare's places by itself. Default: 200,
   * more than twice what Slack sends of its largest workspaces (30,000 an hour), even if all came from one address.
   */
  requests?: number;
  /** Period in which they are counted, in seconds: 10; from pro on 60; from business on 120, 300 and 600. Default: 10. */
  period?: number;
  /** How long an address above it is refused, in seconds: 10; from pro on up to 3600, from business on 86400. Default: 10. */
  block?: number;
}

/** How many rules a zone's bot hostnames take, and how many more there is room for. */
export interface ZonePacking {
  /** Custom rules in use. */
  rules: number;
  /** Custom rules that the plan has room for. */
  ofRules: number;
  /** Agents in the zone. */
  agents: number;
  /** Bot hostnames among theirs. */
  bots: number;
  /** Characters of all expressions together. */
  characters: number;
  /** About how many more bot hostnames fit that are as long as the longest and have the routes that most have. */
  left: number;
}

/**
 * Refuses on bot hostnames all that was not declared, and spares the rest what is meant for browsers: services have no
 * user agent, or one that looks odd. The refs are what Cloudflare knows a rule by from one run to the next.
 */
export function firewallRules(bots: BotHost[], plan: ZonePlan) {
  const { refused, spared } = firewallHosts(bots);
  const products = { products: ["bic"] };
  return [
    ...refused.map(({ expression, hostnames }, i) => ({
      ref: `creel-bots-${i + 1}`,
      description: `Bot hostnames ${i + 1}: only what ${hostnames.length === 1 ? "one agent" : `${hostnames.length} agents`} declared`,
      action: "block",
      expression,
      enabled: true,
    })),
    ...spared.map(({ expression }, i) => ({
      ref: `creel-webhooks-${i + 1}`,
      description: `Bot hostnames ${i + 1}: no checks for browsers`,
      action: "skip",
      expression,
      enabled: true,
      actionParameters: plan === "free" ? products : { ...products, phases: ["http_request_sbfm"] },
    })),
  ];
}

function firewallHosts(bots: BotHost[]) {
  return { refused: botRules(bots), spared: hostRules(bots.map(({ hostname }) => hostname)) };
}

/**
 * Refuses an address that calls bot hostnames too often. Where the plan cannot tell hostnames apart, or they are too many
 * for its rules, it is their paths that count, and those count at every hostname of the zone.
 *
 * @returns undefined when neither fits
 */
export function rateLimitRules(bots: BotHost[], plan: ZonePlan, limit: ZoneRateLimit) {
  const expressions = rateLimitExpressions(bots, plan);
  return expressions?.map((expression, i) => ({
    ref: `creel-bots-${i + 1}`,
    description: `Bot hostnames ${i + 1}: how often one address may call`,
    action: "block",
    expression,
    enabled: true,
    ratelimit: {
      characteristics: ["cf.colo.id", "ip.src"],
      requestsPerPeriod: limit.requests ?? 200,
      period: limit.period ?? 10,
      mitigationTimeout: limit.block ?? 10,
    },
  }));
}

function rateLimitExpressions(bots: BotHost[], plan: ZonePlan): string[] | undefined {
  if (bots.length === 0) return [];
  const { rateLimitsByHost, rateLimits } = planLimits[plan];
  const byHost = hostRules(bots.map(({ hostname }) => hostname));
  if (rateLimitsByHost && byHost.length <= rateLimits) return byHost.map(({ expression }) => expression);
  const byPath = pathRule(bots.flatMap(({ routes }) => routes.map(({ path }) => path)));
  return byPath === undefined ? undefined : [byPath];
}

/**
 * Cloudflare's own rules, for everything in the zone but operator hostnames: what people tell agents looks like an attack
 * to them, and nobody gets there without a login. For the same reason bot hostnames are spared the most suspicious ones.
 */
export function managedRules(fragments: EdgeFragment[], plan: ZonePlan) {
  const { general, owasp } = planLimits[plan].managed;
  const skip = (ref: string, what: string, hostnames: string[], actionParameters: object) =>
    hostRules(hostnames).map(({ expression }, i) => ({
      ref: `creel-${ref}-${i + 1}`,
      description: `${what} ${i + 1}: not for them`,
      action: "skip",
      expression,
      enabled: true,
      actionParameters,
    }));
  const execute = (ref: string, description: string, id: string) => ({
    ref: `creel-${ref}`,
    description,
    action: "execute",
    expression: "true",
    enabled: true,
    actionParameters: { id },
  });
  const operators = fragments.map(({ operator }) => operator);
  const bots = botsOf(fragments).map(({ hostname }) => hostname);
  return [
    ...skip("operators", "Operator hostnames", operators, { ruleset: "current" }),
    ...(owasp === undefined ? [] : skip("bots", "Bot hostnames", bots, { rulesets: [owasp] })),
    execute("managed", "Cloudflare's rules", general),
    ...(owasp === undefined ? [] : [execute("owasp", "OWASP core rules", owasp)]),
  ];
}

/** The hostnames for services among the fragments. */
export function botsOf(fragments: EdgeFragment[]): BotHost[] {
  return fragments.flatMap(({ bot }) => (bot === undefined ? [] : [bot]));
}

/** How many of these bot hostnames, in this order, the plan's custom rules hold. */
export function countOfBots(bots: BotHost[], plan: ZonePlan): number {
  const { customRules } = planLimits[plan];
  return countThatFits(bots.length, (count) => {
    const { refused, spared } = firewallHosts(bots.slice(0, count));
    return refused.length + spared.length <= customRules;
  });
}

/** How full the plan is. */
export function zonePacking(fragments: EdgeFragment[], plan: ZonePlan): ZonePacking {
  const bots = botsOf(fragments);
  const { refused, spared } = firewallHosts(bots);
  const { customRules } = planLimits[plan];
  const { inLast, inNew, inList } = capacityFor(bots, refused);
  const withMore = (count: number) =>
    refused.length + Math.ceil(Math.max(0, count - inLast) / inNew) + Math.ceil((bots.length + count) / inList);
  return {
    rules: refused.length + spared.length,
    ofRules: customRules,
    agents: fragments.length,
    bots: bots.length,
    characters: [...refused, ...spared].reduce((sum, { expression }) => sum + expression.length, 0),
    left: countThatFits(customRules * inList, (count) => withMore(count) <= customRules),
  };
}
