import { same } from "./diff";
import type { Facts } from "./facts";
import type { Props } from "./provider";
import { type Place, plansComputed } from "./table";
import { hasUnknown, UNKNOWN } from "./values";

/** What a resource will be once created: its inputs, and everything else not known yet. */
export function previewCreate(inputs: Props, outputs: Place): Props {
  const preview: Props = {};
  for (const name of Object.keys(outputs.properties))
    preview[name] = inputs[name] === undefined ? UNKNOWN : inputs[name];
  return { ...preview, ...inputs };
}

/**
 * What a resource will be once updated. Values that only the provider gives stay as they are for providers on Terraform's
 * older SDK; on its Plugin Framework only those marked to keep their state do, and in a native provider none.
 */
export function previewUpdate(
  state: Props,
  oldInputs: Props,
  news: Props,
  outputs: Place,
  facts: Facts,
  token: string,
  origin: "bridged" | "native",
): Props {
  const changed = Object.keys({ ...oldInputs, ...news }).some(
    (name) => !name.startsWith("__") && (hasUnknown(news[name]) || !same(oldInputs[name], news[name])),
  );
  const recomputes = changed && (origin === "native" || plansComputed(facts, token));
  const preview: Props = {};
  for (const name of new Set([...Object.keys(outputs.properties), ...Object.keys(state)])) {
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
