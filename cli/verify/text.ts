import { colours, oneLine, tableText } from "../terminal";
import type { Result } from "./verifyFleet";

const marks = { holds: "✔", broken: "✘", unknown: "?" };

/** What is broken or could not be seen, or everything, and how many hold. */
export function verifyText(results: Result[], all: boolean): string {
  const c = colours();
  const paint = { holds: c.green, broken: c.red, unknown: c.yellow };
  const rows = results
    .filter(({ verdict }) => all || verdict !== "holds")
    .map(({ verdict, subject, id, seen, allowed }) => [
      paint[verdict](marks[verdict]),
      subject,
      id,
      oneLine(seen),
      verdict === "holds" ? "" : allowed,
    ]);
  const count = (wanted: Result["verdict"]) => results.filter(({ verdict }) => verdict === wanted).length;
  const sum = `${count("holds")} of ${results.length} controls hold, ${count("broken")} broken, ${count("unknown")} not seen.`;
  return rows.length === 0 ? sum : `${tableText(["", "where", "control", "seen", "allowed"], rows)}\n${sum}`;
}
