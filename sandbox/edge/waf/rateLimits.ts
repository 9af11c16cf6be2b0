import type { RulesetRule, Zone } from "../../clouds/cloudflare/model";
import { condition, reading } from "./compile";
import type { Fact, Facts } from "./facts";

/** The one data center there is: its name is a characteristic of every rate limit. */
const dataCenter = "SBX";

/** How a rate limit is set, with times in seconds. */
interface Limit {
  characteristics: string[];
  period: number;
  requests_per_period: number;
  mitigation_timeout: number;
  counting_expression: string;
}

interface Counter {
  /** When requests were counted, in milliseconds, oldest first; none older than the period. */
  counted: number[];
  /** End of the mitigation, in milliseconds; 0 for none. */
  until: number;
}

/** Most counters that are kept: those that count nothing any more are dropped when there are more. */
const mostCounters = 20_000;

/**
 * Counters of rate limiting rules: one to each combination of the characteristics' values
 * (https://developers.cloudflare.com/waf/rate-limiting-rules/request-rate/).
 *
 * The request that exceeds the rate is the first to be refused. With a mitigation timeout, all further ones are refused
 * until it is over, and counting begins anew then; without one, requests above the rate are refused and not counted.
 * The window slides: a request counts for one period from its arrival.
 */
export class RateLimits {
  private readonly counters = new Map<string, Counter>();

  /**
   * Counts a request.
   *
   * @param now milliseconds since 1970
   * @returns seconds for which the client is refused, or undefined when it is within the rate
   */
  refusal(zone: Zone, rule: RulesetRule, facts: Facts, now: number): number | undefined {
    const limit = limitOf(rule);
    const matches = condition(rule.expression)(facts);
    const counts = limit.counting_expression === "" ? matches : condition(limit.counting_expression)(facts);
    if (!matches && !counts) return undefined;
    const counter = this.counter(`${zone.id} ${rule.id} ${rule.version}`, limit, facts, now);
    if (counter.until > now) return matches ? Math.ceil((counter.until - now) / 1000) : undefined;
    if (counts) counter.counted.push(now);
    if (!matches || counter.counted.length <= limit.requests_per_period) return undefined;
    if (limit.mitigation_timeout > 0) {
      counter.until = now + limit.mitigation_timeout * 1000;
      counter.counted = [];
      return limit.mitigation_timeout;
    }
    if (counts) counter.counted.pop();
    const oldest = counter.counted[0] ?? now;
    return Math.max(1, Math.ceil((oldest + limit.period * 1000 - now) / 1000));
  }

  private counter(owner: string, limit: Limit, facts: Facts, now: number): Counter {
    const key = JSON.stringify([owner, ...limit.characteristics.map((name) => characteristic(name, facts))]);
    let counter = this.counters.get(key);
    if (!counter) {
      if (this.counters.size >= mostCounters) this.forgetIdle(now);
      counter = { counted: [], until: 0 };
      this.counters.set(key, counter);
    }
    counter.counted = counter.counted.filter((time) => time > now - limit.period * 1000);
    return counter;
  }

  private forgetIdle(now: number): void {
    const longest = 86_400_000;
    for (const [key, { counted, until }] of this.counters) {
      if (until <= now && (counted.at(-1) ?? 0) < now - longest) this.counters.delete(key);
    }
    if (this.counters.size >= mostCounters) this.counters.clear();
  }
}

function limitOf({ ratelimit }: RulesetRule): Limit {
  const given = (ratelimit ?? {}) as Partial<Limit>;
  return {
    characteristics: given.characteristics ?? [],
    period: given.period ?? 10,
    requests_per_period: given.requests_per_period ?? 1,
    mitigation_timeout: given.mitigation_timeout ?? 0,
    counting_expression: given.counting_expression ?? "",
  };
}

/** A value to count by; one that is missing is told from an empty one. */
function characteristic(name: string, facts: Facts): unknown {
  if (name === "cf.colo.id") return dataCenter;
  const value: Fact | undefined = reading(name)(facts);
  return value === undefined ? null : [value];
}
