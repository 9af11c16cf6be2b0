import { isIPv4, isIPv6 } from "node:net";

/** A network in CIDR form as numbers. */
export interface Range {
  first: bigint;
  last: bigint;
  prefix: number;
  version: 4 | 6;
}

/** Reads CIDR notation; `undefined` when it is not one. Host bits may be set: see {@link hasHostBits}. */
export function parseRange(text: string): Range | undefined {
  const [address = "", suffix = "", ...rest] = text.split("/");
  const version = isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined;
  if (!version || rest.length > 0 || !/^\d{1,3}$/.test(suffix)) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = Number(suffix);
  if (prefix > bits) return undefined;
  const size = 1n << BigInt(bits - prefix);
  const value = addressNumber(address);
  const first = value - (value % size);
  return { first, last: first + size - 1n, prefix, version };
}

/** Whether an address in CIDR form has bits set beyond its prefix. */
export function hasHostBits(text: string): boolean {
  const range = parseRange(text);
  return range !== undefined && addressNumber(text.split("/")[0] ?? "") !== range.first;
}

export function contains(outer: Range, inner: Range): boolean {
  return outer.version === inner.version && outer.first <= inner.first && inner.last <= outer.last;
}

export function overlap(a: Range, b: Range): boolean {
  return a.version === b.version && a.first <= b.last && b.first <= a.last;
}

export function addressIn(range: Range, address: string): boolean {
  if (!isIPv4(address) && !isIPv6(address)) return false;
  const value = addressNumber(address);
  return (isIPv4(address) ? 4 : 6) === range.version && range.first <= value && value <= range.last;
}

/** IPv4 address of a number. */
export function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
}

export function addressNumber(address: string): bigint {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = expandEmbedded(address).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group || "0"}`), 0n);
}

/** `::ffff:192.0.2.1` with its last 32 bits as two groups. */
function expandEmbedded(address: string): string {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (!dotted) return address;
  const value = addressNumber(dotted[2] as string);
  return `${dotted[1]}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}
