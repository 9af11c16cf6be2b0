import type { Section } from "../survey";

/**
 * How a control ended: unknown is neither, because what it looks at could not be seen; inapplicable is what this subject
 * cannot have, and is never counted as held.
 */
export type Verdict = "holds" | "broken" | "unknown" | "inapplicable";

/** Whether somebody has to look at it: it is broken, or could not be seen. */
export function isToLookAt(verdict: Verdict): boolean {
  return verdict === "broken" || verdict === "unknown";
}

/** What was seen of a control, in a few words; never a secret. */
export interface Finding {
  verdict: Verdict;
  seen: string;
}

/** One thing that must be so, and how to tell from what was collected. */
export interface Control<Subject> {
  /** Short name, the same for ever, for scripts. */
  id: string;
  title: string;
  /** What is allowed, in words. */
  allowed: string;
  judge(subject: Subject): Finding;
}

/** A finding from everything that is not as it must be: broken when there is anything. */
export function faultsFinding(faults: string[], seen: string): Finding {
  if (faults.length === 0) return { verdict: "holds", seen };
  const shown = faults.slice(0, 5).join("; ");
  return { verdict: "broken", seen: faults.length > 5 ? `${shown}; and ${faults.length - 5} more` : shown };
}

/** A finding about one part of a survey; unknown when the server could not read it. */
export function ofSection<T>(section: Section<T>, judge: (found: T) => Finding): Finding {
  return "ok" in section ? judge(section.ok) : { verdict: "unknown", seen: `not readable: ${section.error}` };
}
