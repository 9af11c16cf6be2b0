import { groupsOf } from "../changes/groups";
import type { Preview } from "../changes/preview";
import { propertyText, sentence, titleOf } from "../changes/sentences";
import { summaryJson, summaryOf } from "../changes/summary";
import { parseUrn, shortType } from "../changes/urns";
import { propertyChanges } from "../changes/values";
import { withoutSecrets } from "../github/hidden";
import { code, codeBlock, fitted, markerLine } from "../github/markdown";
import { isToLookAt } from "../verify/control";
import { exitCodeOf, type Result } from "../verify/verifyFleet";

/** How a stack, the clouds and the servers compare. */
export interface Drift {
  stack: string;
  project: string;
  /** What a refresh would find changed in the clouds and on the servers. */
  refresh: Preview;
  /** What a deployment of the files as they are would do. */
  preview: Preview;
  /** Every control of `creel verify`, or why they could not be looked at. */
  controls: Result[] | { failure: string };
}

/** clean: everything is as it should be; drifted: something is not; unknown: nothing is known to be wrong, but not all could be seen. */
export type DriftVerdict = "clean" | "drifted" | "unknown";

const titles: Record<DriftVerdict, string> = {
  clean: "is as it should be",
  drifted: "has drifted",
  unknown: "could not be seen as a whole",
};

/** A deployment alone changes nothing there, because it compares the files with the state. */
const putBack = "`pulumi up --refresh` puts it back; a pull request makes it the rule.";

/** What is told of one message or control at most, in characters. */
const mostOfMessage = 2_000;

export function driftVerdict({ refresh, preview, controls }: Drift): DriftVerdict {
  const isSeen = Array.isArray(controls);
  const isChanged = refresh.steps.length > 0 || preview.steps.length > 0;
  if (isChanged || (isSeen && exitCodeOf(controls) === 1)) return "drifted";
  return refresh.failed || preview.failed || !isSeen || exitCodeOf(controls) === 2 ? "unknown" : "clean";
}

/**
 * The text of an issue: what was changed by hand, what was never deployed, which controls are broken. It stays the same as
 * long as nothing of that changes, so it names no time and no run. Nothing in it is a secret.
 */
export function driftMarkdown(drift: Drift): string {
  const { stack, project, refresh, preview, controls } = drift;
  const verdict = driftVerdict(drift);
  const head = [`${markerLine("drift", `${project}/${stack}`)}\n### ${code(stack)} ${titles[verdict]}`];
  const list = (title: string, lines: string[], after: string[] = []) =>
    lines.length === 0 ? [] : [`**${title}**`, ...chunks(lines), ...after];
  const broken = Array.isArray(controls) ? controls.filter(({ verdict }) => isToLookAt(verdict)) : [];
  return fitted(head, [
    ...list("Changed outside of Pulumi", outsideLines(refresh), [putBack]),
    ...list(
      "In the files, but not deployed",
      groupsOf(preview).map((group) => `- ${sentence(group)}`),
    ),
    ...list("Controls", inOrder(broken).map(controlLine)),
    ...failurePart("The clouds and servers could not be compared with the stack", refresh),
    ...failurePart("The files could not be compared with the stack", preview),
    ...(Array.isArray(controls)
      ? []
      : ["**Controls could not be looked at**", codeBlock(controls.failure, mostOfMessage)]),
    ...(verdict === "clean" ? ["A refresh and a deployment would change nothing, and every control holds."] : []),
  ]);
}

/** What `--json` prints. */
export function driftJson(drift: Drift): object {
  const { stack, project, controls } = drift;
  const [outside, undeployed] = [drift.refresh, drift.preview].map((preview) => summaryJson(summaryOf(preview, drift)));
  const seen = Array.isArray(controls)
    ? inOrder(controls).map((result) => ({ ...result, seen: withoutSecrets(result.seen) }))
    : { failure: withoutSecrets(controls.failure) };
  return { stack, project, verdict: driftVerdict(drift), outside, undeployed, controls: seen };
}

/** What of a server, agent or zone is gone or differs. */
function outsideLines(refresh: Preview): string[] {
  return groupsOf(refresh).flatMap((group) =>
    group.steps.map((step) => {
      const { type, name } = parseUrn(step.urn);
      const changes = propertyChanges(step).map(propertyText);
      const shown =
        changes.length > 8 ? `${changes.slice(0, 8).join(", ")} and ${changes.length - 8} more` : changes.join(", ");
      const what = step.effect === "delete" ? "is gone" : `differs${shown && `: ${shown}`}`;
      return `- ${titleOf(group)}: ${code(shortType(type))} ${code(name)} ${what}`;
    }),
  );
}

function controlLine({ verdict, subject, id, seen, allowed }: Result): string {
  const state = verdict === "broken" ? "broken" : "could not be seen";
  return `- ${code(subject)} ${code(id)} ${state}: ${code(seen, 300)}; allowed is ${code(allowed, 200)}`;
}

function failurePart(title: string, { failed, messages }: Preview): string[] {
  const errors = messages.filter(({ severity }) => severity === "error").map(({ text }) => text);
  if (!failed) return [];
  return [`**${title}**`, ...[...new Set(errors)].sort().map((text) => codeBlock(text, mostOfMessage))];
}

/** Broken before unseen, then by name. */
function inOrder(results: Result[]): Result[] {
  const key = ({ verdict, subject, id, where }: Result) => `${verdict === "broken" ? 0 : 1} ${subject} ${where} ${id}`;
  return [...results].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Lists that are short enough to be left out one by one. */
function chunks(lines: string[]): string[] {
  const parts: string[] = [];
  for (let at = 0; at < lines.length; at += 25) parts.push(lines.slice(at, at + 25).join("\n"));
  return parts;
}
