import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A connector's process. */
export class Connector {
  /** Everything it has said. */
  output = "";
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  private readonly process: ChildProcess;

  constructor(program: string, args: string[], env: Record<string, string>) {
    this.process = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(this.process, "close").then(([code, signal]) => ({ code, signal }));
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Where its metrics server listens, once it has said so. */
  async metrics(): Promise<string> {
    const address = /Starting metrics server on (127\.0\.0\.1:\d+)/;
    await until(() => address.test(this.output), `no metrics server in: ${this.output}`);
    return address.exec(this.output)![1]!;
  }

  /** A page of the metrics server. */
  async page(path: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(`http://${await this.metrics()}${path}`);
    return { status: answer.status, text: await answer.text() };
  }
}

/** Waits until something holds. @throws Error when it does not in time, 10 seconds unless said otherwise */
export async function until(
  holds: () => boolean | Promise<boolean>,
  otherwise = "it did not come to hold",
  milliseconds = 10_000,
): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(otherwise);
}
