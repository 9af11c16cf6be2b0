import { StringDecoder } from "node:string_decoder";
import type { Call } from "../framework/provider";

/** What `logging` may say; anything else logs nothing, as in the official plugin. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/**
 * Everything a command prints: kept whole for the resource, in order of arrival for an error, and line by line for the
 * user while it runs.
 */
export class CommandOutput {
  private readonly chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  private readonly interleaved: Buffer[] = [];
  private readonly lines: LineLog;
  private readonly logged: { stdout: boolean; stderr: boolean };

  constructor(logging: unknown, call: Pick<Call, "log">) {
    this.lines = new LineLog((line) => call.log("info", line, true));
    this.logged = {
      stdout: logging === undefined || logging === "stdout" || logging === "stdoutAndStderr",
      stderr: logging === undefined || logging === "stderr" || logging === "stdoutAndStderr",
    };
  }

  write(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.chunks[stream].push(chunk);
    this.interleaved.push(chunk);
    if (this.logged[stream]) this.lines.write(chunk);
  }

  /** Logs what is left of the last line. */
  end(): void {
    this.lines.end();
  }

  /** One stream's text without its last line break. */
  text(stream: "stdout" | "stderr"): string {
    return Buffer.concat(this.chunks[stream]).toString("utf8").replace(/\n$/, "");
  }

  /** Both streams in order of arrival. */
  all(): string {
    return Buffer.concat(this.interleaved).toString("utf8");
  }
}

/** Cuts a stream into lines, whatever their length, without breaking characters that span chunks. */
class LineLog {
  private readonly decoder = new StringDecoder("utf8");
  private rest = "";

  constructor(private readonly log: (line: string) => void) {}

  write(chunk: Buffer): void {
    const lines = (this.rest + this.decoder.write(chunk)).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.log(line.replace(/\r$/, ""));
  }

  end(): void {
    this.rest += this.decoder.end();
    if (this.rest !== "") this.log(this.rest);
    this.rest = "";
  }
}

/** The official plugin's wording: the cause, the command as given, and all it printed. Never its stdin or environment. */
export function commandError(cause: string, command: string, output: CommandOutput): Error {
  return new Error(`${cause}: running ${JSON.stringify(command)}:\n${output.all()}`);
}
