import { coerceText } from "./defaults";
import { same } from "./diff";
import type { Facts } from "./facts";
import type { Props } from "./provider";
import { type Place, plansComputed, resourceRoot } from "./table";
import { hasUnknown, UNKNOWN } from "./values";

export interface PreviewOf {
  facts: Facts;
  token: string;
  origin: "bridged" | "native";
}

/** What a resource will be once created: its inputs, and what only the provider can tell not known yet. */
export function previewCreate(inputs: Props, resource: PreviewOf): Props {
  const outputs = resourceRoot(resource.facts, resource.token, "outputs")!;
  const settable = resourceRoot(resource.facts, resource.token, "inputs")!;
  const preview: Props = { ...inputs };
  for (const [name, fact] of Object.entries(outputs.properties)) {
    if (inputs[name] !== undefined) continue;
    const input = settable.child(name);
    // An input left out stays out, unless the provider may choose it.
    const open = input ? input.upstream.optComp === 1 : !(resource.origin === "native" && fact.optional);
    if (open) preview[name] = input ? (plannedDefault(input) ?? UNKNOWN) : UNKNOWN;
  }
  return preview;
}

/**
 * What a resource will be once updated. Values that only the provider gives stay as they are for providers on Terraform's
 * older SDK; on its Plugin Framework only those marked to keep their state do, and in a native provider none.
 */
export function previewUpdate(state: Props, oldInputs: Props, news: Props, resource: PreviewOf): Props {
  const { facts, token, origin } = resource;
  const outputs = resourceRoot(facts, token, "outputs")!;
  const changed = Object.keys({ ...oldInputs, ...news }).some(
    (name) => !name.startsWith("__") && (hasUnknown(news[name]) || !same(oldInputs[name], news[name])),
  );
  const recomputes = changed && (origin === "native" || plansComputed(facts, token));
  const preview: Props = {};
  for (const name of new Set([...Object.keys(state), ...Object.keys(news)])) {
    if (news[name] !== undefined) preview[name] = news[name];
    else if (name in oldInputs) continue;
    else if (recomputes && !keepsState(outputs.child(name))) preview[name] = UNKNOWN;
    else preview[name] = state[name];
  }
  return preview;
}

function keepsState(place: Place | undefined): boolean {
  return place?.upstream.useState === 1 || place?.upstream.default !== undefined;
}

/** Upstream's default where it is a plain value: known before anything is made. */
function plannedDefault(place: Place): unknown {
  const value = place.upstream.default;
  if (typeof value !== "string") return typeof value === "object" ? undefined : value;
  return place.kind === "array" || place.kind === "map" || place.kind === "object"
    ? undefined
    : coerceText(value, place);
}
