import type { Verdict } from "../verify/control";
import type { PlacedResult } from "./controls";
import { remedies } from "./remedies";

/** A control that is broken, or could not be seen, with everything for which that is so. */
export interface Finding {
  verdict: Exclude<Verdict, "holds" | "inapplicable">;
  where: PlacedResult["where"];
  /** Name of the control. */
  id: string;
  title: string;
  /** What is allowed, in words. */
  allowed: string;
  /** What to do about it. */
  remedy: string;
  cases: { subject: string; server: string; seen: string }[];
}

/** One finding for each control and verdict: the broken first, then those that could not be seen. */
export function findingsOf(results: PlacedResult[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const verdict of ["broken", "unknown"] as const) {
    for (const result of results) {
      if (result.verdict !== verdict || result.implied) continue;
      const { where, id, title, allowed, subject, server, seen } = result;
      const key = findingKey(verdict, id);
      const remedy = remedies[id] ?? "see what `creel verify` says of it";
      const finding = findings.get(key) ?? { verdict, where, id, title, allowed, remedy, cases: [] };
      finding.cases.push({ subject, server, seen });
      findings.set(key, finding);
    }
  }
  return [...findings.values()];
}

/** By what a finding is found on the page. */
export function findingKey(verdict: Verdict, id: string): string {
  return `${verdict}-${id}`;
}
