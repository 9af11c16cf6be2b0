import { regex } from "../../clouds/cloudflare/expression/regex";
import type { Attack } from "../../clouds/cloudflare/managedRulesets";
import type { EdgeRequest } from "../request";
import { urlDecoded } from "./urlDecode";

/** Parts of a request in which attacks are looked for, decoded until nothing is left to decode. */
export interface Inspected {
  uri: string;
  headers: string[];
  body: string;
}

/** @param body its bytes, one to a character; empty when there is none to look at */
export function inspected(request: EdgeRequest, body: string): Inspected {
  return {
    uri: urlDecoded(request.target, "r"),
    headers: request.headers.map(([, value]) => urlDecoded(value, "r")),
    body: urlDecoded(body, "r"),
  };
}

/** `${jndi:` and its disguises, such as `${${lower:j}ndi:` and `${${::-j}ndi:`. */
function isLookup(text: string): boolean {
  if (!text.includes("${")) return false;
  let plain = text.toLowerCase();
  for (let round = 0; round < 8; round++) {
    const next = plain.replace(/\$\{(?:[^${}]*:)?-?([^${}:]*)\}/g, (whole, value: string) =>
      whole.startsWith("${jndi:") ? whole : value,
    );
    if (next === plain) break;
    plain = next;
  }
  return plain.includes("${jndi:");
}

// By RE2, which takes no longer over hostile text than over any other.
const shellshock = regex(String.raw`\(\)\s*\{[^}]*;\s*\}\s*;`);
const secretFile = String.raw`(?:etc[\\/]+(?:passwd|shadow)|windows[\\/]+win\.ini)\b`;
const traversal = regex(String.raw`(?is)(?:^|[\\/=])\.\.+[\\/].*${secretFile}|[\\/=][\\/]?${secretFile}`);
const gap = String.raw`(?:\s|/\*[^*]*\*/)+`;
const sql = regex(
  String.raw`(?i)\bunion${gap}(?:all${gap})?select\b|['"]\s*(?:or|and)\s+['"]?\w+['"]?\s*=\s*['"]?\w+|;\s*drop\s+table\b`,
);
const script = regex(String.raw`(?i)<script[\s>/]|\bon(?:error|load)\s*=\s*["'a-z]|javascript:\S`);

/** Whether a request has the shape of an attack. */
export const shapes: Record<Attack, (request: Inspected) => boolean> = {
  "log4shell-headers": ({ headers }) => headers.some(isLookup),
  "log4shell-uri": ({ uri }) => isLookup(uri),
  "log4shell-body": ({ body }) => isLookup(body),
  shellshock: ({ headers }) => headers.some((value) => shellshock.test(value)),
  "path-traversal": ({ uri, body }) => traversal.test(uri) || traversal.test(body),
  "sql-injection": ({ uri, body }) => sql.test(uri) || sql.test(body),
  "cross-site-scripting": ({ uri, body }) => script.test(uri) || script.test(body),
};
