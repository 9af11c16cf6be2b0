import { type EdgeFragment, edgeFragmentFaults, sharedHostnameFaults } from "./edgeFragment";
import { tooLong } from "./edgeRules";
import { type Fault, faultsUnder } from "./faults";
import { zoneNameFaults } from "./hostnames";
import { longestExpression } from "./wafExpression";
import type { ZoneEdgeArgs } from "./zoneEdge";
import { planLimits, type ZonePlan, zonePlans } from "./zonePlans";
import { botsOf, countOfBots, rateLimitRules, type ZoneRateLimit } from "./zoneRules";

/** Everything that is wrong with what a zone's rules are to be, as far as it is known without asking Cloudflare. */
export function zoneEdgeFaults(
  args: Pick<ZoneEdgeArgs, "zone" | "plan" | "fragments" | "rateLimit" | "tls" | "bots">,
): Fault[] {
  const { zone, plan, fragments, rateLimit = {}, tls, bots } = args;
  if (!zonePlans.includes(plan)) {
    return [{ path: "plan", value: plan, reason: "is not a plan", remedy: `write one of ${zonePlans.join(", ")}` }];
  }
  const ofFragments = [...zoneNameFaults("zone", zone), ...fragmentFaults(zone, fragments)];
  const faults = [...ofFragments, ...rateLimitFaults(plan, rateLimit), ...tlsFaults(tls)];
  if (bots?.fightMode) faults.push(...fightModeFaults(plan, fragments));
  // Rules can be counted only where there is nothing wrong with what they are made of.
  return ofFragments.length > 0 ? faults : [...faults, ...roomFaults(plan, fragments)];
}

function fragmentFaults(zone: string, fragments: EdgeFragment[]): Fault[] {
  const at = (i: number) => `fragments[${i}]`;
  const faults = fragments.flatMap((fragment, i): Fault[] => {
    const own = edgeFragmentFaults(fragment);
    if (own.length > 0 || fragment.zone === zone) return faultsUnder(at(i), own);
    const remedy = `leave it out here: this is ${zone}`;
    return [{ path: `${at(i)}.zone`, value: fragment.zone, reason: "is another zone", remedy }];
  });
  return faults.length > 0 ? faults : sharedHostnameFaults(fragments, at);
}

function rateLimitFaults(plan: ZonePlan, { requests = 200, period = 10, block = 10 }: ZoneRateLimit): Fault[] {
  const { periods, block: blocks } = planLimits[plan];
  const [least, most] = blocks;
  const faults: Fault[] = [];
  if (!Number.isInteger(requests) || requests < 1 || requests > 1_000_000) {
    const remedy = "write a whole number from 1 to 1000000";
    faults.push({ path: "rateLimit.requests", value: requests, reason: "is not a number of requests", remedy });
  }
  if (!periods.includes(period)) {
    const remedy = periods.length === 1 ? `write ${periods[0]}` : `write one of ${periods.join(", ")}`;
    const reason = `is not a period in seconds that the plan ${plan} counts in`;
    faults.push({ path: "rateLimit.period", value: period, reason, remedy: above(plan, "period", period) ?? remedy });
  }
  if (!Number.isInteger(block) || block < least || block > most) {
    const remedy = least === most ? `write ${least}` : `write a whole number from ${least} to ${most}`;
    const reason = `is not how long the plan ${plan} refuses an address, in seconds`;
    faults.push({ path: "rateLimit.block", value: block, reason, remedy: above(plan, "block", block) ?? remedy });
  }
  return faults;
}

/** What to do about a number that a larger plan would take. */
function above(plan: ZonePlan, setting: "period" | "block", value: number): string | undefined {
  const takes = ({ periods, block: [least, most] }: (typeof planLimits)[ZonePlan]) =>
    setting === "period" ? periods.includes(value) : Number.isInteger(value) && value >= least && value <= most;
  const larger = zonePlans.slice(zonePlans.indexOf(plan) + 1).find((other) => takes(planLimits[other]));
  return larger === undefined ? undefined : `write 10, or have the plan ${larger} for the zone`;
}

function tlsFaults(tls: ZoneEdgeArgs["tls"]): Fault[] {
  const { minVersion = "1.2", hsts: { days = 180 } = {} } = tls ?? {};
  const faults: Fault[] = [];
  if (!["1.2", "1.3"].includes(minVersion)) {
    const reason = "is not a TLS version that is still safe";
    faults.push({ path: "tls.minVersion", value: minVersion, reason, remedy: "write 1.2 or 1.3" });
  }
  if (!Number.isInteger(days) || days < 0 || days > 730) {
    const remedy = "write a whole number from 0 to 730";
    faults.push({ path: "tls.hsts.days", value: days, reason: "is not a number of days", remedy });
  }
  return faults;
}

function fightModeFaults(plan: ZonePlan, fragments: EdgeFragment[]): Fault[] {
  const path = "bots.fightMode";
  if (plan !== "free") {
    const remedy = "remove it: what takes its place there is set so that tunnels and webhooks keep working";
    return [{ path, reason: `is a setting of the plan free, and the zone has ${plan}`, remedy }];
  }
  const bot = botsOf(fragments)[0];
  if (bot === undefined) return [];
  const reason = `would challenge what services send to ${bot.hostname}, and no rule can make an exception`;
  return [{ path, reason, remedy: "remove it, or the bot hostnames" }];
}

function roomFaults(plan: ZonePlan, fragments: EdgeFragment[]): Fault[] {
  const bots = botsOf(fragments);
  const long = tooLong(bots).map(({ hostname, length }): Fault => {
    const i = fragments.findIndex(({ bot }) => bot?.hostname === hostname);
    const reason = `make a rule of ${length} characters, and Cloudflare takes ${longestExpression}`;
    return { path: `fragments[${i}].bot.routes`, reason, remedy: "declare fewer or shorter ones" };
  });
  if (long.length > 0) return long;
  const faults: Fault[] = [];
  const fitting = countOfBots(bots, plan);
  if (fitting < bots.length) {
    const reason = `has room for the bot hostnames of ${fitting} agents (${planLimits[plan].customRules} custom rules), and there are ${bots.length}`;
    const larger = zonePlans
      .slice(zonePlans.indexOf(plan) + 1)
      .find((other) => countOfBots(bots, other) === bots.length);
    const upgrade = larger === undefined ? "" : `have the plan ${larger} for the zone, or `;
    const remedy = `${upgrade}move agents to another zone, or give them the same routes, which then share a rule`;
    faults.push({ path: "plan", value: plan, reason, remedy });
  }
  if (rateLimitRules(bots, plan, {}) === undefined) {
    const reason = "has no room in a rate limit for all the paths of bot hostnames";
    faults.push({
      path: "plan",
      value: plan,
      reason,
      remedy: "let agents have the same paths, or move some to another zone",
    });
  }
  return faults;
}
