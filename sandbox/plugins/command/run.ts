import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import type { Call } from "../framework/provider";
import { CommandOutput, commandError } from "./output";

export interface LocalRun {
  /** Program and first arguments; the command is the last one. Default: `/bin/sh -c`. */
  interpreter?: string[];
  /** Default: where the plugin was started, which is the program's folder. */
  dir?: string;
  /** Added to the plugin's own environment. */
  environment: Record<string, string>;
  /** Written and closed. Without one the process reads from /dev/null. */
  stdin?: string;
  logging?: unknown;
}

/**
 * Runs a command to its end. The process and its descendants are killed when the call is aborted.
 *
 * @throws with the command and everything it printed, when it cannot be started, fails, or is killed
 */
export async function runLocal(
  command: string,
  run: LocalRun,
  call: Pick<Call, "log" | "signal">,
): Promise<{ stdout: string; stderr: string }> {
  const [program, ...args] = run.interpreter && run.interpreter.length > 0 ? run.interpreter : ["/bin/sh", "-c"];
  const output = new CommandOutput(run.logging, call);
  const dir = run.dir ?? process.cwd();
  if (!isDirectory(dir)) throw commandError(`chdir ${dir}: no such file or directory`, command, output);
  if (call.signal.aborted) throw commandError("context canceled", command, output);

  const child = spawn(program!, [...args, command], {
    cwd: dir,
    env: { ...process.env, ...run.environment },
    stdio: [run.stdin ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const abort = () => killTree(child);
  call.signal.addEventListener("abort", abort, { once: true });
  try {
    if (run.stdin) {
      // A command that does not read all of its input breaks the pipe; its exit code is what counts.
      child.stdin!.on("error", () => {});
      child.stdin!.end(run.stdin);
    }
    child.stdout!.on("data", (chunk: Buffer) => output.write("stdout", chunk));
    child.stderr!.on("data", (chunk: Buffer) => output.write("stderr", chunk));
    const failure = await ended(child, program!);
    output.end();
    if (failure) throw commandError(failure, command, output);
    return { stdout: output.text("stdout"), stderr: output.text("stderr") };
  } finally {
    call.signal.removeEventListener("abort", abort);
  }
}

/** Waits until the process has ended and its output is read; what went wrong in Go's words, or undefined. */
function ended(child: ChildProcess, program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => resolve(startFailure(error, program)));
    child.on("close", (code, signal) => {
      if (signal) resolve(`signal: ${SIGNAL_NAMES[signal] ?? signal}`);
      else resolve(code === 0 ? undefined : `exit status ${code}`);
    });
  });
}

const SIGNAL_NAMES: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

function startFailure(error: NodeJS.ErrnoException, program: string): string {
  const reason = error.code === "EACCES" ? "permission denied" : "no such file or directory";
  if (error.code !== "ENOENT" && error.code !== "EACCES") return error.message;
  if (program.includes("/")) return `fork/exec ${program}: ${reason}`;
  return `exec: ${JSON.stringify(program)}: ${error.code === "ENOENT" ? "executable file not found in $PATH" : reason}`;
}

function isDirectory(dir: string): boolean {
  return statSync(dir, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Kills a process and its descendants, parents first so that nobody starts a new one. */
function killTree(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  const pids = [child.pid];
  for (const pid of pids) {
    const descendants = childrenOf(pid);
    kill(pid);
    pids.push(...descendants);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Ended by itself.
  }
}

/** Process ids, from /proc; empty where there is none. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
