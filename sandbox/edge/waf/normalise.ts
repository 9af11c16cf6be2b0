/**
 * A path as rules see it: Cloudflare's own URL normalisation, which zones have switched on for incoming requests unless
 * they say otherwise (https://developers.cloudflare.com/rules/normalization/how-it-works/). What goes on to the origin
 * is not touched by it.
 *
 * Backslashes become slashes, runs of slashes one; then RFC 3986: encoded unreserved characters are decoded, other
 * encodings written in upper case, bytes that may not stand in a path encoded, and dot segments removed. An encoded
 * slash stays encoded.
 */
export function normalisedPath(path: string): string {
  const slashes = path.replace(/\\/g, "/").replace(/\/{2,}/g, "/");
  return withoutDotSegments(slashes.replace(/%[0-9a-fA-F]{2}/g, encoding).replace(forbidden, encoded));
}

/** Bytes that stand neither for themselves nor for an encoding in a path. */
const forbidden = /[^A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]/g;

function encoding(text: string): string {
  const character = String.fromCharCode(Number.parseInt(text.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(character) ? character : text.toUpperCase();
}

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** RFC 3986, section 5.2.4, for a path that begins with a slash. */
function withoutDotSegments(path: string): string {
  if (!path.startsWith("/")) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split("/");
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === "..") kept.pop();
    if (segment !== "." && segment !== "..") kept.push(segment);
    else if (last) kept.push("");
  }
  return `/${kept.join("/")}`;
}
