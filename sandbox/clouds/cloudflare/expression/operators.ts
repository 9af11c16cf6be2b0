import type { Expression, Operator } from "./syntax";
import type { Type } from "./vocabulary";

/** Comparison operators in all their spellings. */
export const operators: Record<string, Operator> = {
  eq: "eq",
  "==": "eq",
  ne: "ne",
  "!=": "ne",
  lt: "lt",
  "<": "lt",
  le: "le",
  "<=": "le",
  gt: "gt",
  ">": "gt",
  ge: "ge",
  ">=": "ge",
  contains: "contains",
  matches: "matches",
  "~": "matches",
  wildcard: "wildcard",
  in: "in",
};

/** What values of a type can be compared by. */
export const comparable: Partial<Record<Type, Operator[]>> = {
  Bytes: ["eq", "ne", "lt", "le", "gt", "ge", "contains", "matches", "wildcard", "strict wildcard", "in"],
  Int: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
  Ip: ["eq", "ne", "in"],
};

/** Loosest first, as documented: `not` binds closest, then `and`, `xor`, `or`. */
export const levels: { kind: Extract<Expression["kind"], "or" | "xor" | "and">; words: string[] }[] = [
  { kind: "or", words: ["or", "||"] },
  { kind: "xor", words: ["xor", "^^"] },
  { kind: "and", words: ["and", "&&"] },
];
