import type { Call, Props } from "../framework/provider";
import type { Connection, Endpoint } from "./connection";
import { commandLife, previousOutput } from "./local";

/** Inputs with the documented defaults where the program left them out. */
export function connectionOf(inputs: Props): Connection {
  const given = inputs.connection as Partial<Connection> & { host: string };
  return { ...endpoint(given), ...(given.proxy ? { proxy: endpoint(given.proxy) } : {}) };
}

function endpoint(given: Partial<Endpoint> & { host: string }): Endpoint {
  return { port: 22, user: "root", dialErrorLimit: 10, perDialTimeout: 15, ...given };
}

/** ssh2 takes a fifth of a second to load: only remote resources pay for it. */
async function run(command: unknown, inputs: Props, before: { stdout: string; stderr: string }, call: Call) {
  if (command === undefined) return { ...inputs, ...before };
  const [{ dial }, { runRemote }] = await Promise.all([import("./dial.js"), import("./session.js")]);
  const { client, close } = await dial(connectionOf(inputs), call);
  try {
    const result = await runRemote(
      client,
      String(command),
      {
        environment: (inputs.environment as Record<string, string> | undefined) ?? {},
        optionalEnvironment: previousOutput(inputs, before),
        stdin: inputs.stdin as string | undefined,
        logging: inputs.logging,
      },
      call,
    );
    return { ...inputs, ...result };
  } finally {
    close();
  }
}

/** command.remote.Command: a command on another machine, over SSH. */
export const remoteCommand = commandLife(run);
