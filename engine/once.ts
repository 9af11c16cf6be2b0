import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A lock is refreshed this often by its holder, in milliseconds. */
const heartbeat = 5_000;
/** A lock that was not refreshed for this long belongs to nobody, in milliseconds. */
const abandoned = 60_000;

/**
 * Makes a folder exactly once, however many processes ask for it at the same time. The work happens in a folder beside
 * the final one, which gets its name only when the work succeeded: a folder that exists is complete.
 *
 * @param folder the final folder; nothing happens when it exists
 * @param make fills the folder it is given
 * @param waiting called once when another process is found at work on the same folder
 * @throws what `make` throws; nothing is left behind then
 */
export async function makeOnce(
  folder: string,
  make: (unfinished: string) => Promise<void>,
  waiting: () => void = () => {},
): Promise<void> {
  if (existsSync(folder)) return;
  await mkdir(path.dirname(folder), { recursive: true });
  await locked(
    `${folder}.lock`,
    async () => {
      if (existsSync(folder)) return;
      await removeLeftovers(folder);
      const unfinished = `${folder}.unfinished-${process.pid}`;
      try {
        await mkdir(unfinished);
        await make(unfinished);
        await rename(unfinished, folder);
      } finally {
        await rm(unfinished, { recursive: true, force: true });
      }
    },
    waiting,
  );
}

/** Removes what killed runs left half-made; only whoever holds the folder's lock may. */
async function removeLeftovers(folder: string): Promise<void> {
  const prefix = `${path.basename(folder)}.unfinished-`;
  for (const name of await readdir(path.dirname(folder))) {
    if (name.startsWith(prefix)) await rm(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

async function locked(file: string, work: () => Promise<void>, waiting: () => void): Promise<void> {
  for (let first = true; !(await acquire(file)); first = false) {
    if (first) waiting();
    await sleep(500);
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {}); // the next beat tries again
  }, heartbeat);
  try {
    await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // Two waiters may both clear away a dead lock and then both work: that costs time, never correctness.
  if (await isAbandoned(file)) await rm(file, { force: true });
  return false;
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(file, "utf8"));
    const { mtimeMs } = await stat(file);
    return Date.now() - mtimeMs > abandoned || (pid > 0 && !isRunning(pid));
  } catch {
    return false; // released meanwhile
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
