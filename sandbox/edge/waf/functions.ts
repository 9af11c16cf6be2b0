import { isIPv4 } from "node:net";
import { addressNumber } from "../../clouds/addresses";
import { addressText } from "../../clouds/cloudflare/expression/literals";
import { lowerBytes } from "../../clouds/cloudflare/expression/wildcard";
import type { Address, Fact, Multimap } from "./facts";
import { jsonNumber, jsonText } from "./jsonLookup";
import { urlDecoded } from "./urlDecode";

/** An argument; undefined when its value is missing. */
export type Given = Fact | undefined;

/** A function of the rules language; what it gives is missing when what it needs is. */
export type Call = (given: Given[]) => Fact | undefined;

/** For functions of which every argument has to be there. */
const whole =
  <A extends unknown[]>(call: (...given: A) => Fact | undefined): Call =>
  (given) =>
    given.includes(undefined) ? undefined : call(...(given as unknown as A));

/** Functions that filters may call, by name (ruleset-engine/rules-language/functions). */
export const calls: Readonly<Record<string, Call>> = {
  any: ([list]) => ((list ?? []) as boolean[]).includes(true),
  // Of no elements all are so, but not of a list that is missing.
  all: ([list]) => list !== undefined && !(list as boolean[]).includes(false),
  cidr: whole(({ address }: Address, four: number, six: number) => network(address, isIPv4(address) ? four : six)),
  cidr6: whole(({ address }: Address, six: number) => (isIPv4(address) ? { address } : network(address, six))),
  concat: (given) => concatenated(given.filter((item) => item !== undefined)),
  decode_base64: whole((text: string) => Buffer.from(text, "base64").toString("latin1")),
  ends_with: whole((text: string, end: string) => text.endsWith(end)),
  has_key: whole((map: Multimap, key: string) => map.has(key)),
  has_value: whole((list: string[], value: string) => list.includes(value)),
  join: whole((list: string[], separator: string) => list.join(separator)),
  len: whole((value: string | Fact[]) => value.length),
  lookup_json_integer: whole((text: string, ...keys: (string | number)[]) => jsonNumber(text, keys)),
  lookup_json_string: whole((text: string, ...keys: (string | number)[]) => jsonText(text, keys)),
  lower: whole(lowerBytes),
  remove_bytes: whole((text: string, unwanted: string) =>
    [...text].filter((byte) => !unwanted.includes(byte)).join(""),
  ),
  starts_with: whole((text: string, start: string) => text.startsWith(start)),
  // Negative places count from the end, as in slice().
  substring: whole((text: string, start: number, end?: number) => text.slice(start, end)),
  upper: whole((text: string) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  url_decode: whole((text: string, options?: string) => urlDecoded(text, options ?? "")),
};

function concatenated(given: Fact[]): Fact | undefined {
  if (given.length === 0) return undefined;
  return Array.isArray(given[0]) ? (given.flat() as string[]) : given.join("");
}

/** The first address of the network that an address lies in. */
function network(address: string, prefix: number): Address {
  const version = isIPv4(address) ? 4 : 6;
  const size = 1n << BigInt((version === 4 ? 32 : 128) - prefix);
  const value = addressNumber(address);
  return { address: addressText(value - (value % size), version) };
}
