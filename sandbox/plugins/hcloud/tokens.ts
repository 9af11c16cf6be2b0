import table from "../facts/hcloud.json";
import type { Facts } from "../framework/facts";
import type { Props } from "../framework/provider";
import { resourceRoot } from "../framework/table";

export const facts = table as unknown as Facts;

/** The table of a type's inputs. */
export const inputPlace = (token: string) => resourceRoot(facts, token, "inputs")!;

/** Whether an input differs between the last state and the new inputs; missing and empty are the same. */
export function changed(name: string, state: Props, news: Props): boolean {
  return canonical(state[name]) !== canonical(news[name]);
}

function canonical(value: unknown): string {
  if (value === undefined || value === null || value === "") return "";
  if (Array.isArray(value)) return value.length === 0 ? "" : JSON.stringify(value.map(canonical).sort());
  if (typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && item !== null);
  return entries.length === 0 ? "" : JSON.stringify(entries.sort().map(([key, item]) => [key, canonical(item)]));
}

/** Labels as the API wants them; none is an empty map, so that removed ones go. */
export const labelsOf = (props: Props): Record<string, string> => (props.labels ?? {}) as Record<string, string>;
