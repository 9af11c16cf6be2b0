import { randomInt } from "node:crypto";
import type { Fault, Props } from "../framework/provider";
import { isUnknown } from "../framework/values";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";
/** terraform-provider-random's default; `overrideSpecial` takes its place. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** The properties that decide a password or string, as both resources take them. */
export interface TextRules {
  length: number;
  lower: boolean;
  upper: boolean;
  numeric: boolean;
  special: boolean;
  minLower: number;
  minUpper: number;
  minNumeric: number;
  minSpecial: number;
  overrideSpecial?: string;
}

/** Inputs with upstream's defaults; `number` is the old name of `numeric`, and both are reported. */
export function textRules(inputs: Props): TextRules {
  const flag = (value: unknown) => value !== false;
  const count = (value: unknown) => (typeof value === "number" ? value : 0);
  return {
    length: count(inputs.length),
    lower: flag(inputs.lower),
    upper: flag(inputs.upper),
    numeric: flag(inputs.numeric ?? inputs.number),
    special: flag(inputs.special),
    minLower: count(inputs.minLower),
    minUpper: count(inputs.minUpper),
    minNumeric: count(inputs.minNumeric),
    minSpecial: count(inputs.minSpecial),
    ...(typeof inputs.overrideSpecial === "string" ? { overrideSpecial: inputs.overrideSpecial } : {}),
  };
}

/** What the resource reports of its rules, whether the program set them or not. */
export function textOutputs(rules: TextRules, inputs: Props): Props {
  return { ...rules, number: rules.numeric, ...(inputs.keepers === undefined ? {} : { keepers: inputs.keepers }) };
}

/** A length must have room for the characters that are asked for at least. */
export function textFaults(inputs: Props): Fault[] {
  const { length, minLower, minUpper, minNumeric, minSpecial } = inputs;
  if ([length, minLower, minUpper, minNumeric, minSpecial].some(isUnknown)) return [];
  const rules = textRules(inputs);
  if (rules.length >= rules.minLower + rules.minUpper + rules.minNumeric + rules.minSpecial) return [];
  return [
    {
      property: "length",
      reason:
        "Invalid Attribute Value. Attribute length value must be at least sum of min_upper + min_lower + min_numeric + " +
        `min_special, got: ${rules.length}`,
    },
  ];
}

/**
 * A random text by the rules: the minimum of each kind, the rest from all kinds that are allowed, in random order.
 * Throws if no character is allowed.
 */
export function randomText(rules: TextRules): string {
  const special = rules.overrideSpecial || SPECIAL;
  const allowed =
    (rules.upper ? UPPER : "") +
    (rules.lower ? LOWER : "") +
    (rules.numeric ? DIGITS : "") +
    (rules.special ? special : "");
  if (allowed === "")
    throw new Error("the character set specified is empty: set one of upper, lower, numeric and special");
  const characters = [
    ...draw(special, rules.minSpecial),
    ...draw(UPPER, rules.minUpper),
    ...draw(LOWER, rules.minLower),
    ...draw(DIGITS, rules.minNumeric),
  ];
  characters.push(...draw(allowed, rules.length - characters.length));
  return shuffle(characters).join("");
}

function draw(from: string, count: number): string[] {
  return Array.from({ length: count }, () => from[randomInt(from.length)]!);
}

/** Fisher and Yates. */
function shuffle(items: string[]): string[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [items[index], items[other]] = [items[other]!, items[index]!];
  }
  return items;
}
