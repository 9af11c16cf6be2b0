import { Listr } from "listr2";
import { isTerminal, oneLine } from "./terminal";

/** Tells that something is done. @param remark what is wrong with it; left out when nothing is */
export type Done = (subject: string, remark?: string) => void;

/**
 * Waits for several things that go on at the same time; where a person waits, with a line for each that is ticked off when
 * it is done.
 *
 * @param quiet shows nothing, because what is printed is for a program
 */
export async function withProgress<T>(
  subjects: string[],
  quiet: boolean,
  work: (done: Done) => Promise<T>,
): Promise<T> {
  if (quiet || !isTerminal()) return work(() => {});
  const waiting = new Map<string, (remark?: string) => void>();
  const tasks = subjects.map((title) => {
    const ended = new Promise<string | undefined>((resolve) => waiting.set(title, resolve));
    const task = async () => {
      const remark = await ended;
      if (remark !== undefined) throw new Error(`${title}: ${oneLine(remark)}`);
    };
    return { title, task };
  });
  const shown = new Listr(tasks, { concurrent: true, exitOnError: false }).run();
  try {
    return await work((subject, remark) => waiting.get(subject)?.(remark));
  } finally {
    for (const end of waiting.values()) end();
    await shown;
  }
}
