import { bytesOf } from "../../clouds/cloudflare/expression/strings";

type Key = string | number;

/** A string in a JSON document, as bytes; undefined when there is none at that place. */
export function jsonText(document: string, keys: Key[]): string | undefined {
  const found = lookUp(document, keys);
  return typeof found === "string" ? bytesOf(found) : undefined;
}

/** A whole number in a JSON document; undefined when there is none at that place. */
export function jsonNumber(document: string, keys: Key[]): number | undefined {
  const found = lookUp(document, keys);
  return Number.isSafeInteger(found) ? (found as number) : undefined;
}

function lookUp(document: string, keys: Key[]): unknown {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(document, "latin1").toString("utf8"));
  } catch {
    return undefined;
  }
  for (const key of keys) {
    if (typeof place !== "object" || place === null || Array.isArray(place) !== (typeof key === "number"))
      return undefined;
    const name = typeof key === "number" ? key : Buffer.from(key, "latin1").toString("utf8");
    place = Object.hasOwn(place, name) ? (place as Record<Key, unknown>)[name] : undefined;
  }
  return place;
}
