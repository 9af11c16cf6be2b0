import { stringAt } from "./strings";
import { ExpressionError } from "./syntax";

export type TokenKind = "word" | "string" | "number" | "address" | "list" | "symbol" | "end";

export interface Token {
  kind: TokenKind;
  /** The text itself; of a string, its bytes, one to a character. */
  text: string;
  start: number;
  end: number;
}

const symbols = [
  "&&",
  "||",
  "^^",
  "==",
  "!=",
  "<=",
  ">=",
  "..",
  "(",
  ")",
  "{",
  "}",
  "[",
  "]",
  ",",
  "<",
  ">",
  "~",
  "!",
  "*",
];

const patterns: [TokenKind, RegExp][] = [
  // Addresses before numbers and words: both 10.0.0.0/8 and 2001:db8::/32 begin like one of them.
  ["address", /\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,3})?/y],
  ["address", /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*:\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,3})?/y],
  ["address", /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*(?:\/\d{1,3})?/y],
  ["number", /0x[0-9a-fA-F]+|-?\d+/y],
  ["word", /[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z0-9_]+)*/y],
  ["list", /\$[a-z0-9_]+(?:\.[a-z0-9_]+)*/y],
];

/** What may stand between tokens: tabs may not. */
const spaces = " \r\n";

/** Splits an expression of the rules language into tokens. @throws ExpressionError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const from = source.length - source.trimStart().length;
  const to = source.trimEnd().length;
  for (let at = from; at < to; ) {
    if (spaces.includes(source[at] as string)) {
      at++;
      continue;
    }
    const token = literalAt(source, at, tokens.at(-1)) ?? patternAt(source, at) ?? symbolAt(source, at);
    if (!token) throw new ExpressionError(source, at, at + 1, "unrecognised input");
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: "end", text: "", start: to, end: to });
  return tokens;
}

/** A string: after `matches` it is a regular expression, which has other escapes. */
function literalAt(source: string, start: number, before: Token | undefined): Token | undefined {
  const regex = before?.kind !== "string" && (before?.text === "matches" || before?.text === "~");
  const string = stringAt(source, start, regex);
  return string && { kind: "string", text: string.text, start, end: string.end };
}

function patternAt(source: string, start: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start;
    const text = pattern.exec(source)?.[0];
    if (text) return { kind, text, start, end: start + text.length };
  }
  return undefined;
}

function symbolAt(source: string, start: number): Token | undefined {
  const text = symbols.find((symbol) => source.startsWith(symbol, start));
  return (text && { kind: "symbol", text, start, end: start + text.length }) || undefined;
}
