import { z } from "zod";
import { CloudflareError } from "./errors";
import { notEmulated } from "./expression/emulated";
import { parseValue } from "./expression/parser";
import { ExpressionError } from "./expression/syntax";
import type { Plan } from "./model";
import { atLeast, notEmulatedCode, notEntitled } from "./planLimits";

/** How a rule limits rates, with times in seconds (waf/rate-limiting-rules/parameters). */
export const rateLimitSchema = z.object({
  characteristics: z.array(z.string()).min(1),
  period: z.number().int(),
  requests_per_period: z.number().int().min(1).nullish(),
  mitigation_timeout: z.number().int().nullish(),
  counting_expression: z.string().nullish(),
  requests_to_origin: z.boolean().nullish(),
  score_per_period: z.number().nullish(),
  score_response_header_name: z.string().nullish(),
});
export type RateLimit = z.output<typeof rateLimitSchema>;

/** Counting periods and mitigation timeouts that the API's page lists; another page names more of them. */
const periods = [10, 60, 120, 300, 600, 3600];
const timeouts = [0, ...periods, 86_400];

/** Longest counting period of a plan. */
const longestPeriod: Record<Plan, number> = { free: 10, pro: 60, business: 600, enterprise: 3600 };
/** Longest mitigation of a plan; 10 is the only one of the free plan. */
const longestMitigation: Record<Plan, number> = { free: 10, pro: 3600, business: 86_400, enterprise: 86_400 };

const counted = ["cf.colo.id", "ip.src", "cf.unique_visitor_id"];
/** What a plan may count by; everything on the highest one. */
const characteristics: Record<Plan, string[] | undefined> = {
  free: counted.slice(0, 2),
  pro: counted.slice(0, 2),
  business: counted,
  enterprise: undefined,
};

/** @throws CloudflareError 400 when a rate limit breaks the API's rules or the plan's. */
export function refuseRateLimit(plan: Plan, action: string, limit: RateLimit, pointer: string): void {
  refuseCharacteristics(plan, limit.characteristics, `${pointer}/characteristics`);
  if (!periods.includes(limit.period)) throw refusal(pointer, "period", `must be one of ${periods.join(", ")}`);
  if (limit.period > longestPeriod[plan]) {
    const words = `the longest period of the plan is ${longestPeriod[plan]}`;
    throw notEntitled(`period ${limit.period}`, words, `${pointer}/period`);
  }
  if (limit.score_per_period || limit.score_response_header_name) {
    const reason = "the sandbox does not emulate rate limits by complexity";
    throw new CloudflareError(400, notEmulatedCode, reason, `${pointer}/score_per_period`);
  }
  if (!limit.requests_per_period) throw refusal(pointer, "requests_per_period", "must be greater than 0");
  refuseMitigation(plan, action, limit.mitigation_timeout ?? 0, pointer);
  if (limit.counting_expression && !atLeast(plan, "business")) {
    throw notEntitled("a counting expression", "a Business plan is required", `${pointer}/counting_expression`);
  }
}

function refuseCharacteristics(plan: Plan, names: string[], pointer: string): void {
  const refuse = (reason: string) => new CloudflareError(400, 20155, `ratelimit.characteristics: ${reason}`, pointer);
  if (!names.includes("cf.colo.id")) throw refuse("cf.colo.id must be one of the characteristics");
  if (new Set(names).size !== names.length) throw refuse("characteristics must be unique");
  if (names.includes("ip.src") && names.includes("cf.unique_visitor_id")) {
    throw refuse("ip.src and cf.unique_visitor_id cannot be used together");
  }
  const allowed = characteristics[plan];
  const beyond = allowed && names.find((name) => !allowed.includes(name));
  if (beyond) throw notEntitled(`characteristic ${beyond}`, "an Advanced Rate Limiting plan is required", pointer);
  for (const name of names) if (name !== "cf.colo.id") refuseCharacteristic(name, pointer);
}

function refuseCharacteristic(name: string, pointer: string): void {
  if (name === "cf.unique_visitor_id") throw unknownHere("characteristic cf.unique_visitor_id", pointer);
  try {
    const unknown = notEmulated(parseValue(name).usage);
    if (unknown) throw unknownHere(unknown, pointer);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const message = `'${name}' is not a valid value for characteristics because ${error.message}`;
    throw new CloudflareError(400, 20155, message, pointer);
  }
  const header = /^http\.request\.headers\["(.*)"\]$/.exec(name)?.[1];
  if (header !== undefined && header !== header.toLowerCase()) {
    const message = `'${name}' is not a valid value for characteristics because header names must be in lower case`;
    throw new CloudflareError(400, 20155, message, pointer);
  }
}

function refuseMitigation(plan: Plan, action: string, timeout: number, pointer: string): void {
  if (atLeast(plan, "enterprise")) {
    if (timeout >= 0 && timeout <= longestMitigation.enterprise) return;
    throw refusal(pointer, "mitigation_timeout", `must be between 0 and ${longestMitigation.enterprise}`);
  }
  if (action.endsWith("challenge")) {
    if (timeout !== 0) throw refusal(pointer, "mitigation_timeout", `must be 0 for action ${action}`);
    return;
  }
  const longest = longestMitigation[plan];
  if (plan === "free" && timeout !== longest) {
    throw notEntitled(
      `mitigation timeout ${timeout}`,
      "the only one of the plan is 10",
      `${pointer}/mitigation_timeout`,
    );
  }
  if (timeout > longest || timeout === 0) {
    const words =
      timeout === 0 ? "an Enterprise plan is required to throttle" : `the longest of the plan is ${longest}`;
    throw notEntitled(`mitigation timeout ${timeout}`, words, `${pointer}/mitigation_timeout`);
  }
  if (!timeouts.includes(timeout))
    throw refusal(pointer, "mitigation_timeout", `must be one of ${timeouts.join(", ")}`);
}

function refusal(pointer: string, field: string, reason: string): CloudflareError {
  return new CloudflareError(400, 20155, `ratelimit.${field}: ${reason}`, `${pointer}/${field}`);
}

function unknownHere(what: string, pointer: string): CloudflareError {
  return new CloudflareError(400, notEmulatedCode, `the sandbox does not emulate the ${what}`, pointer);
}
