import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { cacheFolder } from "../paths";
import { compareVersions, oldestCli } from "../versions";

/** A `pulumi` executable that answered with its version. */
export interface Cli {
  path: string;
  /** Without a leading "v". */
  version: string;
  origin: "PATH" | "installed" | "downloaded" | "built";
}

type Environment = Record<string, string | undefined>;

/**
 * The user's own Pulumi CLI: on PATH, else where the official installer puts it.
 *
 * @param report told of each CLI that is passed over, and why
 * @returns the first that is recent enough, or undefined
 */
export async function findCli(
  report: (line: string) => void,
  env: Environment = process.env,
): Promise<Cli | undefined> {
  for (const { file, origin } of cliCandidates(env)) {
    const version = await versionOf(file);
    if (version === undefined) {
      report(`${file} does not answer to "version": not used`);
    } else if (compareVersions(version, oldestCli) < 0) {
      report(`${file} is pulumi ${version}, older than ${oldestCli}: not used`);
    } else {
      return { path: file, version, origin };
    }
  }
  return undefined;
}

/** Every `pulumi` executable worth asking, in order of preference. */
export function cliCandidates(env: Environment): { file: string; origin: "PATH" | "installed" }[] {
  const installed = pulumiHomes(env).map((home) => path.join(home, "bin", "pulumi"));
  return [
    ...searchPath("pulumi", env).map((file) => ({ file, origin: "PATH" as const })),
    ...installed.filter(isExecutable).map((file) => ({ file, origin: "installed" as const })),
  ].filter(({ file }, at, all) => all.findIndex((other) => other.file === file) === at);
}

/** The folders where the user's own Pulumi keeps its things: `$PULUMI_HOME` when set, then `~/.pulumi`. */
export function pulumiHomes(env: Environment): string[] {
  const homes = [env.PULUMI_HOME, path.join(env.HOME ?? homedir(), ".pulumi")];
  return homes.filter((home): home is string => !!home && !isOurs(home));
}

/** All executables of a name on PATH, without those that an outer run of this engine put there. */
export function searchPath(name: string, env: Environment): string[] {
  return (env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder) && !isOurs(folder))
    .map((folder) => path.join(folder, name))
    .filter(isExecutable);
}

function isOurs(folder: string): boolean {
  const relative = path.relative(cacheFolder(), folder);
  return !relative.startsWith("..") && !path.isAbsolute(relative);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What `pulumi version` prints, without the "v"; undefined when it is not a version. */
export async function versionOf(cli: string): Promise<string | undefined> {
  const result = await execa(cli, ["version"], {
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    timeout: 20_000,
    reject: false,
  });
  return /^v?(\d+\.\d+\.\d+\S*)$/m.exec(result.stdout ?? "")?.[1];
}
