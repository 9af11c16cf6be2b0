import { z } from "zod";
import { CloudflareError } from "./errors";
import type { Plan } from "./model";
import { refuseActionOverPlan, refuseManagedRuleset, refuseResponseOverPlan } from "./planLimits";

/** What a rule's action is told, as it came. */
export interface ActedOn {
  action: string;
  action_parameters?: Record<string, unknown> | null;
  logging?: unknown;
}

const customPhase = "http_request_firewall_custom";
const managedPhase = "http_request_firewall_managed";

const skippablePhases = ["http_ratelimit", "http_request_firewall_managed", "http_request_sbfm"] as const;
const skippableProducts = ["bic", "hot", "rateLimit", "securityLevel", "uaBlock", "waf", "zoneLockdown"] as const;
const id = z.string().regex(/^[0-9a-f]{32}$/);

/** What can be skipped from custom rules (waf/custom-rules/skip/options). */
const skipInCustom = z.strictObject({
  ruleset: z.literal("current").optional(),
  phase: z.literal("current").optional(),
  phases: z.array(z.enum(skippablePhases)).optional(),
  products: z.array(z.enum(skippableProducts)).optional(),
});
/** What can be skipped from rules before managed ones (waf/managed-rules/waf-exceptions/define-api). */
const skipInManaged = z.strictObject({
  ruleset: z.literal("current").optional(),
  rulesets: z.array(id).optional(),
  rules: z.record(id, z.union([z.string(), z.array(id)])).optional(),
});

const override = {
  action: z.enum(["block", "challenge", "js_challenge", "log", "managed_challenge"]).optional(),
  enabled: z.boolean().optional(),
  sensitivity_level: z.enum(["default", "medium", "low", "eoff"]).optional(),
};
const execute = z.strictObject({
  id: z.unknown(),
  version: z.string().optional(),
  matched_data: z.object({ public_key: z.string() }).optional(),
  overrides: z
    .strictObject({
      ...override,
      categories: z.array(z.strictObject({ ...override, category: z.string().min(1) })).optional(),
      rules: z.array(z.strictObject({ ...override, id, score_threshold: z.number().int().optional() })).optional(),
    })
    .optional(),
});

const response = z.strictObject({
  status_code: z
    .number()
    .int()
    .min(400, "must be between 400 and 499")
    .max(499, "must be between 400 and 499")
    .optional(),
  content: z.string().optional(),
  content_type: z.enum(["application/json", "text/html", "text/plain", "text/xml"]).optional(),
});
/** Largest body of a custom response, in bytes: of custom rules and of rate limits. */
const largestResponse = { [customPhase]: 2 * 1024, http_ratelimit: 30 * 1024 } as Record<string, number>;

/** @throws CloudflareError 400 when the parameters are not such as the action takes in that phase and plan. */
export function refuseParameters(plan: Plan, phase: string, rule: ActedOn, pointer: string): void {
  const parameters = withoutNulls(rule.action_parameters ?? {}) as Record<string, unknown>;
  const place = `${pointer}/action_parameters`;
  if (rule.logging && rule.action !== "skip") {
    throw new CloudflareError(400, 20121, `logging is not allowed with action '${rule.action}'`, `${pointer}/logging`);
  }
  if (rule.action === "skip") refuseSkip(phase, parameters, place);
  else if (rule.action === "execute") refuseExecute(plan, parameters, place);
  else refuseResponse(plan, phase, rule.action, parameters, place);
}

function refuseSkip(phase: string, parameters: Record<string, unknown>, pointer: string): void {
  if (Object.keys(parameters).length === 0) {
    throw refusal(pointer, [], "skip requires a ruleset, phases, products or rules to be skipped");
  }
  check(phase === managedPhase ? skipInManaged : skipInCustom, parameters, pointer);
}

function refuseExecute(plan: Plan, parameters: Record<string, unknown>, pointer: string): void {
  const { id: ruleset, overrides } = check(execute, parameters, pointer);
  refuseManagedRuleset(plan, ruleset, `${pointer}/id`);
  for (const { action } of [overrides, ...(overrides?.categories ?? []), ...(overrides?.rules ?? [])].map(
    (one) => one ?? {},
  )) {
    if (action) refuseActionOverPlan(plan, action, `${pointer}/overrides`);
  }
}

function refuseResponse(
  plan: Plan,
  phase: string,
  action: string,
  parameters: Record<string, unknown>,
  pointer: string,
): void {
  const most = largestResponse[phase];
  if (!most) return;
  const [foreign] = Object.keys(parameters).filter((name) => name !== "response");
  if (foreign) throw refusal(pointer, [foreign], `is not allowed with action ${action}`);
  if (!parameters.response) return;
  if (action !== "block") throw refusal(pointer, ["response"], "a custom response is only allowed with action block");
  const { content } = check(response, parameters.response, `${pointer}/response`);
  if (Buffer.byteLength(content ?? "") > most) {
    throw refusal(pointer, ["response", "content"], `is larger than ${most} bytes`);
  }
  refuseResponseOverPlan(plan, `${pointer}/response`);
}

function check<T extends z.ZodType>(schema: T, value: unknown, pointer: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw refusal(pointer, issue?.path ?? [], issue?.message ?? "is not valid");
}

function refusal(pointer: string, path: PropertyKey[], reason: string): CloudflareError {
  const place = path.map(String);
  const message = place.length > 0 ? `${place.join(".")}: ${reason}` : reason;
  return new CloudflareError(400, 20119, message, [pointer, ...place].join("/"));
}

/** A value without what is null in it, which the API takes as not given. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(given.map(([name, inner]) => [name, withoutNulls(inner)]));
}
