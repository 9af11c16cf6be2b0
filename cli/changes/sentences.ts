import { code } from "../github/markdown";
import type { Fate, Group, Kind } from "./groups";
import type { Effect, Step } from "./preview";
import { parseUrn, shortType } from "./urns";
import { type PropertyChange, propertyChanges } from "./values";

/** What becomes of a resource, in a word. */
export const effectWords: Record<Effect, string> = {
  replace: "replaced",
  delete: "deleted",
  update: "updated",
  import: "imported",
  create: "created",
};

const titles: Record<Kind, string> = {
  server: "Server",
  agent: "Agent",
  tenant: "Tenant",
  zone: "Zone",
  fleet: "Fleet",
  other: "Other resources",
};
const plurals: Record<Kind, [one: string, many: string]> = {
  server: ["server", "servers"],
  agent: ["agent", "agents"],
  tenant: ["tenant", "tenants"],
  zone: ["zone", "zones"],
  fleet: ["fleet", "fleets"],
  other: ["group of other resources", "groups of other resources"],
};
const words: Record<Fate, string> = {
  replaced: "replaced",
  removed: "removed",
  moved: "moved",
  renewed: "restarted",
  changed: "changed",
  added: "added",
};

/** What a group is called: its kind and name. */
export function titleOf({ kind, name }: Group, shown: (text: string) => string = code): string {
  return kind === "other" ? titles.other : `${titles[kind]} ${shown(name)}`;
}

/** How many of what become what: "1 server replaced, 2 agents added". */
export function headline(groups: Group[]): string {
  const counts = new Map<string, number>();
  for (const { kind, fate } of groups) counts.set(`${kind} ${fate}`, (counts.get(`${kind} ${fate}`) ?? 0) + 1);
  const parts = [...counts].map(([key, count]) => {
    const [kind, fate] = key.split(" ") as [Kind, Fate];
    return `${count} ${plurals[kind][count === 1 ? 0 : 1]} ${words[fate]}`;
  });
  return parts.length === 0 ? "no changes" : parts.join(", ");
}

/** What becomes of a group, in a sentence of Markdown. */
export function sentence(group: Group): string {
  const who = titleOf(group);
  const on = group.server === undefined ? "" : ` on ${code(group.server)}`;
  switch (group.fate) {
    case "replaced":
      return `${who} is **replaced** by a new one${reasons(group)}. What its agents kept on its disk is lost.`;
    case "removed":
      return `${who}${on} is **removed**.`;
    case "moved":
      return `${who} **moves** from ${code(group.before!)} to ${code(group.server!)}. What it kept on the old server's disk stays behind.`;
    case "renewed":
      return group.withServer
        ? `${who}${on} is made **anew**, because its server is${reasons(group)}.`
        : `${who}${on} gets a **new container**${reasons(group)}.`;
    case "added":
      return `${who}${on} is added.`;
    case "changed":
      return `${who}${on} ${group.kind === "other" ? "change" : "changes"}${reasons(group)}.`;
  }
}

/** A property that changes, with its values where they are harmless. */
export function propertyText({ path, secret, old, new: next }: PropertyChange): string {
  if (secret) return `${code(path)} [secret]`;
  if (old === undefined && next === undefined) return code(path);
  if (old === undefined) return `${code(path)} ${code(next!)}`;
  return next === undefined ? `${code(path)} was ${code(old)}` : `${code(path)} ${code(old)} → ${code(next)}`;
}

/** The few changes behind what becomes of a group, without those that only follow from others. */
function reasons({ kind, steps, fate }: Group): string {
  const own = steps.filter(({ effect }) => fate === "changed" || effect === "replace");
  const changes = own.flatMap(propertyChanges);
  // A setting that is on several resources is told once, and where its values can be seen, by them.
  const valued = changes.filter(({ old, new: next }) => old !== undefined && next !== undefined);
  const secret = steps.flatMap(propertyChanges).filter(({ secret }) => secret);
  const told = valued.length > 0 && kind !== "zone" ? [...uniqueValues(valued), ...secret] : changes;
  const texts = [...new Set([...told.map(propertyText), ...(fate === "changed" ? resourceTexts(steps) : [])])];
  if (texts.length === 0) return "";
  const shown = texts.slice(0, 4).join(", ");
  return `: ${texts.length > 4 ? `${shown} and ${texts.length - 4} more` : shown}`;
}

/** What comes or goes inside of a group that stays. */
function resourceTexts(steps: Step[]): string[] {
  return steps
    .filter(({ effect }) => effect !== "update")
    .map(
      ({ effect, urn }) => `${code(shortType(parseUrn(urn).type))} ${code(parseUrn(urn).name)} ${effectWords[effect]}`,
    );
}

function uniqueValues(changes: PropertyChange[]): PropertyChange[] {
  const isSame = (a: PropertyChange, b: PropertyChange) => a.old === b.old && a.new === b.new;
  return changes.filter((change, at) => changes.findIndex((other) => isSame(other, change)) === at);
}
