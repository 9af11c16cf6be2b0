import type { Client, ClientChannel } from "ssh2";
import type { Call } from "../framework/provider";
import { CommandOutput, commandError } from "./output";

export interface RemoteRun {
  /** Must be accepted by the server's AcceptEnv, or the command does not run. */
  environment: Record<string, string>;
  /** Sent if the server accepts it; a warning otherwise. */
  optionalEnvironment: Record<string, string>;
  stdin?: string;
  logging?: unknown;
}

/**
 * Runs a command over an SSH connection to its end; stdin is sent and closed.
 *
 * @throws with the command and everything it printed when it fails, and without running it when a variable is refused
 */
export async function runRemote(
  client: Client,
  command: string,
  run: RemoteRun,
  call: Pick<Call, "log" | "signal">,
): Promise<{ stdout: string; stderr: string }> {
  const output = new CommandOutput(run.logging, call);
  const channel = await open(client, command, run, call);
  const abort = () => client.destroy();
  call.signal.addEventListener("abort", abort, { once: true });
  try {
    channel.on("data", (chunk: Buffer) => output.write("stdout", chunk));
    channel.stderr.on("data", (chunk: Buffer) => output.write("stderr", chunk));
    channel.on("error", () => {});
    channel.end(run.stdin ?? "");
    const failure = await ended(channel);
    output.end();
    if (failure) throw commandError(call.signal.aborted ? "context canceled" : failure, command, output);
    return { stdout: output.text("stdout"), stderr: output.text("stderr") };
  } finally {
    call.signal.removeEventListener("abort", abort);
  }
}

/** What went wrong in the words of Go's ssh package, or undefined. */
function ended(channel: ClientChannel): Promise<string | undefined> {
  return new Promise((resolve) => {
    let failure: string | undefined = "wait: remote command exited without exit status or exit signal";
    channel.on("exit", (code: number | null, signal?: string) => {
      if (code === 0) failure = undefined;
      else if (code !== null) failure = `Process exited with status ${code}`;
      else failure = `Process exited with status 128 from signal ${signal?.replace(/^SIG/, "")}`;
    });
    channel.on("close", () => resolve(failure));
  });
}

/** The parts of ssh2 that its types leave out: it sends environment requests, but never asks for the answer. */
interface Internals {
  _protocol: {
    env(channel: number, name: string, value: string, wantReply: boolean): void;
    exec(channel: number, command: string, wantReply: boolean): void;
  };
  _chanMgr: {
    _channels: Record<number, { outgoing: { id: number }; _callbacks: ((failed: boolean | Error) => void)[] }>;
  };
}

/** Opens a session, has the environment accepted, and only then starts the command. */
function open(client: Client, command: string, run: RemoteRun, call: Pick<Call, "log">): Promise<ClientChannel> {
  const environment = { ...run.optionalEnvironment, ...run.environment };
  return new Promise((resolve, reject) => {
    let waiting = Object.keys(environment).length;
    let refused: Error | undefined;
    const finish = (error: Error | undefined, channel?: ClientChannel) =>
      error || !channel ? reject(error ?? new Error("ssh: no session")) : resolve(channel);
    if (waiting === 0) {
      client.exec(command, finish);
      return;
    }

    const { _protocol: protocol, _chanMgr: channels } = client as unknown as Internals;
    const { env, exec } = protocol;
    let start = () => {};
    protocol.env = (id, name, value) => {
      const channel = Object.values(channels._channels).find((candidate) => candidate?.outgoing?.id === id);
      channel?._callbacks.push((failed) => {
        if (failed) {
          const optional = !(name in run.environment);
          call.log(optional ? "warning" : "error", refusal(name));
          if (!optional) refused ??= new Error(`could not set environment variable "${name}": ssh: setenv failed`);
        }
        if (--waiting === 0) start();
      });
      env.call(protocol, id, name, value, true);
    };
    protocol.exec = (id, text, wantReply) => {
      start = () => {
        Object.assign(protocol, { env, exec });
        if (refused) reject(refused);
        else exec.call(protocol, id, text, wantReply);
      };
    };
    client.exec(command, { env: environment }, finish);
  });
}

function refusal(name: string): string {
  return (
    `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables via AcceptEnv. ` +
    "Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the command itself with the " +
    "variables in the form 'VAR=value command'"
  );
}
