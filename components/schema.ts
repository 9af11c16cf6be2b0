import { z } from "zod";
import type { Fault } from "./faults";
import { nearest } from "./suggestions";

/**
 * Words by which a schema says what is wrong and what to write instead. Every message of a schema has this form, so that
 * an issue can be told as a {@link Fault}.
 */
export function message(reason: string, remedy: string): string {
  return `${reason}: ${remedy}`;
}

/** A text of one form; `write` says which, as the end of "write …" and as the name of its type. */
export function text(write: string, form?: RegExp) {
  const base = z.string({
    error: ({ input }) =>
      input === undefined ? message("is missing", `write ${write}`) : message("is not a text", `write ${write}`),
  });
  const whole = form === undefined ? base : base.regex(form, { error: message("has another form", `write ${write}`) });
  return whole.meta({ title: write });
}

/**
 * A text that has to pass checks which tell faults.
 *
 * @param pattern an expression that every right text matches, for editors, which know nothing of the checks
 */
export function checkedText(write: string, faults: (value: string) => Fault[], pattern?: string) {
  const checked = text(write).superRefine((value, context) => {
    for (const { reason, remedy } of faults(value)) {
      context.addIssue({ code: "custom", message: message(reason, remedy) });
    }
  });
  return checked.meta({ title: write, ...(pattern === undefined ? {} : { pattern }) });
}

/** An amount of memory with its unit, read as MiB. */
export function memory() {
  return text("a size with its unit, such as 512MiB or 2GiB", /^[1-9]\d{0,5}(MiB|GiB)$/).transform((size) =>
    size.endsWith("GiB") ? Number.parseInt(size, 10) * 1024 : Number.parseInt(size, 10),
  );
}

/** What a document gets wrong by the schema alone, all of it. */
export function schemaFaults(schema: z.ZodType, document: unknown): Fault[] {
  const result = schema.safeParse(document, { error: inWords });
  return result.success ? [] : result.error.issues.flatMap((issue) => issueFaults(issue, document));
}

/** The fields of an object that are right, each by itself, for checks that look at several of them. */
export function rightFields<T extends z.ZodRawShape>(
  schema: z.ZodObject<T>,
  value: unknown,
): Partial<z.output<z.ZodObject<T>>> {
  const given = isRecord(value) ? value : {};
  const fields = Object.entries(schema.shape).flatMap(([key, field]) => {
    const result = (field as z.ZodType).safeParse(given[key]);
    return result.success && result.data !== undefined ? [[key, result.data]] : [];
  });
  return Object.fromEntries(fields) as Partial<z.output<z.ZodObject<T>>>;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Words for issues whose schema has none of its own. */
const inWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? message("is missing", `write ${kinds[issue.expected] ?? issue.expected}`)
        : message(
            `is not ${kinds[issue.expected] ?? issue.expected}`,
            `write ${kinds[issue.expected] ?? issue.expected}`,
          );
    case "invalid_value":
      return message("is not known here", `write one of ${issue.values.join(", ")}`);
    case "too_small":
      return issue.origin === "array"
        ? message("is empty", `write at least ${issue.minimum}`)
        : message("is too small", `write ${issue.minimum} or more`);
    case "too_big":
      return message("is too large", `write ${issue.maximum} or less`);
    case "unrecognized_keys":
      // The keys that are known come along for suggestions; the issue itself names the unknown ones only.
      return Object.keys((issue.inst as z.ZodObject | undefined)?.shape ?? {}).join(" ");
    default:
      return message("cannot be used", `see the reference of creel:fleet`);
  }
};

const kinds: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of settings",
  record: "a group of named entries",
};

function issueFaults(issue: z.core.$ZodIssue, document: unknown): Fault[] {
  const path = pathText(issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(" ");
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const remedy = `${near === undefined ? "remove it" : `did you mean ${near}?`} (known: ${known.join(", ")})`;
      return { path: pathText([...issue.path, key]), reason: "is not a known setting", remedy };
    });
  }
  if (issue.code === "invalid_union") {
    // Of several forms it is the one whose kind fits that its faults are told of.
    const meant = issue.errors.find((issues) => issues.every(isInside));
    if (meant !== undefined) {
      return meant.flatMap((inner) => issueFaults({ ...inner, path: [...issue.path, ...inner.path] }, document));
    }
  }
  const [reason = "", ...rest] = issue.message.split(": ");
  return [
    { path, value: shownValue(issue.path, document), reason, remedy: suggestion(issue, document) ?? rest.join(": ") },
  ];
}

/** Whether an issue is about a part of a value, and not about the kind of the value as a whole. */
function isInside({ code, path }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code === "unrecognized_keys";
}

function suggestion(issue: z.core.$ZodIssue, document: unknown): string | undefined {
  if (issue.code !== "invalid_value") return undefined;
  const value = valueAt(issue.path, document);
  const near = typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
  return near === undefined ? undefined : `did you mean ${near}? (known: ${issue.values.join(", ")})`;
}

/** A value to repeat in a message: plain ones only. */
function shownValue(path: PropertyKey[], document: unknown): unknown {
  const value = valueAt(path, document);
  return ["string", "number", "boolean"].includes(typeof value) ? value : undefined;
}

function valueAt(path: PropertyKey[], document: unknown): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}

function pathText(path: PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
