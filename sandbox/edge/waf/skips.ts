import type { RulesetRule } from "../../clouds/cloudflare/model";

/** What rules with the action `skip` have taken out for a request (waf/custom-rules/skip/options). */
export class Skips {
  /** Whether the remaining rules of the ruleset that is being walked are out. */
  rest = false;
  private readonly phases = new Set<string>();
  private readonly products = new Set<string>();
  private readonly rulesets = new Set<string>();
  private readonly rules = new Set<string>();

  /** Takes out what a rule says, and tells it in a few words. */
  add({ action_parameters: parameters = {} }: RulesetRule): string {
    const { ruleset, phase, phases, products, rulesets, rules } = parameters;
    const named: string[] = [];
    if (ruleset === "current" || phase === "current") {
      this.rest = true;
      named.push("the remaining rules");
    }
    for (const name of list(phases)) this.phases.add(name);
    for (const name of list(products)) this.products.add(name);
    for (const name of list(rulesets)) this.rulesets.add(name);
    for (const [set, ids] of Object.entries((rules ?? {}) as Record<string, unknown>)) {
      // Older clients write the rules of a ruleset as one string.
      for (const id of typeof ids === "string" ? ids.split(",") : list(ids)) this.rules.add(`${set} ${id.trim()}`);
    }
    named.push(...list(phases), ...list(products), ...list(rulesets), ...(rules ? ["managed rules"] : []));
    return named.join(", ");
  }

  hasPhase(name: string): boolean {
    return this.phases.has(name);
  }

  hasProduct(name: string): boolean {
    return this.products.has(name);
  }

  /** Whether a managed rule is out, by itself or with its whole ruleset. */
  hasRule(ruleset: string, rule: string): boolean {
    return this.rulesets.has(ruleset) || this.rules.has(`${ruleset} ${rule}`);
  }
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
