import { createHash, randomBytes } from "node:crypto";

/**
 * The name a bridged provider gives a resource whose program gives none: the resource's own name, a separator and
 * seven hexadecimal digits drawn from the engine's seed, so that a preview and the update after it agree.
 *
 * Once drawn it is kept: pass the last run's value as `old`.
 */
export function autoName(
  urn: { name: string; randomSeed: Uint8Array },
  old: unknown,
  options: { separator?: string; digits?: number } = {},
): string {
  if (typeof old === "string" && old !== "") return old;
  const digits = options.digits ?? 7;
  const seed = urn.randomSeed.length > 0 ? urn.randomSeed : randomBytes(32);
  const hex = createHash("sha256").update(seed).digest("hex").slice(0, digits);
  return `${urn.name}${options.separator ?? "-"}${hex}`;
}
