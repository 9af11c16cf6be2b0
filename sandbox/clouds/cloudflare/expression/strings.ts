import { ExpressionError } from "./syntax";

/** A string literal: its bytes, one to a character, and where it ends. */
export interface StringLiteral {
  text: string;
  end: number;
}

/** Most `#` around a raw string. */
const mostHashes = 255;

/** Text as the bytes of its UTF-8 form, one to a character. */
export function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/**
 * A string literal that starts here: `"…"` with escapes, or `r"…"` and `r#"…"#` without.
 *
 * @param regex whether it is a regular expression, whose escapes are left to the expression itself
 * @throws ExpressionError
 */
export function stringAt(source: string, start: number, regex: boolean): StringLiteral | undefined {
  const opening = /r(#*)"/y;
  opening.lastIndex = start;
  const raw = opening.exec(source);
  if (raw) return rawAt(source, start, raw[1] as string);
  if (source[start] !== '"') return undefined;
  return regex ? regexAt(source, start) : quotedAt(source, start);
}

function rawAt(source: string, start: number, hashes: string): StringLiteral {
  if (hashes.length > mostHashes) {
    const reason = "invalid raw string hash count, there can't be more than 255 #s";
    throw new ExpressionError(source, start, start + hashes.length + 1, reason);
  }
  const from = start + hashes.length + 2;
  const closing = source.indexOf(`"${hashes}`, from);
  if (closing < 0) throw missingQuote(source, start);
  return { text: bytesOf(source.slice(from, closing)), end: closing + 1 + hashes.length };
}

function quotedAt(source: string, start: number): StringLiteral {
  const escapes = /\\(?:(["\\])|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/y;
  let text = "";
  let plainFrom = start + 1;
  for (let at = start + 1; at < source.length; ) {
    if (source[at] === '"') return { text: text + bytesOf(source.slice(plainFrom, at)), end: at + 1 };
    if (source[at] !== "\\") {
      at++;
      continue;
    }
    escapes.lastIndex = at;
    const [whole, literal, hex, octal] = escapes.exec(source) ?? [];
    if (!whole) throw new ExpressionError(source, at + 1, at + 2, 'expected ", xHH or OOO after \\');
    const byte = literal ?? String.fromCharCode(hex ? Number.parseInt(hex, 16) : Number.parseInt(octal as string, 8));
    text += bytesOf(source.slice(plainFrom, at)) + byte;
    at += whole.length;
    plainFrom = at;
  }
  throw missingQuote(source, start);
}

/** Of its own escapes it only knows `\"`; a quote inside of a character class ends nothing. */
function regexAt(source: string, start: number): StringLiteral {
  let text = "";
  let inClass = false;
  for (let at = start + 1; at < source.length; at++) {
    const character = source[at] as string;
    if (character === "\\" && at + 1 < source.length) {
      const next = source[++at] as string;
      text += inClass || next !== '"' ? `\\${next}` : next;
      continue;
    }
    if (character === '"' && !inClass) return { text: bytesOf(text), end: at + 1 };
    if (character === "[") inClass = true;
    if (character === "]") inClass = false;
    text += character;
  }
  throw missingQuote(source, start);
}

function missingQuote(source: string, start: number): ExpressionError {
  return new ExpressionError(source, start, source.length, "could not find an ending quote");
}
