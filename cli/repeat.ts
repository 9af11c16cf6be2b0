import { setTimeout as pause } from "node:timers/promises";

/**
 * Does several things again and again, each by itself, so that one that is slow delays no other; until the signal.
 *
 * @param between seconds between the end of one and its next beginning
 */
export async function repeatEach(things: (() => Promise<void>)[], between: number, signal: AbortSignal): Promise<void> {
  await Promise.all(
    things.map(async (thing) => {
      while (!signal.aborted) {
        await thing();
        await pause(between * 1000, undefined, { signal }).catch(() => {});
      }
    }),
  );
}

/** A signal that is given when the person, or the system, ends the command. */
export function untilEnded(): AbortSignal {
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort());
  process.once("SIGTERM", () => ended.abort());
  return ended.signal;
}
