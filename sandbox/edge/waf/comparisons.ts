import { isIP } from "node:net";
import { addressNumber } from "../../clouds/addresses";
import { regex } from "../../clouds/cloudflare/expression/regex";
import type { Literal, Operator } from "../../clouds/cloudflare/expression/syntax";
import { wildcard } from "../../clouds/cloudflare/expression/wildcard";
import type { Address, Fact } from "./facts";

/** Whether a value stands in a relation to what an expression compares it with. */
export type Comparison = (value: Fact) => boolean;

/** Makes a comparison ready. @throws Error for a list: there are none in the sandbox */
export function comparison(operator: Operator, right: Literal | Literal[]): Comparison {
  if (Array.isArray(right)) return oneOf(right);
  switch (right.kind) {
    case "string":
      return ofStrings(operator, right.value);
    case "number":
      return ordered(operator, right.from);
    case "address": {
      const wanted = numbered(right.from);
      const same: Comparison = (value) => sameAddress(numbered((value as Address).address), wanted);
      return operator === "ne" ? (value) => !same(value) : same;
    }
    case "list":
      return oneOf([right]);
  }
}

function ofStrings(operator: Operator, wanted: string): Comparison {
  switch (operator) {
    case "contains":
      return (value) => (value as string).includes(wanted);
    case "matches": {
      const expression = regex(wanted);
      return (value) => expression.test(value as string);
    }
    case "wildcard":
    case "strict wildcard": {
      const pattern = wildcard(wanted, operator === "strict wildcard");
      return (value) => pattern.test(value as string);
    }
    default:
      return ordered(operator, wanted);
  }
}

/** Numbers by size, strings by their bytes. */
function ordered<T extends string | number>(operator: Operator, wanted: T): Comparison {
  const compare: Partial<Record<Operator, (value: T) => boolean>> = {
    eq: (value) => value === wanted,
    ne: (value) => value !== wanted,
    lt: (value) => value < wanted,
    le: (value) => value <= wanted,
    gt: (value) => value > wanted,
    ge: (value) => value >= wanted,
  };
  return compare[operator] as Comparison;
}

function oneOf(members: Literal[]): Comparison {
  if (members.some(({ kind }) => kind === "list")) throw new Error("the sandbox does not emulate lists");
  const strings = new Set(members.flatMap((member) => (member.kind === "string" ? [member.value] : [])));
  const numbers = members.filter((member) => member.kind === "number");
  const ranges = members
    .filter((member) => member.kind === "address")
    .map(({ from, to }) => ({ first: numbered(from), last: numbered(to) }));
  return (value) => {
    if (typeof value === "string") return strings.has(value);
    if (typeof value === "number") return numbers.some(({ from, to }) => from <= value && value <= to);
    const address = numbered((value as Address).address);
    return ranges.some(
      ({ first, last }) =>
        first.version === address.version && first.value <= address.value && address.value <= last.value,
    );
  };
}

interface Numbered {
  version: number;
  value: bigint;
}

function numbered(address: string): Numbered {
  return { version: isIP(address), value: addressNumber(address) };
}

function sameAddress(one: Numbered, other: Numbered): boolean {
  return one.version === other.version && one.value === other.value;
}
