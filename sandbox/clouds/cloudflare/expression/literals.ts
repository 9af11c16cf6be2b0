import { isIP, isIPv4 } from "node:net";
import { addressNumber, hasHostBits, parseRange } from "../../addresses";
import type { Token } from "./lexer";
import type { Literal } from "./syntax";
import type { Type } from "./vocabulary";

/** The kind of literal that a type is compared with, and what the parser calls its beginning. */
export const literals: Partial<Record<Type, { kind: "string" | "number" | "address"; begins: string }>> = {
  Bytes: { kind: "string", begins: '" or r' },
  Int: { kind: "number", begins: "digit" },
  Ip: { kind: "address", begins: "IP address character" },
};

/** The type that a literal has. */
export function literalType(literal: Literal): Type {
  const types = Object.keys(literals) as Type[];
  return types.find((type) => literals[type]?.kind === literal.kind) as Type;
}

/** A whole number: hexadecimal after `0x`, octal after `0`. @throws Error when it does not fit */
export function integer(text: string): number {
  const radix = text.startsWith("0x") ? 16 : text.startsWith("0") ? 8 : 10;
  const digits = radix === 16 ? text.slice(2) : text;
  if (radix === 8 && /[89]/.test(digits)) throw new Error("invalid digit found in string while parsing with radix 8");
  const value = Number.parseInt(digits, radix);
  if (!Number.isSafeInteger(value))
    throw new Error(`number too large to fit in target type while parsing with radix ${radix}`);
  return value;
}

/** One value of a type. @throws Error in the parser's words */
export function single(token: Token): Literal | undefined {
  if (token.kind === "string") return { kind: "string", value: token.text };
  if (token.kind === "number") return { kind: "number", from: integer(token.text), to: integer(token.text) };
  if (token.kind !== "address") return undefined;
  if (isIP(token.text) === 0) throw new Error("couldn't parse address in network: invalid IP address syntax");
  return { kind: "address", from: token.text, to: token.text };
}

/** A member of a set: addresses may be networks. @throws Error in the parser's words */
export function member(token: Token): Literal | undefined {
  return token.kind === "address" && token.text.includes("/") ? network(token.text) : single(token);
}

/** The range between two members. @throws Error when there is nothing between them */
export function between(first: Literal, last: Literal): Literal {
  if (first.kind === "number" && last.kind === "number" && first.from <= last.from) {
    return { kind: "number", from: first.from, to: last.from };
  }
  if (first.kind === "address" && last.kind === "address" && isOrdered(first.from, last.from)) {
    return { kind: "address", from: first.from, to: last.from };
  }
  throw new Error("incompatible range bounds");
}

function isOrdered(first: string, last: string): boolean {
  return isIPv4(first) === isIPv4(last) && addressNumber(first) <= addressNumber(last);
}

function network(text: string): Literal {
  const [address = "", length = ""] = text.split("/");
  if (isIP(address) === 0) throw new Error("couldn't parse address in network: invalid IP address syntax");
  const range = parseRange(text);
  if (!range)
    throw new Error(
      `invalid length for network: Network length ${length} is too long for ${isIPv4(address) ? "Ipv4 (maximum: 32)" : "Ipv6 (maximum: 128)"}`,
    );
  if (hasHostBits(text)) throw new Error("host part of address was not zero");
  return { kind: "address", from: address, to: addressText(range.last, range.version) };
}

/** The address of a number. */
export function addressText(value: bigint, version: 4 | 6): string {
  const bits = version === 4 ? 8n : 16n;
  const count = version === 4 ? 4 : 8;
  const groups = Array.from(
    { length: count },
    (_, index) => (value >> (bits * BigInt(count - 1 - index))) & ((1n << bits) - 1n),
  );
  return version === 4 ? groups.join(".") : groups.map((group) => group.toString(16)).join(":");
}
