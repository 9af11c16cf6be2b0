import { createRequire } from "node:module";
import path from "node:path";
import type { RunPluginRequest, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { parseOptions, type RuntimeOptions } from "./options";
import type { Ending, Start } from "./processes";

type Command = Pick<Start, "args" | "cwd" | "env">;

/**
 * The exit code by which the SDK says that the user has been told what went wrong, through the engine, with the stack
 * trace (`nodeJSProcessExitedAfterLoggingUserActionableMessage` in @pulumi/pulumi/cmd/run).
 */
const alreadyReported = 32;

/**
 * The command that runs a Pulumi program: the SDK's own runner, told where the engine listens.
 *
 * @throws when the SDK is not installed where the program is, or an option is wrong
 */
export function programCommand(request: RunRequest, engineAddress: string): Command {
  const info = request.getInfo()!;
  const options = parseOptions((info.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
  const settings: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info.getRootDirectory()],
    ["stack", request.getStack()],
    ["pwd", info.getProgramDirectory()],
    ["parallel", String(request.getParallel())],
  ];
  return {
    args: [
      ...options.nodeargs,
      findRunner("run", info.getProgramDirectory()),
      ...settings.filter(([, value]) => value !== "").map(([name, value]) => `--${name}=${value}`),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info.getEntryPoint() || ".",
      ...request.getArgsList(),
    ],
    env: {
      ...process.env,
      ...typescriptEnvironment(options),
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  };
}

/**
 * The command that runs a plugin written for Node: a component provider or a policy pack.
 *
 * @throws when the SDK is not installed where the plugin is, or an option is wrong
 */
export function pluginCommand(request: RunPluginRequest): Command {
  const info = request.getInfo()!;
  const folder = info.getProgramDirectory();
  const options = parseOptions((info.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
  const isPolicyPack = request.getKind() === "analyzer";
  const runner = findRunner(isPolicyPack ? "run-policy-pack" : "run-plugin", folder);
  const given = request.getArgsList();
  return {
    args: [...options.nodeargs, runner, ...(isPolicyPack ? [...given, folder] : [folder, ...given])],
    // @pulumi/policy reads the pack's package.json from the current folder.
    cwd: isPolicyPack ? folder : request.getPwd() || undefined,
    env: { ...parseEnvironment(request.getEnvList()), ...typescriptEnvironment(options) },
  };
}

/** What the engine is to show for how a program ended. */
export function describeEnding({ code, signal }: Ending, stderr: string): { error: string; bail: boolean } {
  if (code === 0) return { error: "", bail: false };
  if (code === alreadyReported) return { error: "", bail: true };
  const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
  const hint = /heap out of memory/i.test(stderr)
    ? ": it ran out of memory. Raise Node's limit in Pulumi.yaml: runtime.options.nodeargs: --max-old-space-size=4096 (MiB)"
    : "";
  return { error: `The program ${how}${hint}`, bail: false };
}

/** One of the SDK's runners, in the copy of @pulumi/pulumi that the program itself loads. */
function findRunner(name: string, programFolder: string): string {
  try {
    return createRequire(path.join(programFolder, "package.json")).resolve(`@pulumi/pulumi/cmd/${name}`);
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for the program in ${programFolder}: run "npm install" there`);
  }
}

function typescriptEnvironment({ typescript, tsconfig }: RuntimeOptions): Record<string, string> {
  return {
    ...(typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(tsconfig !== undefined && { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
  };
}

function parseEnvironment(entries: string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
