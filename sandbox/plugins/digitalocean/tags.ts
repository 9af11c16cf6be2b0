import { listOf } from "./firewallRules";

/** Tags are the same in any order and any capitals; undefined where they differ, or are none. */
export function sameTags(old: unknown, fresh: unknown): true | undefined {
  if (typeof old === "string" && typeof fresh === "string")
    return old.toLowerCase() === fresh.toLowerCase() || undefined;
  if (!Array.isArray(old) || !Array.isArray(fresh)) return undefined;
  const canonical = (tags: unknown[]) => [...new Set(tags.map((tag) => String(tag).toLowerCase()))].sort().join();
  return canonical(old) === canonical(fresh) || undefined;
}

/** The tags of one list that another lacks, in their own spelling. */
export function lacking(tags: unknown, others: unknown): string[] {
  const known = new Set(listOf<string>(others));
  return listOf<string>(tags).filter((tag) => !known.has(tag));
}
