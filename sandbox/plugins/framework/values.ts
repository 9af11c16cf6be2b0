/** A value that the engine does not know yet: only in previews. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** One blob: exactly one of text, path, uri. */
export class Asset {
  constructor(readonly source: { text?: string; path?: string; uri?: string; hash?: string }) {}
}

/** Several blobs under names, or a packed file. */
export class Archive {
  constructor(
    readonly source: { assets?: Record<string, Asset | Archive>; path?: string; uri?: string; hash?: string },
  ) {}
}

export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN;
}

/** True if the value, or anything inside, is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return false;
}

/** A plain object: not null, array, asset or archive. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Asset) &&
    !(value instanceof Archive)
  );
}
