import type { Props } from "./provider";

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
