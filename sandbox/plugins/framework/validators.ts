import type { Dialect } from "./check";
import type { Fault, Props } from "./provider";
import type { Path, Place } from "./table";
import { isObject, UNKNOWN } from "./values";

/**
 * What upstream's validators refuse, for those the table spells out in a form that can be evaluated: ranges, lengths,
 * choices, patterns, "only with", "not with". Others are left to the API, or to the resource's own `check`.
 */
export function validatorFaults(inputs: Props, root: Place, dialect: Dialect): Fault[] {
  const faults: Fault[] = [];
  visitObject(inputs, root, [], [], dialect, faults);
  return faults;
}

interface Scope {
  values: Props;
  place: Place;
}

function visitObject(values: Props, place: Place, path: Path, outer: Scope[], dialect: Dialect, faults: Fault[]): void {
  const scopes = [...outer, { values, place }];
  for (const name of Object.keys(place.properties)) {
    const child = place.child(name)!;
    visit(values[name], child, [...path, name], scopes, dialect, faults);
  }
}

function visit(value: unknown, place: Place, path: Path, scopes: Scope[], dialect: Dialect, faults: Fault[]): void {
  if (value === undefined || value === null || value === UNKNOWN) return;
  for (const rule of place.upstream.validate ?? []) {
    const reason = refuse(value, rule, scopes);
    if (reason) faults.push(dialect.invalid(path, wording(path, reason, value, place)));
  }
  for (const name of place.upstream.conflicts ?? []) {
    const other = resolve(name.replace(/\.0\./g, "."), scopes[0]!);
    if (other && isSet(other.value)) faults.push(dialect.invalid(path, `conflicts with ${other.name}`));
  }
  for (const name of place.upstream.requiredWith ?? []) {
    const other = resolve(name, scopes[0]!);
    if (other && !isSet(other.value)) {
      faults.push(dialect.invalid(path, `all of \`${snake(String(path.at(-1)))},${name}\` must be specified`));
    }
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      const child = place.child(index);
      if (child && isObject(item)) visitObject(item, child, [...path, index], scopes, dialect, faults);
    });
  } else if (isObject(value) && place.kind === "object") {
    visitObject(value, place, path, scopes, dialect, faults);
  }
}

/** Why a rule refuses a value, or undefined. Rules of a form not known here refuse nothing. */
function refuse(value: unknown, rule: string, scopes: Scope[]): string | undefined {
  const element = /^element value must satisfy all validations: (.+)$/.exec(rule);
  if (element) {
    const items = Array.isArray(value) ? value : [];
    return items.some((item) => item !== UNKNOWN && refuse(item, element[1]!, scopes)) ? rule : undefined;
  }
  const own = VALUE_RULES.map(([pattern, holds]) => {
    const match = pattern.exec(rule);
    return match && !holds(value, match) ? rule : undefined;
  }).find((reason) => reason !== undefined);
  return own ?? refuseByOthers(rule, scopes);
}

type ValueRule = [RegExp, (value: unknown, match: RegExpExecArray) => boolean];

const VALUE_RULES: ValueRule[] = [
  [/^value must be at least (-?[\d.]+)$/, (value, [, least]) => Number(value) >= Number(least)],
  [/^value must be at most (-?[\d.]+)$/, (value, [, most]) => Number(value) <= Number(most)],
  [
    /^(?:value must be between (-?[\d.]+) and (-?[\d.]+)|range (-?[\d.]+) - (-?[\d.]+))$/,
    (value, [, low, high, low2, high2]) => within(Number(value), low ?? low2, high ?? high2),
  ],
  [/^>= (-?[\d.]+)$/, (value, [, least]) => Number(value) >= Number(least)],
  [/^list must contain at least (\d+) elements$/, (value, [, least]) => size(value) >= Number(least)],
  [/^(?:string )?length (\d+) - (\d+)$/, (value, [, low, high]) => within(String(value).length, low, high)],
  [/^(?:value must be one of: |enum )\[(.+)\]$/, (value, [, list]) => quoted(list!).includes(String(value))],
  [/^pattern (.+)$/, (value, [, pattern]) => new RegExp(pattern!).test(String(value))],
  [/^absolute path$/, (value) => String(value).startsWith("/")],
  [/^non-empty$/, (value) => String(value) !== ""],
  [/^Go duration$/, (value) => /^-?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$|^0$/.test(String(value))],
  [/^base64$/, (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(String(value)) && String(value).length % 4 === 0],
];

function refuseByOthers(rule: string, scopes: Scope[]): string | undefined {
  const only = /^can only be set if "(.+?)" is (?:one of: )?(.+)$/.exec(rule);
  if (only) {
    const other = resolve(only[1]!, scopes.at(-1)!, scopes);
    if (!other || other.value === UNKNOWN) return undefined;
    return quoted(only[2]!).includes(String(other.value)) ? undefined : rule;
  }
  const apart = /^Ensure that if an attribute is set, these are not set: "\[(.+)\]"$/.exec(rule);
  if (apart) {
    const others = apart[1]!.split(",").map((name) => resolve(name, scopes.at(-1)!, scopes));
    return others.some((other) => other && isSet(other.value)) ? rule : undefined;
  }
  return undefined;
}

/** Finds the property a Terraform expression names: from the root, or one object further out for each leading `<`. */
function resolve(
  expression: string,
  here: Scope,
  scopes: Scope[] = [here],
): { name: string; value: unknown } | undefined {
  const relative = /^((?:<\.)*)(.+)$/.exec(expression.trim().replace(/[[\]"]/g, ""))!;
  const ups = relative[1]!.length / 2;
  let scope: Scope | undefined = ups > 0 ? scopes.at(-ups) : scopes[0];
  const steps = relative[2]!.split(".");
  for (const [index, step] of steps.entries()) {
    const name = scope && pulumiName(step, scope.place);
    if (!scope || !name) return undefined;
    const value: unknown = scope.values[name];
    if (index === steps.length - 1) return { name, value };
    scope = isObject(value) ? { values: value, place: scope.place.child(name)! } : undefined;
  }
  return undefined;
}

/** Terraform's snake case to the table's own name; lists are plural there. */
function pulumiName(name: string, place: Place): string | undefined {
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const candidates = [camel, `${camel}s`, `${camel}es`, camel.replace(/y$/, "ies")];
  return candidates.find((candidate) => candidate in place.properties);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** In the words of Terraform's Plugin Framework; secret values are never repeated. */
function wording(path: Path, rule: string, value: unknown, place: Place): string {
  const name = path
    .map((step) => (typeof step === "number" ? `[${step}]` : snake(step)))
    .join(".")
    .replace(/\.\[/g, "[");
  if (!rule.startsWith("value must") && !rule.startsWith("list must"))
    return `Invalid Attribute Value. ${name}: ${rule}`;
  const got = place.secret || isObject(value) || Array.isArray(value) ? "" : `, got: ${JSON.stringify(value)}`;
  return `Invalid Attribute Value. Attribute ${name} ${rule}${got}`;
}

function within(value: number, low: string | undefined, high: string | undefined): boolean {
  return value >= Number(low) && value <= Number(high);
}

function size(value: unknown): number {
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0;
}

function quoted(list: string): string[] {
  return [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
