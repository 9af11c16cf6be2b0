import { z } from "zod";
import { refuseParameters } from "./actionParameters";
import { hexId, timestamp } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import { notEmulated } from "./expression/emulated";
import { parseExpression } from "./expression/parser";
import { ExpressionError, type Usage } from "./expression/syntax";
import type { Plan, RulesetRule } from "./model";
import { notEmulatedCode, refuseActionOverPlan, refuseExpressionOverPlan, refuseTooManyRules } from "./planLimits";
import { rateLimitSchema, refuseRateLimit } from "./rateLimitRules";

const rule = z.object({
  id: z.string().nullish(),
  ref: z.string().min(1).nullish(),
  action: z.string(),
  expression: z.string(),
  description: z.string().nullish(),
  enabled: z.boolean().nullish(),
  action_parameters: z.record(z.string(), z.unknown()).nullish(),
  ratelimit: rateLimitSchema.nullish(),
  logging: z.object({ enabled: z.boolean() }).nullish(),
});
type Wanted = z.output<typeof rule>;

export const rulesSchema = z.array(rule);

/** Longest expression on every plan, in characters (rules-language/expressions). */
const longestExpression = 4096;

const securityActions = ["block", "challenge", "js_challenge", "managed_challenge", "log"];
/** What rules of a phase may do; phases that are not listed take any action. */
const actionsOf: Record<string, string[]> = {
  http_request_firewall_custom: [...securityActions, "skip"],
  http_ratelimit: securityActions,
  http_request_firewall_managed: ["execute", "skip"],
  http_request_dynamic_redirect: ["redirect"],
  http_request_transform: ["rewrite"],
  http_request_late_transform: ["rewrite"],
  http_response_headers_transform: ["rewrite"],
  http_config_settings: ["set_config"],
  http_request_origin: ["route"],
  http_request_cache_settings: ["set_cache_settings"],
};

/** Phases whose expressions are filters over requests as the parser knows them. */
const parsedPhases = new Set(["http_request_firewall_custom", "http_ratelimit", "http_request_firewall_managed"]);

/**
 * The rules of a ruleset in their stored form. Rules that keep their `ref` (or id) keep their id; one that changes gets
 * a new version.
 *
 * @throws CloudflareError 400 naming the rule by pointer.
 */
export function checkedRules(plan: Plan, phase: string, given: unknown, before: RulesetRule[]): RulesetRule[] {
  const wanted = parseBody(z.object({ rules: rulesSchema }), { rules: given ?? [] }, { code: 20013 }).rules;
  refuseTooManyRules(plan, phase, wanted.length);
  const rules = wanted.map((entry, index) => {
    checkRule(plan, phase, entry, `/rules/${index}`);
    return storedRule(entry, before);
  });
  if (new Set(rules.map((entry) => entry.ref)).size !== rules.length) {
    throw new CloudflareError(400, 20014, "the ref of a rule must be unique within its ruleset", "/rules");
  }
  return rules;
}

function checkRule(plan: Plan, phase: string, wanted: Wanted, pointer: string): void {
  const allowed = actionsOf[phase];
  if (allowed && !allowed.includes(wanted.action)) {
    const message = `'${wanted.action}' is not a valid value for action because it is not allowed in the phase '${phase}'`;
    throw new CloudflareError(400, 20116, message, `${pointer}/action`);
  }
  refuseActionOverPlan(plan, wanted.action, `${pointer}/action`);
  checkExpression(plan, phase, wanted.expression, `${pointer}/expression`);
  if (phase === "http_ratelimit") {
    if (!wanted.ratelimit) throw new CloudflareError(400, 20155, "ratelimit is required in this phase", pointer);
    refuseRateLimit(plan, wanted.action, wanted.ratelimit, `${pointer}/ratelimit`);
    const { counting_expression: counting } = wanted.ratelimit;
    if (counting) checkExpression(plan, phase, counting, `${pointer}/ratelimit/counting_expression`, true);
  } else if (wanted.ratelimit) {
    throw new CloudflareError(
      400,
      20155,
      "ratelimit is only allowed in the phase 'http_ratelimit'",
      `${pointer}/ratelimit`,
    );
  }
  refuseParameters(plan, phase, wanted, pointer);
}

function checkExpression(plan: Plan, phase: string, expression: string, pointer: string, counting = false): void {
  const refuse = (code: number, reason: string) =>
    new CloudflareError(400, code, `'${expression}' is not a valid value for expression because ${reason}`, pointer);
  if (expression.trim() === "") throw refuse(20125, "the expression cannot be blank");
  if (expression.length > longestExpression) {
    const message = `the expression has ${expression.length} characters, the limit is ${longestExpression}`;
    throw new CloudflareError(400, 20126, message, pointer);
  }
  if (!parsedPhases.has(phase)) return;
  let usage: Usage;
  try {
    usage = parseExpression(expression).usage;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw refuse(20127, `could not parse filter expression: ${error.message}`);
  }
  refuseExpressionOverPlan(plan, phase, usage, pointer, counting);
  const unknown = notEmulated(usage);
  if (unknown) throw refuse(notEmulatedCode, `the sandbox does not emulate the ${unknown}`);
}

function storedRule(wanted: Wanted, before: RulesetRule[]): RulesetRule {
  const present = before.find((entry) => (wanted.ref ? entry.ref === wanted.ref : entry.id === wanted.id));
  const id = present?.id ?? hexId();
  const content = {
    ref: wanted.ref ?? present?.ref ?? id,
    action: wanted.action,
    expression: wanted.expression,
    description: wanted.description ?? "",
    enabled: wanted.enabled ?? true,
    ...filled("action_parameters", wanted.action_parameters),
    ...filled("ratelimit", wanted.ratelimit),
    ...filled("logging", wanted.logging),
  };
  if (present && sameContent(present, content)) return present;
  const version = String(Number(present?.version ?? 0) + 1);
  return { id, version, ...content, last_updated: timestamp() };
}

function sameContent(present: RulesetRule, content: object): boolean {
  const { id: _, version: __, last_updated: ___, ...old } = present;
  return JSON.stringify(old) === JSON.stringify(content);
}

/** An object under a name, without what is null inside; nothing when it is empty. */
function filled<K extends string>(name: K, value: object | null | undefined): { [P in K]?: Record<string, unknown> } {
  const entries = Object.entries(value ?? {}).filter(([, inner]) => inner !== null && inner !== undefined);
  return (entries.length > 0 ? { [name]: Object.fromEntries(entries) } : {}) as { [P in K]?: Record<string, unknown> };
}
