/** Plan of a zone at Cloudflare. */
export const ZonePlan = { Free: "free", Pro: "pro", Business: "business", Enterprise: "enterprise" } as const;
export type ZonePlan = (typeof ZonePlan)[keyof typeof ZonePlan];

/** Plans of a zone, from the smallest to the largest. */
export const zonePlans = Object.values(ZonePlan);

/** What a plan has room for, as far as Creel makes use of it. */
export interface PlanLimits {
  /** Custom rules of a zone (waf/custom-rules). */
  customRules: number;
  /** Rate limiting rules of a zone (waf/rate-limiting-rules), and this is where the following come from too. */
  rateLimits: number;
  /** Whether a rate limit can tell hostnames apart. */
  rateLimitsByHost: boolean;
  /** Periods in which requests can be counted, in seconds. */
  periods: number[];
  /** How long an address can be refused, in seconds: the shortest and the longest. */
  block: [least: number, most: number];
  /** Ids of Cloudflare's own rulesets (waf/managed-rules) that it includes. */
  managed: { general: string; owasp?: string };
}

const freeManaged = "77454fe2d30c4220b5701f6fdfb893ba";
const cloudflareManaged = "efb7b8c949ac4650a09736fc376e9aee";
const owaspCore = "4814384a9e5d4991b9815dcfc25d2f1f";
const paid = { rateLimitsByHost: true, managed: { general: cloudflareManaged, owasp: owaspCore } };

/** Of https://developers.cloudflare.com. The smallest numbers of Enterprise; a contract may have more. */
export const planLimits: Record<ZonePlan, PlanLimits> = {
  free: {
    customRules: 5,
    rateLimits: 1,
    rateLimitsByHost: false,
    periods: [10],
    block: [10, 10],
    managed: { general: freeManaged },
  },
  pro: { ...paid, customRules: 20, rateLimits: 2, periods: [10, 60], block: [10, 3600] },
  business: { ...paid, customRules: 100, rateLimits: 5, periods: [10, 60, 120, 300, 600], block: [10, 86_400] },
  enterprise: { ...paid, customRules: 1000, rateLimits: 5, periods: [10, 60, 120, 300, 600], block: [10, 86_400] },
};
