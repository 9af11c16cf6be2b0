import { Listr } from "listr2";
import type { FleetOutput } from "../fleet";
import { isTerminal } from "../terminal";
import { isToLookAt } from "./control";
import { entrancesOf, type Progress, type Result } from "./verifyFleet";

/**
 * Looks at a fleet; where a person waits, with a line per server and hostname that is ticked off when it is done.
 *
 * @param quiet shows nothing, because what is printed is for a program
 */
export async function withProgress<T>(
  fleet: FleetOutput,
  quiet: boolean,
  look: (progress?: Progress) => Promise<T>,
): Promise<T> {
  if (quiet || !isTerminal()) return look();
  const waiting = new Map<string, (results: Result[]) => void>();
  const subjects = [...Object.keys(fleet.servers), ...entrancesOf(fleet).map(({ hostname }) => hostname)];
  const tasks = subjects.map((title) => {
    const done = new Promise<Result[]>((resolve) => waiting.set(title, resolve));
    const task = async () => {
      const bad = (await done).filter(({ verdict }) => isToLookAt(verdict)).length;
      if (bad > 0) throw new Error(`${title}: ${bad} to look at`);
    };
    return { title, task };
  });
  const shown = new Listr(tasks, { concurrent: true, exitOnError: false }).run();
  const found = await look((subject, results) => waiting.get(subject)?.(results));
  await shown;
  return found;
}
