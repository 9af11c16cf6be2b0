import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";

/** The command line of a process, its arguments separated by spaces; undefined when there is no such process. */
export function commandLine(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return line === "" ? undefined : line;
  } catch {
    return undefined;
  }
}

/**
 * The process that a pid file names, provided it is still the one that was started: a pid is used again after its
 * process has ended.
 *
 * @param marks texts that the process's command line must contain
 */
export async function recordedProcess(pidFile: string, ...marks: string[]): Promise<number | undefined> {
  const pid = Number((await readFile(pidFile, "utf8").catch(() => "")).trim());
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const line = commandLine(pid);
  return line !== undefined && marks.every((mark) => line.includes(mark)) ? pid : undefined;
}

/**
 * Ends a recorded process with SIGTERM, and with SIGKILL when it has not ended in time.
 *
 * @returns whether there was one
 */
export async function stopRecorded(pidFile: string, seconds: number, ...marks: string[]): Promise<boolean> {
  const pid = await recordedProcess(pidFile, ...marks);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    if (!(await ended(pid, seconds))) {
      process.kill(pid, "SIGKILL");
      await ended(pid, 5);
    }
  }
  await rm(pidFile, { force: true });
  return pid !== undefined;
}

async function ended(pid: number, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (commandLine(pid) === undefined) return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  return commandLine(pid) === undefined;
}

/** Who listens on a TCP port of this computer; undefined when nobody does, or when it cannot be told. */
export function listenerPid(port: number): number | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    if (!existsSync(table)) continue;
    for (const line of readFileSync(table, "utf8").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      // 0A is the kernel's number for LISTEN.
      if (fields[1]?.endsWith(`:${hexPort}`) && fields[3] === "0A") inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        return readdirSync(`/proc/${pid}/fd`).some((fd) => inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
      } catch {
        return false; // It ended meanwhile, or belongs to somebody whose files we may not see.
      }
    });
}
