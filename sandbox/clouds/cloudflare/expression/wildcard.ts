/** A pattern of the `wildcard` operators: text with `*` for any bytes, `\*` and `\\` for themselves. */
export interface Wildcard {
  /** Whether it matches the whole of a value, given as bytes. */
  test(value: string): boolean;
}

/** Reads a pattern. @throws Error in the words of Cloudflare's parser. */
export function wildcard(pattern: string, strict: boolean): Wildcard {
  const parts = literalParts(pattern);
  const wanted = strict ? parts : parts.map(lowerBytes);
  return { test: (value) => matches(strict ? value : lowerBytes(value), wanted) };
}

/** ASCII letters in lower case, all other bytes as they are. */
export function lowerBytes(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The literal texts between the stars. */
function literalParts(pattern: string): string[] {
  const parts = [""];
  let star = false;
  for (let at = 0; at < pattern.length; at++) {
    let character = pattern[at] as string;
    if (character === "*") {
      if (star) throw new Error("wildcard contains a double star");
      parts.push("");
      star = true;
      continue;
    }
    star = false;
    if (character === "\\") {
      character = pattern[++at] ?? "";
      if (character !== "*" && character !== "\\") throw new Error("invalid wildcard: invalid escape sequence");
    }
    parts[parts.length - 1] += character;
  }
  return parts;
}

/** First and last part at the ends, those between at their first place: no other choice can match more. */
function matches(value: string, parts: string[]): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}
