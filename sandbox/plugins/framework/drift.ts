import { tableDefault } from "./defaults";
import { same } from "./diff";
import type { Props } from "./provider";
import type { Place } from "./table";

/**
 * Settings that the API reports although the program never made them: somebody changed the thing by hand, or the
 * service filled in what the provider does not expect it to. Properties that the provider may fill in, and values that
 * mean "not set", are no drift.
 */
export function unaskedSettings(outputs: Props, inputs: Props, root: Place): Props {
  const found: Props = {};
  for (const name of Object.keys(root.properties)) {
    const place = root.child(name)!;
    const value = outputs[name];
    if (name in inputs || place.computed || place.upstream.optComp === 1 || isUnset(value)) continue;
    if (!same(value, tableDefault(place))) found[name] = value;
  }
  return found;
}

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
