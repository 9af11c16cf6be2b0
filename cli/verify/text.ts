import { colours, oneLine, tableText } from "../terminal";
import { isToLookAt } from "./control";
import type { Result } from "./verifyFleet";

const marks = { holds: "✔", broken: "✘", unknown: "?", inapplicable: "–" };

/** What is broken or could not be seen, or everything, and how many hold. */
export function verifyText(results: Result[], all: boolean): string {
  const c = colours();
  const paint = { holds: c.green, broken: c.red, unknown: c.yellow, inapplicable: c.dim };
  const rows = results
    .filter(({ verdict }) => all || isToLookAt(verdict))
    .map(({ verdict, subject, id, seen, allowed }) => [
      paint[verdict](marks[verdict]),
      subject,
      id,
      oneLine(seen),
      isToLookAt(verdict) ? allowed : "",
    ]);
  const count = (wanted: Result["verdict"]) => results.filter(({ verdict }) => verdict === wanted).length;
  const applicable = results.length - count("inapplicable");
  const sum = `${count("holds")} of ${applicable} controls hold, ${count("broken")} broken, ${count("unknown")} not seen.`;
  return rows.length === 0 ? sum : `${tableText(["", "where", "control", "seen", "allowed"], rows)}\n${sum}`;
}
