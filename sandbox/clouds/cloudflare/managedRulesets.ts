import { createHash } from "node:crypto";
import type { Plan } from "./model";

/** Attacks that the sandbox's own imitation of managed rules knows. */
export const attacks = [
  "log4shell-headers",
  "log4shell-uri",
  "log4shell-body",
  "shellshock",
  "path-traversal",
  "sql-injection",
  "cross-site-scripting",
] as const;
export type Attack = (typeof attacks)[number];

export interface ManagedRule {
  /** 32 hexadecimal digits. */
  id: string;
  attack: Attack;
  description: string;
  categories: string[];
  action: "block" | "log";
}

export interface ManagedRuleset {
  id: string;
  name: string;
  /** Lowest plan that may execute it. */
  plan: Plan;
  rules: ManagedRule[];
}

/** What Cloudflare itself calls the rules against Log4Shell; the others have ids of the sandbox's own. */
const realIds: Partial<Record<Attack, string>> = {
  "log4shell-headers": "6b1cc72dff9746469d4695a474430f12",
  "log4shell-body": "0c054d4e4dd5455c9ff8f01efe5abb10",
  "log4shell-uri": "5f6744fa026a4638bda5b3d7d5e015dd",
};
const categories: Record<Attack, string[]> = {
  "log4shell-headers": ["cve-2021-44228"],
  "log4shell-uri": ["cve-2021-44228"],
  "log4shell-body": ["cve-2021-44228"],
  shellshock: ["cve-2014-6271"],
  "path-traversal": ["file-inclusion"],
  "sql-injection": ["sqli"],
  "cross-site-scripting": ["xss"],
};

const rule = (ruleset: string, attack: Attack): ManagedRule => ({
  id: realIds[attack] ?? createHash("sha256").update(`${ruleset} ${attack}`).digest("hex").slice(0, 32),
  attack,
  description: `Sandbox imitation: ${attack}`,
  categories: categories[attack],
  action: "block",
});

const ruleset = (id: string, name: string, plan: Plan, contained: readonly Attack[]): ManagedRuleset => ({
  id,
  name,
  plan,
  rules: contained.map((attack) => rule(id, attack)),
});

/**
 * Managed rulesets under their real ids (waf/managed-rules/#available-managed-rulesets). Their rules are a small
 * imitation: a handful of well-known shapes instead of Cloudflare's hundreds, and no anomaly score.
 */
export const managedRulesets: readonly ManagedRuleset[] = [
  ruleset("77454fe2d30c4220b5701f6fdfb893ba", "Cloudflare Managed Free Ruleset", "free", [
    "log4shell-headers",
    "log4shell-uri",
    "log4shell-body",
    "shellshock",
  ]),
  ruleset("efb7b8c949ac4650a09736fc376e9aee", "Cloudflare Managed Ruleset", "pro", attacks),
  ruleset("4814384a9e5d4991b9815dcfc25d2f1f", "Cloudflare OWASP Core Ruleset", "pro", [
    "shellshock",
    "path-traversal",
    "sql-injection",
    "cross-site-scripting",
  ]),
  // It looks credentials up in a list of leaked ones, which there is not here.
  ruleset("c2e184081120413c86c3ab7e14069605", "Cloudflare Exposed Credentials Check Ruleset", "pro", []),
];

export function managedRuleset(id: unknown): ManagedRuleset | undefined {
  return managedRulesets.find((candidate) => candidate.id === id);
}
