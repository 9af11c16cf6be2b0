import type { Props } from "../framework/provider";

/** Readers for inputs that the table has already checked: a missing value reads as its type's zero, as Docker takes it. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const number = (value: unknown): number => (typeof value === "number" ? value : 0);
export const flag = (value: unknown): boolean => value === true;
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
export const blocks = (value: unknown): Props[] => (Array.isArray(value) ? (value as Props[]) : []);
export const block = (value: unknown): Props | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Props) : undefined;
export const textMap = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(block(value) ?? {}).map(([name, item]) => [name, String(item)]));

/** True for what Docker and the provider take as "not set": nothing, "", 0, false, an empty list or map. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The labels of a list of `{label, value}` as a map. */
export function labelMap(list: unknown): Record<string, string> {
  return Object.fromEntries(blocks(list).map((entry) => [text(entry.label), text(entry.value)]));
}

/** A map of labels as a list of `{label, value}`. */
export function labelList(map: Record<string, string> | null | undefined): Props[] {
  return Object.entries(map ?? {}).map(([label, value]) => ({ label, value }));
}

/** Without the properties that Docker would take as "not set". */
export function withoutZeros(props: Props): Props {
  return Object.fromEntries(Object.entries(props).filter(([, value]) => !isZero(value)));
}
