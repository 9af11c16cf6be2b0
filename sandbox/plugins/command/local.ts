import { randomBytes } from "node:crypto";
import type { Call, Props, ResourceHandler } from "../framework/provider";
import { globArchive, globAssets } from "./globs";
import { runLocal } from "./run";

/** What a finished command adds to its inputs. */
interface Results {
  stdout: string;
  stderr: string;
  assets?: unknown;
  archive?: unknown;
}

/** Name of the resource and eight hexadecimal digits. */
function uniqueId(name: string): string {
  return name + randomBytes(4).toString("hex");
}

/** What a later run of the command may see of the one before, under the documented names; empty texts are left out. */
export function previousOutput(inputs: Props, results: Partial<Results>): Record<string, string> {
  if (inputs.addPreviousOutputInEnv === false) return {};
  return {
    ...(results.stdout ? { PULUMI_COMMAND_STDOUT: results.stdout } : {}),
    ...(results.stderr ? { PULUMI_COMMAND_STDERR: results.stderr } : {}),
  };
}

/** The results in a resource's state. */
function resultsOf(state: Props): Results {
  const { stdout, stderr, assets, archive } = state;
  return {
    stdout: typeof stdout === "string" ? stdout : "",
    stderr: typeof stderr === "string" ? stderr : "",
    ...(assets === undefined ? {} : { assets }),
    ...(archive === undefined ? {} : { archive }),
  };
}

async function run(command: unknown, inputs: Props, before: Results, call: Call): Promise<Props> {
  if (command === undefined) return { ...inputs, ...before };
  const environment = {
    ...(inputs.environment as Record<string, string> | undefined),
    ...previousOutput(inputs, before),
  };
  const result = await runLocal(
    String(command),
    {
      interpreter: inputs.interpreter as string[] | undefined,
      dir: inputs.dir as string | undefined,
      environment,
      stdin: inputs.stdin as string | undefined,
      logging: inputs.logging,
    },
    call,
  );
  const dir = (inputs.dir as string | undefined) ?? process.cwd();
  return {
    ...inputs,
    ...before,
    ...result,
    ...(inputs.assetPaths === undefined ? {} : { assets: globAssets(dir, inputs.assetPaths as string[]) }),
    ...(inputs.archivePaths === undefined ? {} : { archive: globArchive(dir, inputs.archivePaths as string[]) }),
  };
}

/** Runs one of a command's texts; without one its results stay what they were. */
type Run = (command: unknown, inputs: Props, before: Results, call: Call) => Promise<Props>;

/** The life of a command, wherever it runs. */
export function commandLife(run: Run): ResourceHandler<unknown> {
  return {
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
}

/** command.local.Command: a process on the machine that runs the deployment. */
export const localCommand = commandLife(run);
