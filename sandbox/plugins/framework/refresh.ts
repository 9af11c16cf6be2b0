import { DEFAULTS, tableDefault, withoutDefaultsRecord } from "./defaults";
import { alignSets, same } from "./diff";
import type { Props } from "./provider";
import type { Place } from "./table";
import { isObject } from "./values";

/**
 * The inputs that would have produced what the API says now, limited to what the program had written.
 *
 * A name that the API no longer reports is dropped; inside lists the API's elements win, so a rule added by hand shows up
 * as a difference.
 */
export function refreshInputs(inputs: Props, outputs: Props, place: Place): Props {
  const fresh: Props = {};
  const defaults = Array.isArray(inputs[DEFAULTS]) ? new Set(inputs[DEFAULTS] as string[]) : undefined;
  for (const [name, old] of Object.entries(inputs)) {
    if (name === DEFAULTS || outputs[name] === undefined || outputs[name] === null) {
      // A property that the provider never reports (a write-only one) keeps what the program said.
      if (name !== DEFAULTS && !isReported(name, place)) fresh[name] = old;
      continue;
    }
    fresh[name] = refreshValue(old, outputs[name], place.child(name));
    if (defaults?.has(name) && !same(old, fresh[name])) defaults.delete(name);
  }
  if (defaults) fresh[DEFAULTS] = [...defaults].filter((name) => name in fresh);
  return fresh;
}

function isReported(name: string, place: Place): boolean {
  const child = place.child(name);
  return child !== undefined && child.kind !== "asset";
}

function refreshValue(old: unknown, now: unknown, place: Place | undefined): unknown {
  if (Array.isArray(old) && Array.isArray(now)) {
    const element = place?.child(0);
    const values = place?.upstream.set === 1 || element?.kind === "object" ? byContent(old, now) : now;
    return values.map((value, index) =>
      old[index] !== undefined
        ? refreshValue(old[index], value, element)
        : element
          ? importValue(value, element)
          : value,
    );
  }
  if (isObject(old) && isObject(now)) {
    if (place?.kind === "object") return refreshInputs(old, now, place);
    return now;
  }
  return now;
}

/** The API's elements in the order of the program's, where one holds all that the other says. */
function byContent(olds: unknown[], now: unknown[]): unknown[] {
  const rest = [...now];
  const matched = olds.map((old) => {
    const index = rest.findIndex((value) => covers(value, withoutDefaultsRecord(old)));
    return index >= 0 ? rest.splice(index, 1)[0] : undefined;
  });
  const filled = matched.map((value) => (value === undefined ? rest.shift() : value));
  return [...filled.filter((value) => value !== undefined), ...rest];
}

function covers(whole: unknown, part: unknown): boolean {
  if (isObject(whole) && isObject(part))
    return Object.entries(part).every(([name, value]) => covers(whole[name], value));
  if (Array.isArray(whole) && Array.isArray(part) && whole.length === part.length) {
    const [left, right] = alignSets(whole, part);
    return right.every((value, index) => covers(left[index], value));
  }
  return same(whole, part);
}

/** The inputs a program would have to write for what the API says: every settable property that is not at its default. */
export function importInputs(outputs: Props, place: Place): Props {
  const inputs: Props = { [DEFAULTS]: [] };
  for (const name of Object.keys(place.properties)) {
    const child = place.child(name)!;
    if (child.computed || isDefault(outputs[name], child)) continue;
    inputs[name] = importValue(outputs[name], child);
  }
  return inputs;
}

function importValue(value: unknown, place: Place): unknown {
  if (Array.isArray(value)) {
    const element = place.child(0);
    return element ? value.map((item) => importValue(item, element)) : value;
  }
  return isObject(value) && place.kind === "object" ? importInputs(value, place) : value;
}

function isDefault(value: unknown, place: Place): boolean {
  if (value === undefined || value === null) return true;
  const preset = tableDefault(place);
  if (preset !== undefined) return same(value, preset);
  if (place.fact?.required) return false;
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}
