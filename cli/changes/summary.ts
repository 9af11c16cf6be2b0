import { withoutSecrets } from "../github/hidden";
import { type Group, groupsOf } from "./groups";
import type { Effect, Message, Preview } from "./preview";
import { parseUrn } from "./urns";
import { type PropertyChange, propertyChanges } from "./values";

/** What a preview means for servers and agents. */
export interface Summary {
  stack: string;
  project: string;
  groups: Group[];
  counts: Record<Effect | "unchanged", number>;
  /** Messages in a fixed order, each once. */
  messages: Message[];
  failed: boolean;
}

/** A summary as it is printed for programs: without any input of a resource. */
export interface SummaryJson extends Omit<Summary, "groups"> {
  groups: (Omit<Group, "steps"> & {
    resources: { effect: Effect; type: string; name: string; properties: PropertyChange[]; because: string[] }[];
  })[];
}

/**
 * Sums up a preview.
 *
 * @param names stack and project, where the preview may have ended before it named them
 */
export function summaryOf(preview: Preview, names: { stack?: string; project?: string } = {}): Summary {
  const counts = { replace: 0, delete: 0, update: 0, import: 0, create: 0, unchanged: preview.unchanged };
  for (const { effect } of preview.steps) counts[effect] += 1;
  return {
    stack: names.stack ?? preview.stack ?? "unknown",
    project: names.project ?? preview.project ?? "unknown",
    groups: groupsOf(preview),
    counts,
    messages: inOrder(preview.messages),
    failed: preview.failed,
  };
}

/** What `--json` prints: the same, no value but a harmless one. */
export function summaryJson({ groups, messages, ...rest }: Summary): SummaryJson {
  return {
    ...rest,
    messages: messages.map((message) => ({ ...message, text: withoutSecrets(message.text) })),
    groups: groups.map(({ steps, ...group }) => ({
      ...group,
      resources: steps.map((step) => {
        const properties = propertyChanges(step).map((change) => ({ ...change, path: withoutSecrets(change.path) }));
        return { effect: step.effect, ...parseUrn(step.urn), properties, because: step.because };
      }),
    })),
  };
}

/** The engine works on many things at a time, so that its messages come in another order each time. */
function inOrder(messages: Message[]): Message[] {
  const key = ({ severity, urn = "", text }: Message) => `${severity}\n${urn}\n${text}`;
  // The engine's own last word says nothing where there is another.
  const isTelling = ({ severity, text }: Message) => severity === "error" && text !== "preview failed";
  const told = messages.some(isTelling) ? messages.filter(({ text }) => text !== "preview failed") : messages;
  const unique = new Map(told.map((message) => [key(message), message]));
  return [...unique].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, message]) => message);
}
