import { CloudflareError } from "./errors";
import type { Usage } from "./expression/syntax";
import { fields } from "./expression/vocabulary";
import { managedRuleset } from "./managedRulesets";
import { type Plan, plans } from "./model";

/** Rules that a plan allows in each phase with a small budget (waf/custom-rules, waf/rate-limiting-rules). */
const rulesInPhase: Record<string, Record<Plan, number>> = {
  http_request_firewall_custom: { free: 5, pro: 20, business: 100, enterprise: 1000 },
  http_ratelimit: { free: 1, pro: 2, business: 5, enterprise: 100 },
};
/** Rules in phases whose budget never matters here. */
const otherPhases = 125;

const freeFields = ["http.request.uri.path", "cf.bot_management.verified_bot", "cf.client.bot"];
const proFields = [...freeFields, "http.host", "http.request.uri", "http.request.full_uri", "http.request.uri.query"];
/** Fields that the expression of a rate limit may use; everything on the highest plan. */
const rateLimitFields: Record<Plan, string[] | undefined> = {
  free: freeFields,
  pro: proFields,
  business: [...proFields, "http.request.method", "ip.src", "http.user_agent"],
  enterprise: undefined,
};
/**
 * A refusal because of the plan. The words are those of the API; its numeric codes for them are not documented, and one
 * stands for all here.
 */
export const notEntitledCode = 20120;

/** Code of a refusal that only the sandbox makes: what it cannot evaluate truly must not look as if it did. */
export const notEmulatedCode = 20999;

export function notEntitled(use: string, plan: string, pointer: string): CloudflareError {
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

/** What the counting expression of a rate limit may use besides, where there may be one. */
const responseFields = ["http.response.code", "http.response.headers", "http.response.headers.names"];

/**
 * Refuses an expression that uses what the plan does not include.
 *
 * @param counting whether it is the counting expression of a rate limit
 * @throws CloudflareError 400
 */
export function refuseExpressionOverPlan(
  plan: Plan,
  phase: string,
  usage: Usage,
  pointer: string,
  counting = false,
): void {
  if (usage.operators.has("matches") && !atLeast(plan, "business")) {
    throw notEntitled("operator Matches", "a Business plan or a WAF Advanced plan is required", pointer);
  }
  const allowed = phase === "http_ratelimit" ? rateLimitFields[plan] : undefined;
  for (const name of usage.fields) {
    const needed = fields.get(name)?.plan ?? "free";
    if (allowed) {
      if (allowed.includes(name) || (counting && responseFields.includes(name))) continue;
      throw notEntitled(`field ${name}`, "an higher Advanced Rate Limiting plan is required", pointer);
    }
    if (!atLeast(plan, needed)) throw notEntitled(`field ${name}`, planRequired(needed), pointer);
  }
}

const planNames: Record<Plan, string> = {
  free: "a Free",
  pro: "a Pro",
  business: "a Business",
  enterprise: "an Enterprise",
};

function planRequired(plan: Plan): string {
  return `${planNames[plan]} plan is required`;
}

/** @throws CloudflareError 400 for a custom response on the lowest plan (waf/custom-rules/create-dashboard). */
export function refuseResponseOverPlan(plan: Plan, pointer: string): void {
  if (!atLeast(plan, "pro")) throw notEntitled("a custom response", planRequired("pro"), pointer);
}

/** @throws CloudflareError 400 when the managed ruleset is unknown or belongs to a higher plan. */
export function refuseManagedRuleset(plan: Plan, id: unknown, pointer: string): void {
  const ruleset = managedRuleset(id);
  if (!ruleset) throw new CloudflareError(400, 20118, `ruleset '${id}' does not exist`, pointer);
  if (!atLeast(plan, ruleset.plan)) throw notEntitled(`managed ruleset ${id}`, planRequired(ruleset.plan), pointer);
}

/** @throws CloudflareError 400 for the log action, which only the highest plan has. */
export function refuseActionOverPlan(plan: Plan, action: string, pointer: string): void {
  if (action === "log" && !atLeast(plan, "enterprise")) {
    throw notEntitled("action log", "an Enterprise plan is required", pointer);
  }
}
