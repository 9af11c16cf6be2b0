import type { Props } from "./provider";
import type { Place } from "./table";
import { isObject } from "./values";

/** Where inputs record which of them the program did not write; the key that bridged providers use. */
export const DEFAULTS = "__defaults";

/**
 * Inputs with the table's defaults filled in, at every depth, each object listing what was filled in.
 *
 * A default of the last run wins over the table's, so that a newer provider with other defaults changes nothing.
 */
export function applyDefaults(news: Props, olds: Props | undefined, place: Place): Props {
  const filled: Props = {};
  const defaulted: string[] = [];
  const oldDefaults = recorded(olds);
  for (const [name, value] of Object.entries(news)) {
    if (name === DEFAULTS) continue;
    const child = place.child(name);
    filled[name] = child ? descend(value, olds?.[name], child) : value;
  }
  for (const [name, fact] of Object.entries(place.properties)) {
    if (filled[name] !== undefined || fact.default === undefined) continue;
    const child = place.child(name)!;
    filled[name] = oldDefaults.has(name) && olds?.[name] !== undefined ? olds[name] : tableDefault(child);
    defaulted.push(name);
  }
  return { ...filled, [DEFAULTS]: defaulted };
}

function descend(value: unknown, old: unknown, place: Place): unknown {
  if (Array.isArray(value)) {
    const element = place.child(0);
    const olds = Array.isArray(old) ? old : [];
    return element ? value.map((item, index) => descend(item, olds[index], element)) : value;
  }
  if (isObject(value) && place.kind === "object") return applyDefaults(value, isObject(old) ? old : undefined, place);
  if (isObject(value) && place.kind === "map") {
    const element = place.child("")!;
    const olds = isObject(old) ? old : {};
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, descend(item, olds[name], element)]));
  }
  return value;
}

/** The table writes some defaults as text whatever their type. undefined = none. */
export function tableDefault(place: Place): unknown {
  const value = place.fact?.default;
  return typeof value === "string" ? coerceText(value, place) : value;
}

/** A text where the table wants a number or boolean, converted if it reads as one. */
export function coerceText(value: string, place: Place): unknown {
  if (place.kind === "boolean" && (value === "true" || value === "false")) return value === "true";
  if ((place.kind === "integer" || place.kind === "number") && value.trim() !== "" && Number.isFinite(Number(value))) {
    return Number(value);
  }
  return value;
}

function recorded(olds: Props | undefined): Set<string> {
  const list = olds?.[DEFAULTS];
  return new Set(Array.isArray(list) ? (list as string[]) : []);
}

/** Without the record, at every depth: what handlers and comparisons see. */
export function withoutDefaultsRecord<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutDefaultsRecord) as T;
  if (!isObject(value)) return value;
  const plain: Props = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name !== DEFAULTS) plain[name] = withoutDefaultsRecord(inner);
  }
  return plain as T;
}
