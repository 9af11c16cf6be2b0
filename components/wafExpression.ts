// Expressions of Cloudflare's rules language, built from conditions. No text gets into one but through `quoted`.

/** Longest expression that Cloudflare takes, on every plan, in characters (ruleset-engine/rules-language/expressions). */
export const longestExpression = 4096;

/**
 * A text as the rules language writes it, so that nothing in it can end it.
 *
 * @throws RangeError for control characters and everything beyond ASCII: no hostname, path, method or media type has
 * any, and what stands for one is a mistake or worse
 */
export function quoted(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) {
    throw new RangeError(`${JSON.stringify(text)} cannot be written in an expression: it is not printable ASCII`);
  }
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** That a field is one of some texts, which are at least one. */
export function isOneOf(field: string, texts: string[]): string {
  const [first, ...others] = [...new Set(texts)].sort().map(quoted);
  if (first === undefined) throw new RangeError(`nothing to compare ${field} with`);
  return others.length === 0 ? `${field} eq ${first}` : `${field} in {${[first, ...others].join(" ")}}`;
}

/** Conditions of which one holds where a field is a media type, with parameters or without, in upper or lower case. */
export function mediaTypeIs(field: string, type: string): string[] {
  // A star is written with a backslash, which the string needs twice.
  const text = type.replace(/[*\\]/g, "\\$&");
  return [`${field} wildcard ${quoted(text)}`, `${field} wildcard ${quoted(`${text};*`)}`];
}

/** That all of several conditions hold; at least one of them. */
export function allOf(conditions: string[]): string {
  return joined(conditions, " and ");
}

/** That any of several conditions holds; at least one of them. */
export function anyOf(conditions: string[]): string {
  return joined(conditions, " or ");
}

/** That none of several conditions holds; at least one of them. */
export function noneOf(conditions: string[]): string {
  if (conditions.length === 0) throw new RangeError("no condition");
  return `not (${conditions.join(" or ")})`;
}

/** In parentheses as soon as there are two, so that it can stand in any other condition. */
function joined(conditions: string[], word: string): string {
  if (conditions.length === 0) throw new RangeError("no condition");
  return conditions.length === 1 ? conditions[0]! : `(${conditions.join(word)})`;
}
