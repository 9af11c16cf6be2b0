import type { Call, Props, ResourceHandler } from "../framework/provider";
import type { Connection, Endpoint } from "./connection";
import { previousOutput, resultsOf, uniqueId } from "./local";

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
export const remoteCommand: ResourceHandler<unknown> = {
  create: async (_, inputs, call) => ({
    id: uniqueId(call.name),
    outputs: await run(inputs.create, inputs, resultsOf({}), call),
  }),
  read: async (_, id, state, inputs) => ({ id, outputs: state, inputs }),
  update: (_, __, state, news, call) => run(news.update ?? news.create, news, resultsOf(state), call),
  async delete(_, __, state, call) {
    if (state.delete !== undefined) await run(state.delete, state, resultsOf(state), call);
  },
};
