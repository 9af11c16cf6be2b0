import { setTimeout as sleep } from "node:timers/promises";

/** Pauses of a wait, in milliseconds. */
export interface Pace {
  /** Before the first look. */
  delay: number;
  /** Shortest between two looks; it doubles with every look. */
  min: number;
  /** Longest between two looks. */
  max: number;
}

/** The official provider's: ten seconds before it looks at all, whatever there is to wait for. */
export const officialPace: Pace = { delay: 10_000, min: 3000, max: 10_000 };

/** For the sandbox, where things take seconds; few enough looks for the API's limit of 250 requests a minute. */
export const quickPace: Pace = { delay: 200, min: 200, max: 3000 };

/**
 * The pace that `CREEL_DIGITALOCEAN_PACE` names: `official`, or `quick`, which is also the default. Only this stand-in
 * reads it; the official provider knows nothing but its own pace.
 *
 * @throws for any other word
 */
export function paceOf(word: string | undefined): Pace {
  if (word === undefined || word === "" || word === "quick") return quickPace;
  if (word === "official") return officialPace;
  throw new Error(`CREEL_DIGITALOCEAN_PACE is "${word}": write "official" or "quick"`);
}

/** Something to be waited for. */
export interface Wait {
  /** Its state now; undefined = it can not be told yet. */
  look(): Promise<{ state: string } | undefined>;
  /** States on the way. Any other than these and the target is an error. */
  pending: string[];
  target: string;
  /** Seconds. */
  timeout: number;
  /** Looks in a row that may tell nothing. Default: 60. */
  blindLooks?: number;
  /** Looks at once, and then half a second, one, two … seconds apart, whatever the pace. Default: no. */
  soon?: boolean;
}

const soonPace: Pace = { delay: 0, min: 500, max: 10_000 };

/** Looks again and again until the state is the target. @throws in the words of Terraform's helper of the same kind */
export async function waitFor(wait: Wait, usual: Pace, signal: AbortSignal): Promise<void> {
  const { look, pending, target, timeout, blindLooks = 60 } = wait;
  const pace = wait.soon ? soonPace : usual;
  const end = Date.now() + timeout * 1000;
  let last = "";
  let blind = 0;
  let pause = pace.delay;
  for (let looks = 0; ; looks++) {
    const left = end - Date.now();
    await sleep(Math.max(0, Math.min(pause, left)), undefined, { signal });
    if (pause > left) {
      const known = last === "" ? "" : `last state: '${last}', `;
      throw new Error(`timeout while waiting for state to become '${target}' (${known}timeout: ${timeout}s)`);
    }
    const seen = await look();
    if (seen?.state === target) return;
    last = seen?.state ?? "";
    if (seen && !pending.includes(seen.state)) {
      throw new Error(`unexpected state '${seen.state}', wanted target '${target}'. last error: %!s(<nil>)`);
    }
    blind = seen ? 0 : blind + 1;
    if (blind > blindLooks) throw new Error(`couldn't find resource (${blind} retries)`);
    pause = Math.min(pace.min * 2 ** looks, pace.max);
  }
}
