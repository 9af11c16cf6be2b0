import { isIPv4, isIPv6 } from "node:net";
import { CloudflareError } from "./errors";

/** Record types that can be made here. */
export const recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT", "HTTPS"] as const;
export type RecordType = (typeof recordTypes)[number];

const proxiableTypes: RecordType[] = ["A", "AAAA", "CNAME"];
const label = /^(\*|_?[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)$/i;

/** Longest TXT content, in bytes. */
const longestText = 4096;

/** The full name of a record: relative names are taken to be below the zone, `@` is the zone itself. */
export function fullName(name: string, zone: string): string {
  const lower = name.toLowerCase().replace(/\.$/, "");
  if (lower === "@" || lower === zone) return zone;
  const full = lower.endsWith(`.${zone}`) ? lower : `${lower}.${zone}`;
  const labels = full.split(".");
  const wildcardInside = labels.slice(1).includes("*");
  if (full.length > 253 || wildcardInside || !labels.every((part) => label.test(part))) {
    throw new CloudflareError(400, 9000, "DNS name is invalid.");
  }
  return full;
}

/** Whether Cloudflare can stand before a record: address and alias records that do not point inwards. */
export function isProxiable(type: string): boolean {
  return proxiableTypes.includes(type as RecordType);
}

/** @throws CloudflareError 400 with the code that Cloudflare gives for the type. */
export function checkContent(type: RecordType, content: string | undefined, data: unknown, name: string): void {
  if (content === undefined) {
    if (data === undefined) throw new CloudflareError(400, 9101, "content is a required field.");
    return;
  }
  const refuse = (code: number, message: string) => new CloudflareError(400, code, message);
  if (type === "A" && !isIPv4(content)) throw refuse(9005, "Content for A record must be a valid IPv4 address.");
  if (type === "AAAA" && !isIPv6(content)) throw refuse(9006, "Content for AAAA record must be a valid IPv6 address.");
  if (type === "CNAME") {
    if (!isHostname(content)) throw refuse(9007, "Content for CNAME record is invalid.");
    if (content.toLowerCase() === name) throw refuse(9039, "CNAME content cannot reference itself.");
  }
  if (type === "MX" && !isHostname(content)) throw refuse(9009, "Content for MX record must be a hostname.");
  if (type === "NS" && !isHostname(content)) throw refuse(9008, "Content for NS record is invalid.");
  if (type === "TXT" && Buffer.byteLength(content) > longestText) {
    throw refuse(9015, `Record content exceeds the allowed length of ${longestText} wire format bytes.`);
  }
}

function isHostname(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return text.length <= 253 && !isIPv4(text) && labels.length > 1 && labels.every((part) => label.test(part));
}
