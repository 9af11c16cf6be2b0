import { CloudflareError } from "./errors";
import type { Usage } from "./expression/syntax";
import { type Plan, plans } from "./model";

/** Rules that a plan allows in each phase with a small budget (waf/custom-rules, waf/rate-limiting-rules). */
const rulesInPhase: Record<string, Record<Plan, number>> = {
  http_request_firewall_custom: { free: 5, pro: 20, business: 100, enterprise: 1000 },
  http_ratelimit: { free: 1, pro: 2, business: 5, enterprise: 100 },
};
/** Rules in phases whose budget never matters here. */
const otherPhases = 125;

/** Longest counting period of a rate limit, in seconds. */
const longestPeriod: Record<Plan, number> = { free: 10, pro: 60, business: 600, enterprise: 3600 };
/** Periods the API knows at all, in seconds. */
const periods = [10, 60, 120, 300, 600, 3600];
/** Longest mitigation of a rate limit, in seconds; 10 is the only one of the free plan. */
const longestMitigation: Record<Plan, number> = { free: 10, pro: 3600, business: 86_400, enterprise: 86_400 };

const freeFields = ["http.request.uri.path", "cf.bot_management.verified_bot", "cf.client.bot"];
const proFields = [...freeFields, "http.host", "http.request.uri", "http.request.full_uri", "http.request.uri.query"];
/** Fields that the expression of a rate limit may use; everything on the highest plan. */
const rateLimitFields: Record<Plan, string[] | undefined> = {
  free: freeFields,
  pro: proFields,
  business: [...proFields, "http.request.method", "ip.src", "http.user_agent"],
  enterprise: undefined,
};
const characteristics: Record<Plan, string[] | undefined> = {
  free: ["cf.colo.id", "ip.src"],
  pro: ["cf.colo.id", "ip.src"],
  business: ["cf.colo.id", "ip.src", "cf.unique_visitor_id"],
  enterprise: undefined,
};

/** Managed rulesets by id, and the lowest plan that may execute them (waf/managed-rules). */
const managedRulesets = new Map<string, Plan>(
  Object.entries({
    "77454fe2d30c4220b5701f6fdfb893ba": "free",
    efb7b8c949ac4650a09736fc376e9aee: "pro",
    "4814384a9e5d4991b9815dcfc25d2f1f": "pro",
    c2e184081120413c86c3ab7e14069605: "pro",
  }),
);

/**
 * A refusal because of the plan. The words are those of the API; its numeric codes for them are not documented, and one
 * stands for all here.
 */
export const notEntitledCode = 20120;

function notEntitled(use: string, plan: string, pointer: string): CloudflareError {
  return new CloudflareError(400, notEntitledCode, `not entitled: the use of ${use} is not allowed, ${plan}`, pointer);
}

export function atLeast(plan: Plan, wanted: Plan): boolean {
  return plans.indexOf(plan) >= plans.indexOf(wanted);
}

/** @throws CloudflareError 400 when a phase holds more rules than the plan allows. */
export function refuseTooManyRules(plan: Plan, phase: string, count: number): void {
  const most = rulesInPhase[phase]?.[plan] ?? otherPhases;
  if (count > most) {
    const message = `exceeded the maximum number of rules in the phase ${phase}: ${count} out of ${most}`;
    throw new CloudflareError(400, 20217, message, "/rules");
  }
}

/** @throws CloudflareError 400 when an expression uses what the plan does not include. */
export function refuseExpressionOverPlan(plan: Plan, phase: string, usage: Usage, pointer: string): void {
  if (usage.operators.has("matches") && !atLeast(plan, "business")) {
    throw notEntitled("operator Matches", "a Business plan or a WAF Advanced plan is required", pointer);
  }
  if (!atLeast(plan, "enterprise") && [...usage.fields].some((field) => field.startsWith("http.request.body."))) {
    throw notEntitled("field http.request.body", "an Enterprise plan is required", pointer);
  }
  const allowed = phase === "http_ratelimit" ? rateLimitFields[plan] : undefined;
  const beyond = allowed && [...usage.fields].find((field) => !allowed.includes(field));
  if (beyond) throw notEntitled(`field ${beyond}`, "an higher Advanced Rate Limiting plan is required", pointer);
}

export interface RateLimit {
  characteristics: string[];
  period: number;
  mitigation_timeout?: number | null;
  counting_expression?: string | null;
  requests_to_origin?: boolean | null;
}

/** @throws CloudflareError 400 when a rate limit breaks the API's rules or the plan's. */
export function refuseRateLimit(plan: Plan, action: string, limit: RateLimit, pointer: string): void {
  const refuse = (field: string, reason: string) =>
    new CloudflareError(400, 20155, `ratelimit.${field}: ${reason}`, `${pointer}/${field}`);
  if (!limit.characteristics.includes("cf.colo.id")) {
    throw refuse("characteristics", "cf.colo.id must be one of the characteristics");
  }
  const allowed = characteristics[plan];
  const beyond = allowed && limit.characteristics.find((name) => !allowed.includes(name));
  if (beyond) {
    throw notEntitled(
      `characteristic ${beyond}`,
      "an Advanced Rate Limiting plan is required",
      `${pointer}/characteristics`,
    );
  }
  if (!periods.includes(limit.period)) throw refuse("period", `must be one of ${periods.join(", ")}`);
  if (limit.period > longestPeriod[plan]) {
    throw notEntitled(
      `period ${limit.period}`,
      `the longest period of the plan is ${longestPeriod[plan]}`,
      `${pointer}/period`,
    );
  }
  refuseMitigation(plan, action, limit.mitigation_timeout ?? 0, pointer, refuse);
  if (limit.counting_expression && !atLeast(plan, "business")) {
    throw notEntitled("a counting expression", "a Business plan is required", `${pointer}/counting_expression`);
  }
  if (limit.requests_to_origin && !atLeast(plan, "enterprise")) {
    throw notEntitled(
      "requests_to_origin",
      "an Advanced Rate Limiting plan is required",
      `${pointer}/requests_to_origin`,
    );
  }
}

function refuseMitigation(
  plan: Plan,
  action: string,
  timeout: number,
  pointer: string,
  refuse: (field: string, reason: string) => CloudflareError,
): void {
  if (action.endsWith("challenge") && !atLeast(plan, "enterprise")) {
    if (timeout !== 0) throw refuse("mitigation_timeout", `must be 0 for action ${action}`);
    return;
  }
  const only = plan === "free" && timeout !== longestMitigation.free;
  if (only || timeout < 0 || timeout > longestMitigation[plan]) {
    const words =
      plan === "free" ? "the only one of the plan is 10" : `the longest of the plan is ${longestMitigation[plan]}`;
    throw notEntitled(`mitigation timeout ${timeout}`, words, `${pointer}/mitigation_timeout`);
  }
}

/** @throws CloudflareError 400 when the managed ruleset is unknown or belongs to a higher plan. */
export function refuseManagedRuleset(plan: Plan, id: unknown, pointer: string): void {
  const needed = managedRulesets.get(String(id));
  if (!needed) throw new CloudflareError(400, 20118, `ruleset '${id}' does not exist`, pointer);
  if (!atLeast(plan, needed)) throw notEntitled(`managed ruleset ${id}`, `a ${needed} plan is required`, pointer);
}

/** @throws CloudflareError 400 for the log action, which only the highest plan has. */
export function refuseActionOverPlan(plan: Plan, action: string, pointer: string): void {
  if (action === "log" && !atLeast(plan, "enterprise")) {
    throw notEntitled("action log", "an Enterprise plan is required", pointer);
  }
}
