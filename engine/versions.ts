import { readFileSync } from "node:fs";
import path from "node:path";
import { packageFolder } from "./paths";

/** The CLI that is downloaded or built where none is installed. go.mod in cli-module names the same version. */
export const cliVersion = "3.259.0";

/** The oldest CLI that is accepted: the first that knows `replacementTrigger`, as it does `replaceWith`. */
export const oldestCli = "3.211.0";

/** The provider plugins that the components use. */
export const allPlugins = ["random", "command", "docker", "hcloud", "digitalocean", "cloudflare"];

/**
 * Compares two versions by their three numbers; a leading "v" and anything after the patch number are ignored.
 *
 * @returns negative when a is older than b, positive when it is newer, 0 when they are equal
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return 0;
}

function numbers(version: string): number[] {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (!match) throw new Error(`"${version}" is not a version: expected MAJOR.MINOR.PATCH`);
  return match.slice(1, 4).map(Number);
}

/**
 * The plugin version that a provider's npm package asks the engine for.
 *
 * @param name the provider's name, as in `@pulumi/<name>`
 * @throws when the npm package is not installed
 */
export function pluginVersion(name: string): string {
  // Reading the file, because the packages export no "./package.json" and loading them costs seconds.
  const main = require.resolve(`@pulumi/${name}`);
  for (let folder = path.dirname(main); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = readManifest(path.join(folder, "package.json"));
    if (manifest?.name === `@pulumi/${name}`) return manifest.pulumi?.version ?? manifest.version;
  }
  throw new Error(`${main} belongs to no package called @pulumi/${name}`);
}

function readManifest(file: string): { name: string; version: string; pulumi?: { version?: string } } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** This package's own version. */
export function packageVersion(): string {
  return readManifest(path.join(packageFolder, "package.json"))!.version;
}
