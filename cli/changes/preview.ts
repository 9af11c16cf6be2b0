import { z } from "zod";

/** What becomes of a resource. */
export type Effect = "replace" | "delete" | "update" | "import" | "create";

/** Properties by name, secrets masked by the engine. */
export type Properties = Record<string, unknown>;

/** What a preview would do with one resource. */
export interface Step {
  effect: Effect;
  urn: string;
  /** URN and id of the provider, before and after. */
  providers: { old?: string; new?: string };
  old?: Properties;
  new?: Properties;
  /** Paths of the properties that change. */
  changed: string[];
  /** Paths of those that make a new resource necessary; "replaceWith" where another one's replacement does. */
  because: string[];
}

/** A message of the program, a provider, a policy or the engine. */
export interface Message {
  severity: "error" | "warning" | "info";
  text: string;
  /** URN of what it is about; undefined where it is about the whole. */
  urn?: string;
}

/** What `pulumi preview --json` told. */
export interface Preview {
  /** Stack and project, where a single URN tells. */
  stack?: string;
  project?: string;
  steps: Step[];
  unchanged: number;
  messages: Message[];
  /** Parents' URNs by URN, as far as they are told. */
  parents: Map<string, string>;
  failed: boolean;
}

const stateSchema = z.object({
  inputs: z.record(z.string(), z.unknown()).nullish(),
  parent: z.string().nullish(),
  provider: z.string().nullish(),
});
const state = stateSchema.nullish();
const diff = z.record(z.string(), z.unknown()).nullish();
const names = z.array(z.string()).nullish();
const counts = z.record(z.string(), z.number()).nullish();

/** The document that is printed at the end. */
const digestSchema = z.object({
  steps: z
    .array(
      z.object({
        op: z.string(),
        urn: z.string(),
        provider: z.string().nullish(),
        oldState: state,
        newState: state,
        diffReasons: names,
        replaceReasons: names,
        detailedDiff: diff,
      }),
    )
    .nullish(),
  diagnostics: z
    .array(z.object({ urn: z.string().optional(), message: z.string().default(""), severity: z.string().default("") }))
    .nullish(),
  changeSummary: counts,
});

/** One line of the streaming form: an event, of which these kinds matter. */
const eventSchema = z.object({
  sequence: z.number(),
  resourcePreEvent: z
    .object({
      metadata: z.object({
        op: z.string(),
        urn: z.string(),
        provider: z.string().nullish(),
        old: state,
        new: state,
        diffs: names,
        keys: names,
        detailedDiff: diff,
      }),
    })
    .optional(),
  diagnosticEvent: z
    .object({
      urn: z.string().optional(),
      prefix: z.string().default(""),
      message: z.string(),
      severity: z.string(),
      ephemeral: z.boolean().optional(),
    })
    .optional(),
  policyEvent: z
    .object({
      resourceUrn: z.string().optional(),
      message: z.string(),
      policyName: z.string(),
      policyPackName: z.string(),
      enforcementLevel: z.string(),
    })
    .optional(),
  summaryEvent: z.object({ resourceChanges: counts, result: z.string().optional() }).optional(),
});

type RawStep = NonNullable<z.infer<typeof digestSchema>["steps"]>[number];
type Event = z.infer<typeof eventSchema>;

const effects: Record<string, Effect> = {
  create: "create",
  update: "update",
  delete: "delete",
  import: "import",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  "import-replacement": "replace",
};

/**
 * Reads what `pulumi preview --json` printed: the document, or the events of the streaming form, one a line. Of those
 * only what the engine has masked is kept: events for debugging hold secrets in clear.
 *
 * @throws when it is neither
 */
export function parsePreview(text: string): Preview {
  if (text.trim() === "") return assembled([], [], 0, true);
  const document = json(text);
  if (document !== undefined && !isEvent(document)) return fromDigest(document);
  return fromEvents(text.split("\n").filter((line) => line.trim() !== ""));
}

/** Whether a line of the streaming form is of any use: most of them are for debugging, and not fit to be kept. */
export function isTelling(line: string): boolean {
  const isDebugging = line.includes('"diagnosticEvent":{') && line.includes('"severity":"debug"');
  return !isDebugging && !line.includes('"resOutputsEvent":{');
}

function fromDigest(document: unknown): Preview {
  const parsed = digestSchema.safeParse(document);
  if (!parsed.success) throw new Error("This is not what pulumi preview --json prints.");
  const { steps, diagnostics, changeSummary } = parsed.data;
  const messages = (diagnostics ?? []).flatMap(({ urn, message, severity }) => messageOf(severity, message, urn));
  return assembled(steps ?? [], messages, changeSummary?.same ?? 0, changeSummary === undefined);
}

function fromEvents(lines: string[]): Preview {
  const events = lines.map((line): Event => {
    const parsed = eventSchema.safeParse(json(line));
    if (!parsed.success) throw new Error("This is not what pulumi preview --json prints.");
    return parsed.data;
  });
  const steps = events.flatMap(({ resourcePreEvent }): RawStep[] => {
    if (resourcePreEvent === undefined) return [];
    const { diffs, keys, old, new: next, ...rest } = resourcePreEvent.metadata;
    return [{ ...rest, oldState: old, newState: next, diffReasons: diffs, replaceReasons: keys }];
  });
  const messages = events.flatMap(({ diagnosticEvent: told, policyEvent: policy }): Message[] => {
    if (policy !== undefined) {
      const { policyPackName: pack, policyName: name, resourceUrn: urn, message } = policy;
      const severity = policy.enforcementLevel === "mandatory" ? "error" : "warning";
      return messageOf(severity, `policy ${pack}/${name}: ${message}`, urn);
    }
    if (told === undefined || told.ephemeral) return [];
    return messageOf(told.severity, told.prefix + told.message, told.urn);
  });
  const summary = events.find(({ summaryEvent }) => summaryEvent !== undefined)?.summaryEvent;
  return assembled(steps, messages, summary?.resourceChanges?.same ?? 0, summary?.result !== "succeeded");
}

function assembled(raw: RawStep[], messages: Message[], unchanged: number, cutOff: boolean): Preview {
  const parents = new Map<string, string>();
  const steps = new Map<string, Step>();
  for (const step of raw) {
    const parent = step.newState?.parent ?? step.oldState?.parent;
    if (parent) parents.set(step.urn, parent);
    const effect = effects[step.op];
    if (effect === undefined) continue;
    steps.set(step.urn, merged(steps.get(step.urn), stepOf(step, effect)));
  }
  const urn = raw[0]?.urn ?? messages.find((message) => message.urn)?.urn;
  const [stack, project] = urn === undefined ? [] : urn.replace("urn:pulumi:", "").split("::");
  const failed = cutOff || messages.some(({ severity }) => severity === "error");
  return { stack, project, steps: [...steps.values()], unchanged, messages, parents, failed };
}

function stepOf(step: RawStep, effect: Effect): Step {
  const { urn, oldState, newState, provider } = step;
  const detailed = Object.keys(step.detailedDiff ?? {});
  return {
    effect,
    urn,
    providers: {
      old: oldState?.provider ?? (effect === "create" ? undefined : (provider ?? undefined)),
      new: newState?.provider ?? (effect === "delete" ? undefined : (provider ?? undefined)),
    },
    old: oldState?.inputs ?? undefined,
    new: newState?.inputs ?? undefined,
    changed: detailed.length > 0 ? detailed : (step.diffReasons ?? []),
    because: step.replaceReasons ?? [],
  };
}

/** A replacement is told in up to three steps, and what is deleted and made under one name is replaced as well. */
function merged(first: Step | undefined, second: Step): Step {
  if (first === undefined) return second;
  const effect = first.effect === second.effect ? first.effect : "replace";
  return {
    effect,
    urn: first.urn,
    providers: { old: first.providers.old ?? second.providers.old, new: first.providers.new ?? second.providers.new },
    old: first.old ?? second.old,
    new: first.new ?? second.new,
    changed: [...new Set([...first.changed, ...second.changed])],
    because: [...new Set([...first.because, ...second.because])],
  };
}

/** Messages of levels that are for people; what the program prints as it likes is not among them. */
function messageOf(level: string, text: string, urn?: string): Message[] {
  if (level !== "error" && level !== "warning" && level !== "info") return [];
  return [{ severity: level, text: text.replace(/^(error|warning|info): /, "").trimEnd(), urn: urn || undefined }];
}

function isEvent(document: unknown): boolean {
  return typeof document === "object" && document !== null && "sequence" in document;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
