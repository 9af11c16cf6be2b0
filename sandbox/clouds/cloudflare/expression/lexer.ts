import { ExpressionError } from "./syntax";

export type TokenKind = "word" | "string" | "number" | "address" | "list" | "symbol" | "end";

export interface Token {
  kind: TokenKind;
  /** The text itself; of a string, its value. */
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
  ["address", /\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?/y],
  ["address", /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*(?:\/\d{1,3})?/y],
  ["number", /-?\d+/y],
  ["word", /[a-zA-Z_][a-zA-Z0-9_]*(?:\.[a-zA-Z_][a-zA-Z0-9_]*)*/y],
  ["list", /\$[a-z0-9_.]+/y],
];

/** Splits an expression of the rules language into tokens. @throws ExpressionError */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    if (/\s/.test(source[at] as string)) {
      at++;
      continue;
    }
    const token = stringAt(source, at) ?? patternAt(source, at) ?? symbolAt(source, at);
    if (!token) throw new ExpressionError(source, at, at + 1, "unrecognised input");
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: "end", text: "", start: source.length, end: source.length });
  return tokens;
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

/** `"…"` with escapes, or `r"…"` and `r#"…"#` without. */
function stringAt(source: string, start: number): Token | undefined {
  const raw = /r(#*)"/y;
  raw.lastIndex = start;
  const opening = raw.exec(source);
  if (opening) {
    const from = start + opening[0].length;
    const closing = source.indexOf(`"${opening[1]}`, from);
    if (closing < 0) throw new ExpressionError(source, start, source.length, "missing ending quote");
    return { kind: "string", text: source.slice(from, closing), start, end: closing + 1 + (opening[1]?.length ?? 0) };
  }
  return source[start] === '"' ? quotedAt(source, start) : undefined;
}

function quotedAt(source: string, start: number): Token {
  let text = "";
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at] as string;
    if (character === '"') return { kind: "string", text, start, end: at + 1 };
    if (character !== "\\") {
      text += character;
      continue;
    }
    const escaped = /\\(?:(["\\])|x([0-9a-fA-F]{2})|([0-7]{3}))/y;
    escaped.lastIndex = at;
    const [whole, literal, hex, octal] = escaped.exec(source) ?? [];
    if (!whole)
      throw new ExpressionError(source, at, at + 2, 'invalid escape sequence, expected \\", \\\\, \\xHH or \\OOO');
    text += literal ?? String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number.parseInt(octal as string, 8));
    at += whole.length - 1;
  }
  throw new ExpressionError(source, start, source.length, "missing ending quote");
}
