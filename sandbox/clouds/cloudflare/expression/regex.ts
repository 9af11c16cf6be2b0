import { RE2JS } from "re2js";

/** A regular expression over bytes. */
export interface Regex {
  /** Whether it matches somewhere in a value, given as bytes. */
  test(value: string): boolean;
}

/**
 * Reads a regular expression that works on bytes, as those of the `matches` operator do.
 *
 * RE2 and the engine that Cloudflare uses (Rust's) share their syntax but for Unicode classes and a few flags; what
 * cannot be evaluated truly here is refused.
 *
 * @throws Error saying what is wrong with it
 */
export function regex(pattern: string): Regex {
  if (/\(\?[a-zA-Z]*u/.test(pattern))
    throw new Error("the sandbox does not emulate Unicode mode in regular expressions");
  if (/(?:^|[^\\])(?:\\\\)*\\[pP]/.test(pattern)) throw new Error("regex parse error: Unicode not allowed here");
  try {
    const compiled = RE2JS.compile(pattern);
    return { test: (value) => compiled.test(value) };
  } catch (error) {
    throw new Error(`regex parse error: ${(error as Error).message}`);
  }
}
