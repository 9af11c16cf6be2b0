import { type ChildProcess, spawn } from "node:child_process";
import { Agent, type ClientRequestArgs } from "node:http";
import { Duplex } from "node:stream";

/** How long a closed connection's `ssh` may take to say why, in milliseconds (Docker's client waits as long). */
const EXIT_GRACE = 10_000;
/** Bytes of `ssh`'s complaints that are kept. */
const STDERR_KEPT = 4096;

const living = new Set<SshConnection>();
process.on("exit", () => {
  for (const connection of living) connection.kill();
});

/**
 * The stdin and stdout of one `ssh` process as a network connection.
 *
 * Nothing on it ends without a reason: a process that fails turns into an error with what it wrote on stderr, because
 * that is where a wrong host key, a refused login or a missing remote `docker` is named.
 */
export class SshConnection extends Duplex {
  private readonly child: ChildProcess;
  private stderr = "";
  private readonly exited: Promise<string | undefined>;

  constructor(private readonly argv: string[]) {
    super({ allowHalfOpen: true });
    // A session of its own: ssh must fail instead of asking for a password on the user's terminal.
    this.child = spawn("ssh", argv, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    living.add(this);
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-STDERR_KEPT);
    });
    this.exited = new Promise((resolve) => {
      this.child.once("error", (error) => resolve(error.message));
      this.child.once("close", (code, signal) => resolve(code === 0 ? undefined : exitStatus(code, signal)));
    });
    this.child.stdin!.on("error", () => {}); // the exit that follows says why
    this.child.stdout!.on("error", () => {});
    this.child.stdout!.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) this.child.stdout!.pause();
    });
    this.child.stdout!.once("end", () => void this.finish());
    this.child.once("error", () => void this.finish());
  }

  private async finish(): Promise<void> {
    const late = new Promise<string>((resolve) => {
      setTimeout(() => resolve(`no exit within ${EXIT_GRACE / 1000}s`), EXIT_GRACE).unref();
    });
    const failure = await Promise.race([this.exited, late]);
    living.delete(this);
    if (failure !== undefined) return void this.destroy(new Error(this.describe(failure)));
    this.push(null);
    // An idle connection has no reader that would see its end, and must not be taken for the next request.
    if (this.readableLength === 0) setImmediate(() => this.destroy());
    else this.once("end", () => this.destroy());
  }

  private describe(failure: string): string {
    const command = ["ssh", ...this.argv].join(" ");
    return (
      `command [${command}] has exited with ${failure}, please make sure the URL is valid, ` +
      `and Docker 18.09 or later is installed on the remote host: stderr=${this.stderr.trim()}`
    );
  }

  /** Ends the process at once; the connection breaks. */
  kill(): void {
    this.child.kill("SIGTERM");
  }

  override _read(): void {
    this.child.stdout!.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // An error here is only "broken pipe"; the process's exit carries the cause.
    if (this.child.stdin!.destroyed) done();
    else this.child.stdin!.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.child.stdin!.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    living.delete(this);
    this.kill();
    done(error);
  }

  // What Node's HTTP agent asks of a socket beyond a stream.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    this.child.ref();
    return this;
  }
  unref(): this {
    this.child.unref();
    return this;
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): string {
  return code === null ? `signal: ${signal}` : `exit status ${code}`;
}

/**
 * HTTP over `ssh` processes. At most six connections to a host and two idle ones, like Docker's own client: a stock sshd
 * begins to drop new connections at ten unfinished ones.
 */
export class SshAgent extends Agent {
  constructor(private readonly argv: string[]) {
    super({ keepAlive: true, maxSockets: 6, maxFreeSockets: 2 });
  }

  override createConnection(_options: ClientRequestArgs): Duplex {
    return new SshConnection(this.argv);
  }
}
