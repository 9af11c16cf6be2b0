import { type ManagedRule, managedRuleset } from "../../clouds/cloudflare/managedRulesets";
import type { RulesetRule } from "../../clouds/cloudflare/model";
import { type Inspected, shapes } from "./attackShapes";
import type { Skips } from "./skips";

/** A managed rule that a request meets, and what is done with it. */
export interface ManagedMatch {
  rule: ManagedRule;
  action: string;
}

interface Override {
  action?: string;
  enabled?: boolean;
}

interface Overrides extends Override {
  rules?: (Override & { id: string })[];
  categories?: (Override & { category: string })[];
}

/** The managed rules that a request meets, in order, through a rule with the action `execute`. */
export function managedMatches(
  { action_parameters: parameters }: RulesetRule,
  request: Inspected,
  skips: Skips,
): ManagedMatch[] {
  const ruleset = managedRuleset(parameters?.id);
  if (!ruleset) return [];
  const overrides = (parameters?.overrides ?? {}) as Overrides;
  return ruleset.rules
    .filter((rule) => !skips.hasRule(ruleset.id, rule.id))
    .map((rule) => ({ rule, ...handling(rule, overrides) }))
    .filter(({ enabled, rule }) => enabled && shapes[rule.attack](request))
    .map(({ rule, action }) => ({ rule, action }));
}

/** A rule's own override wins over that of its category, and that over the ruleset's. */
function handling(rule: ManagedRule, overrides: Overrides): Required<Override> {
  const categories = overrides.categories?.filter(({ category }) => rule.categories.includes(category)) ?? [];
  const own = overrides.rules?.filter(({ id }) => id === rule.id) ?? [];
  const handled: Required<Override> = { action: rule.action, enabled: true };
  for (const { action, enabled } of [overrides, ...categories, ...own]) {
    if (action !== undefined) handled.action = action;
    if (enabled !== undefined) handled.enabled = enabled;
  }
  return handled;
}
