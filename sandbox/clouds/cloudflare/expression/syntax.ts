/** The tree of an expression in Cloudflare's rules language. */
export type Expression =
  | { kind: "or" | "xor" | "and"; left: Expression; right: Expression }
  | { kind: "not"; operand: Expression }
  | { kind: "compare"; left: Value; operator: Operator; right: Literal | Literal[] }
  | { kind: "truth"; value: Value }
  | { kind: "constant"; value: boolean };

export type Operator =
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "contains"
  | "matches"
  | "wildcard"
  | "strict wildcard"
  | "in";

export type Value =
  | { kind: "field"; name: string; path: Index[] }
  | { kind: "call"; name: string; arguments: Argument[]; path: Index[] };

/** A key of a map, a place in a list, or `*` for every element. */
export type Index = string | number | { every: true };

export type Argument =
  | { kind: "literal"; literal: Literal }
  | { kind: "value"; value: Value }
  | { kind: "expression"; expression: Expression };

export type Literal =
  /** Strings are bytes, one to a character: text outside ASCII is in UTF-8. */
  | { kind: "string"; value: string }
  | { kind: "number"; from: number; to: number }
  /** An address or a range: the first and the last one. */
  | { kind: "address"; from: string; to: string }
  | { kind: "list"; name: string };

/** What an expression makes use of, for what a plan allows. */
export interface Usage {
  fields: Set<string>;
  operators: Set<Operator>;
  functions: Set<string>;
  /** Names of lists, without the `$`. */
  lists: Set<string>;
}

/** Whether a path stands for every element of something. */
export function isEach(path: Index[]): boolean {
  return path.some((index) => typeof index === "object");
}

/** A fault in an expression, worded as Cloudflare's filter parser words it. */
export class ExpressionError extends Error {
  constructor(source: string, start: number, end: number, reason: string) {
    const line = source.slice(0, start).split("\n").length;
    const column = start - source.lastIndexOf("\n", start - 1);
    const text = source.split("\n")[line - 1] ?? "";
    const length = Math.min(end - start, text.length - column + 1);
    const marks = `${" ".repeat(column - 1)}${"^".repeat(Math.max(1, length))}`;
    super(`Filter parsing error (${line}:${column}):\n${text}\n${marks} ${reason}\n`);
    this.name = "ExpressionError";
  }
}
