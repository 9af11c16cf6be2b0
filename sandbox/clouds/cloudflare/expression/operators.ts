import type { Expression, Literal, Operator } from "./syntax";
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
  string: ["eq", "ne", "lt", "le", "gt", "ge", "contains", "matches", "wildcard", "strict wildcard", "in"],
  int: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
  ip: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
};

/** The kind of literal that a type is compared with. */
export const literalOf: Partial<Record<Type, Literal["kind"]>> = { string: "string", int: "number", ip: "address" };

/** Loosest first, as documented: `not` binds closest, then `and`, `xor`, `or`. */
export const levels: { kind: Extract<Expression["kind"], "or" | "xor" | "and">; words: string[] }[] = [
  { kind: "or", words: ["or", "||"] },
  { kind: "xor", words: ["xor", "^^"] },
  { kind: "and", words: ["and", "&&"] },
];
