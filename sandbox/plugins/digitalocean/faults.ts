import type { Fault, Props } from "../framework/provider";
import { formatPath, type Path, type Place } from "../framework/table";
import { isObject } from "../framework/values";

/** What tags may be made of, and how the provider says so. */
const tagPattern = /^[a-zA-Z0-9:\-_]{1,255}$/;
const tagRule = "tags may contain";

/**
 * What the provider refuses by the validators that the table knows from probing: empty texts, and tags of other letters.
 * The table has the reason behind the value that was refused: `"": name must not be empty, got `.
 */
export function probedFaults(inputs: Props, root: Place): Fault[] {
  const faults: Fault[] = [];
  visit(inputs, root, [], faults);
  return faults;
}

function visit(value: unknown, place: Place, path: Path, faults: Fault[]): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      refuse(item, place.upstream.elemValidate, [...path, index], faults);
      const element = place.child(index);
      if (element) visit(item, element, [...path, index], faults);
    });
  } else if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const child = place.child(name);
      if (!child) continue;
      refuse(inner, child.upstream.validate, [...path, name], faults);
      visit(inner, child, [...path, name], faults);
    }
  }
}

function refuse(value: unknown, rules: string[] | undefined, path: Path, faults: Fault[]): void {
  if (typeof value !== "string") return;
  const reason = (rules ?? []).find((rule) => rule.startsWith('"": '))?.slice('"": '.length);
  if (reason === undefined) return;
  const bad = value === "" || (reason.startsWith(tagRule) && !tagPattern.test(value));
  if (bad) faults.push({ property: formatPath(path), reason: reason.trim() });
}
