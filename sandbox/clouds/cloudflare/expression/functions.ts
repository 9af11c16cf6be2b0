import type { Type } from "./vocabulary";

export interface Parameter {
  types: Type[];
  /** Whether it must, may or must not be written out as a literal. Default: may. */
  literal?: "only" | "never";
}

export interface Signature {
  takes: Parameter[];
  /** How many of the last parameters may be left out. Default: none. */
  optional?: number;
  /** Further arguments like the last one are allowed. */
  more?: boolean;
  /** Type of the result; `first` is that of the first argument. */
  gives: Type | "first";
  /** Whether filters may call it here. Default: yes. */
  available?: false;
}

const text: Parameter = { types: ["Bytes"] };
const field: Parameter = { types: ["Bytes"], literal: "never" };
const constant: Parameter = { types: ["Bytes"], literal: "only" };
const number: Parameter = { types: ["Int"] };
const address: Parameter = { types: ["Ip"], literal: "never" };
const conditions: Parameter = { types: ["Array<Bool>"], literal: "never" };
const other = (gives: Type): Signature => ({ takes: [text], optional: 1, more: true, gives, available: false });

/**
 * Functions of https://developers.cloudflare.com/ruleset-engine/rules-language/functions/. Those that are not available
 * belong to other kinds of rules, or are not emulated.
 */
export const functions: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ["all", { takes: [conditions], gives: "Bool" }],
  ["any", { takes: [conditions], gives: "Bool" }],
  ["cidr", { takes: [address, number, number], gives: "Ip" }],
  ["cidr6", { takes: [address, number], gives: "Ip" }],
  ["concat", { takes: [{ types: ["Array<Bytes>", "Bytes"] }, text], more: true, gives: "first" }],
  ["decode_base64", { takes: [field], gives: "Bytes" }],
  ["ends_with", { takes: [field, text], gives: "Bool" }],
  ["has_key", { takes: [{ types: ["Map<Array<Bytes>>"] }, constant], gives: "Bool" }],
  ["has_value", { takes: [{ types: ["Array<Bytes>"] }, constant], gives: "Bool" }],
  ["join", { takes: [{ types: ["Array<Bytes>"] }, text], gives: "Bytes" }],
  ["len", { takes: [{ types: ["Array<Bytes>", "Bytes"] }], gives: "Int" }],
  ["lookup_json_integer", { takes: [field, { types: ["Bytes", "Int"] }], more: true, gives: "Int" }],
  ["lookup_json_string", { takes: [field, { types: ["Bytes", "Int"] }], more: true, gives: "Bytes" }],
  ["lower", { takes: [text], gives: "Bytes" }],
  ["remove_bytes", { takes: [text, constant], gives: "Bytes" }],
  ["starts_with", { takes: [field, text], gives: "Bool" }],
  ["substring", { takes: [field, number, number], optional: 1, gives: "Bytes" }],
  ["upper", { takes: [text], gives: "Bytes" }],
  ["url_decode", { takes: [field, constant], optional: 1, gives: "Bytes" }],
  ["encode_base64", other("Bytes")],
  ["is_timed_hmac_valid_v0", other("Bool")],
  ["regex_replace", other("Bytes")],
  ["remove_query_args", other("Bytes")],
  ["sha256", other("Bytes")],
  ["split", other("Array<Bytes>")],
  ["to_string", { ...other("Bytes"), takes: [{ types: ["Int", "Bool", "Ip", "Bytes"] }] }],
  ["uuidv4", other("Bytes")],
  ["wildcard_replace", other("Bytes")],
]);
