/** Path and query of a request's target, as they were sent. Never throws, whatever was sent. */
export function partsOf(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** Longest target that a login goes back to, in characters: it stands in an address twice. */
const longest = 2000;

/** Whether a text is a path with perhaps a query, fit to stand behind `https://host` in a `location` field. */
export function isTarget(text: string): boolean {
  return text.length <= longest && /^\/[\x21-\x7e]*$/.test(text);
}

/** The target, or the root where it is not fit to go back to. */
export function fitTarget(text: string): string {
  return isTarget(text) ? text : "/";
}
