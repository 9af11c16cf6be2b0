import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** Who holds a lock: a process, told from a later one with the same pid by when it was started. */
interface Holder {
  pid: number;
  started: string;
}

/**
 * Does some work while nobody else does it. Waits for a holder that lives; takes over from one that died.
 *
 * @param file the lock; gone when nobody works
 * @param report called once with who is waited for
 */
export async function withLock<T>(file: string, report: (line: string) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  for (let told = false; !(await take(file)); ) {
    const holder = await holderOf(file);
    if (holder && startOf(holder.pid) !== holder.started) {
      // Renaming first makes one of several waiters the one that removes it.
      const stale = `${file}.${randomUUID()}`;
      await rename(file, stale).then(() => rm(stale), ignoreMissing);
      continue;
    }
    if (holder && !told) {
      report(`waiting for process ${holder.pid}, which is changing the sandbox`);
      told = true;
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** A lock appears whole, with its holder in it, or not at all: the file is written elsewhere and linked into place. */
async function take(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

async function holderOf(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, "utf8").catch(ignoreMissing);
  return text ? (JSON.parse(text) as Holder) : undefined;
}

/** When a process was started, in clock ticks since boot (field 22 of /proc/PID/stat); undefined when it is gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
