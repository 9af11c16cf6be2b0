import { z } from "zod";
import { invalidField } from "./errors";

/** Rules of https://docs.hetzner.cloud/reference/cloud#description/labels. */
const segment = /^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;
const dnsLabel = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const prefixPattern = new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`);

export type Labels = Record<string, string>;

export const labelsSchema = z.record(z.string(), z.string()).superRefine((labels, context) => {
  for (const [key, value] of Object.entries(labels)) {
    const reason = labelFault(key, value);
    if (reason) context.addIssue({ code: "custom", message: reason });
  }
});

function labelFault(key: string, value: string): string | undefined {
  if (!isLabelKey(key)) return `label key '${key}' is not valid`;
  if (key.startsWith("hetzner.cloud/")) return `label key '${key}' uses the reserved prefix hetzner.cloud/`;
  return value === "" || segment.test(value) ? undefined : `label value '${value}' is not valid`;
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  if (slash < 0) return segment.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= 253 && prefixPattern.test(prefix) && segment.test(key.slice(slash + 1));
}

/**
 * Compiles a label selector: `k`, `!k`, `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, joined by commas.
 *
 * @throws HetznerError `invalid_input` when it is not one.
 */
export function labelSelector(selector: string, field = "label_selector"): (labels: Labels) => boolean {
  const terms = splitTerms(selector).map((term) => compileTerm(term.trim(), field));
  return (labels) => terms.every((matches) => matches(labels));
}

/** Splits at the commas that are not inside parentheses. */
function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/);
}

function compileTerm(term: string, field: string): (labels: Labels) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(term);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    checkKey(key, term, field);
    return (labels) => values.includes(labels[key] ?? "\0") === (operator === "in");
  }
  const comparison = /^([^\s=!]+)\s*(==|!=|=)\s*(\S*)$/.exec(term);
  if (comparison) {
    const [, key = "", operator, value = ""] = comparison;
    checkKey(key, term, field);
    return (labels) => (labels[key] === value) === (operator !== "!=");
  }
  const absent = term.startsWith("!");
  const key = absent ? term.slice(1).trim() : term;
  checkKey(key, term, field);
  return (labels) => key in labels !== absent;
}

function checkKey(key: string, term: string, field: string): void {
  if (!isLabelKey(key)) throw invalidField(field, `'${term}' is not a valid label selector`);
}
