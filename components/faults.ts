import * as pulumi from "@pulumi/pulumi";
import { redacted } from "./plainText";

/** One thing wrong with what a person wrote, in words that let them mend it. */
export interface Fault {
  /** Where it stands, from the root of what was given: `agents.atlas.image`, `adminCidrs[0]`. */
  path: string;
  /** What was found there. Left out where something is missing, and always where the value is known to be a secret. */
  value?: unknown;
  /** What is wrong, in a few words that follow the value: `has no digest`, `is not one of a, b`. */
  reason: string;
  /** What to write instead. */
  remedy: string;
}

/** The same faults, seen from one level further out. */
export function faultsUnder(prefix: string, faults: Fault[]): Fault[] {
  return faults.map((fault) => ({ ...fault, path: joined(prefix, fault.path) }));
}

/**
 * Throws one InputPropertiesError that names every fault, or returns when there is none.
 *
 * Called before the first resource is registered, so that bad input changes nothing. Whatever looks like a secret is left
 * out of the message, wherever in a fault it stands.
 *
 * @param faults everything that is wrong, in the order in which a person would read their input
 * @param subject what was checked, as the first words of the message; "The input" when left out
 */
export function refuseFaults(faults: Fault[], subject = "The input"): void {
  if (faults.length === 0) return;
  const error = new pulumi.InputPropertiesError({
    message: faultText(faults, subject),
    errors: faults.map((fault) => ({ propertyPath: redacted(fault.path), reason: sentence(fault) })),
  });
  // The language host prints a RunError as it stands; any other error comes with a stack trace that only hides the text.
  throw Object.assign(error, { __pulumiRunError: true });
}

/**
 * A value that becomes known later, held back until it has passed the checks of its plain form. Whatever needs it fails
 * with the faults. The value itself is left out of them, because it may be a secret.
 */
export function gated<T>(value: pulumi.Output<T>, check: (value: T) => Fault[], subject: string): pulumi.Output<T> {
  return value.apply((known) => {
    const faults = check(known);
    if (faults.length === 0) return known;
    const lines = faults.map(({ path, reason }) => `  ${redacted(`${path} ${reason}`)}`);
    throw new pulumi.RunError([`${subject} cannot be made`, ...lines].join("\n"));
  });
}

/** The message of refuseFaults: a heading, then one aligned line per fault. */
export function faultText(faults: Fault[], subject: string): string {
  const paths = faults.map((fault) => redacted(fault.path));
  const width = Math.max(...paths.map((path) => path.length)) + 4;
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.map((fault, i) => `  ${paths[i]!.padEnd(width)}${sentence(fault)}`);
  return [`${subject} has ${count}; nothing was changed`, ...lines].join("\n");
}

function sentence(fault: Fault): string {
  const value = fault.value === undefined ? "" : `${shown(fault.value)} `;
  return `${value}${redacted(fault.reason)}: ${redacted(fault.remedy)}`;
}

/** Values are cut so that a pasted file does not bury the message, but not before secrets are found in them. */
function shown(value: unknown): string {
  const clean = (_key: string, part: unknown) => (typeof part === "string" ? redacted(part) : part);
  const text = redacted(JSON.stringify(value, clean) ?? String(value));
  return text.length <= 80 ? text : `${text.slice(0, 76)}…${text.slice(-1)}`;
}

function joined(prefix: string, path: string): string {
  if (path === "") return prefix;
  return path.startsWith("[") ? `${prefix}${path}` : `${prefix}.${path}`;
}
