import { type ChildProcess, spawn } from "node:child_process";

/** How a process ended. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** How a process is started. */
export interface Start {
  args: string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  onStdout(chunk: Buffer): void;
  onStderr(chunk: Buffer): void;
}

/** How long a process may take to end by itself once asked, in milliseconds; the engine gives the host 5 seconds. */
const grace = 4_000;

/**
 * The processes that the host runs for the engine.
 *
 * They stay in the host's own process group, which the engine makes for each of its plugins: whatever ends the group
 * (the engine's orderly end, its kill, ours) ends them and all they started, even if the host itself was killed.
 */
export class Processes {
  private readonly running = new Set<ChildProcess>();

  /**
   * Runs Node until it ends and all its output has been handed on.
   *
   * @param canceled aborts the one process, politely first
   */
  run(start: Start, canceled: AbortSignal): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, start.args, {
        cwd: start.cwd,
        env: start.env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      this.running.add(child);
      const cancel = () => stopOne(child);
      canceled.addEventListener("abort", cancel);
      if (canceled.aborted) cancel();
      child.stdout.on("data", start.onStdout);
      child.stderr.on("data", start.onStderr);
      const forget = () => {
        this.running.delete(child);
        canceled.removeEventListener("abort", cancel);
      };
      child.once("error", (error) => {
        forget();
        reject(error);
      });
      // A grandchild that keeps the output open must not keep the engine waiting for a program that has ended.
      child.once("exit", () => setTimeout(() => child.emit("close", child.exitCode, child.signalCode), 1_000).unref());
      child.once("close", (code, signal) => {
        forget();
        resolve({ code, signal });
      });
    });
  }

  /** Ends every process, politely first. */
  async stop(): Promise<void> {
    const children = [...this.running];
    for (const child of children) child.kill("SIGINT");
    const deadline = Date.now() + grace;
    while (children.some(isAlive) && Date.now() < deadline) await new Promise((next) => setTimeout(next, 50));
    for (const child of children.filter(isAlive)) child.kill("SIGKILL");
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function stopOne(child: ChildProcess): void {
  child.kill("SIGINT");
  setTimeout(() => isAlive(child) && child.kill("SIGKILL"), grace).unref();
}
