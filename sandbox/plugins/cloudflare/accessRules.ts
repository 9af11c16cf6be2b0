import type { Fault, Props } from "../framework/provider";
import { isObject } from "../framework/values";

/** The lists of rules that policies and groups have. */
const RULE_LISTS = ["includes", "excludes", "requires"];

/**
 * Every rule says one thing: an element with two selectors would be half ignored by the API, one with none matches
 * nobody knows what.
 *
 * @param path Where the object with the rule lists stands, as a prefix such as `policies[0].`.
 */
export function accessRuleFaults(props: Props, path = ""): Fault[] {
  return RULE_LISTS.flatMap((list) => {
    const rules = Array.isArray(props[list]) ? props[list] : [];
    return rules.flatMap((rule: unknown, index): Fault[] => {
      if (!isObject(rule)) return [];
      const selectors = Object.keys(rule).filter((name) => rule[name] !== undefined && rule[name] !== null);
      if (selectors.length === 1) return [];
      const found = selectors.length === 0 ? "none" : selectors.join(", ");
      return [
        {
          property: `${path}${list}[${index}]`,
          reason: `Invalid Attribute Value: object must have exactly one attribute set, got: ${found}`,
        },
      ];
    });
  });
}

/** Exactly one of account and zone owns a thing that may belong to either. */
export function ownerFaults(inputs: Props): Fault[] {
  if ((inputs.accountId === undefined) !== (inputs.zoneId === undefined)) return [];
  return [{ property: "accountId", reason: "exactly one of `account_id` or `zone_id` must be set" }];
}
