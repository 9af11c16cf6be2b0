import { readdirSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { isExecutable, pulumiHomes, searchPath } from "../executable/find";
import { isDownloadSiteThere, rememberOffline } from "../network";
import { cacheFolder, compiledFile } from "../paths";
import { compareVersions, pluginVersion } from "../versions";

/** Where a provider plugin comes from. */
export interface PluginSource {
  name: string;
  /** The version that the npm package asks for, under which the plugin is installed: the engine matches it exactly. */
  wanted: string;
  /** The version that it is, as far as known. */
  version: string;
  origin: "PATH" | "installed" | "downloaded" | "stand-in";
  /** The plugin's executable; for a stand-in the program that its script starts. */
  path: string;
}

type Environment = Record<string, string | undefined>;

/** How long the official installation of one plugin may take, in milliseconds: the largest has 60 MB. */
const installTimeout = 180_000;

/**
 * Chooses where each plugin comes from: a real one wherever one can be had.
 *
 * @param pulumi the CLI, which knows how to download plugins
 * @param standIns "always" leaves real plugins aside, so that a test depends on nothing but this package
 */
export async function pluginSources(
  names: string[],
  pulumi: string,
  standIns: "when-missing" | "always",
  report: (line: string) => void,
): Promise<PluginSource[]> {
  const sources: PluginSource[] = [];
  for (const name of names) {
    const wanted = pluginVersion(name);
    const real =
      standIns === "always"
        ? undefined
        : (localPlugin(name, wanted, process.env) ?? (await downloadPlugin(name, wanted, pulumi, report)));
    sources.push(real ?? standIn(name, wanted));
  }
  return sources;
}

/** A real plugin that is on this computer already: on PATH, or in one of Pulumi's own plugin folders. */
export function localPlugin(name: string, wanted: string, env: Environment): PluginSource | undefined {
  const onPath = searchPath(`pulumi-resource-${name}`, env)[0];
  if (onPath) return { name, wanted, version: wanted, origin: "PATH", path: onPath };
  for (const home of pulumiHomes(env)) {
    const found = installedPlugin(home, name, wanted);
    if (found) return { ...found, origin: "installed" };
  }
  const downloaded = installedPlugin(downloads(), name, wanted);
  return downloaded && { ...downloaded, origin: "downloaded" };
}

/** The wanted version in a plugin folder, else the newest later one of the same major version. */
function installedPlugin(home: string, name: string, wanted: string): Omit<PluginSource, "origin"> | undefined {
  const prefix = `resource-${name}-v`;
  const entries = list(path.join(home, "plugins"));
  const versions = entries
    .filter((entry) => entry.startsWith(prefix) && /^\d+\.\d+\.\d+$/.test(entry.slice(prefix.length)))
    // A ".partial" file beside the folder is how the CLI marks an installation that has not finished.
    .filter((entry) => !entries.includes(`${entry}.partial`))
    .map((entry) => entry.slice(prefix.length))
    .filter((version) => version.split(".")[0] === wanted.split(".")[0] && compareVersions(version, wanted) >= 0)
    .sort((a, b) => compareVersions(b, a));
  const version = versions.includes(wanted) ? wanted : versions[0];
  if (version === undefined) return undefined;
  const executable = path.join(home, "plugins", prefix + version, `pulumi-resource-${name}`);
  return isExecutable(executable) ? { name, wanted, version, path: executable } : undefined;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The PULUMI_HOME into which official plugins are downloaded, shared by all checkouts. */
function downloads(): string {
  return path.join(cacheFolder(), "downloads");
}

async function downloadPlugin(
  name: string,
  wanted: string,
  pulumi: string,
  report: (line: string) => void,
): Promise<PluginSource | undefined> {
  if (!(await isDownloadSiteThere())) return undefined;
  report(`downloading the ${name} plugin ${wanted}`);
  const result = await execa(pulumi, ["plugin", "install", "resource", name, wanted], {
    env: { PULUMI_HOME: downloads(), PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_IGNORE_AMBIENT_PLUGINS: "true" },
    timeout: installTimeout,
    reject: false,
    all: true,
  });
  const found = installedPlugin(downloads(), name, wanted);
  if (found) return { ...found, origin: "downloaded" };
  report(`the ${name} plugin ${wanted} cannot be downloaded: ${result.all.trim().split("\n").at(-1)}`);
  rememberOffline();
  return undefined;
}

/** The plugin of this package that speaks the same protocol to the same API. */
function standIn(name: string, wanted: string): PluginSource {
  return { name, wanted, version: wanted, origin: "stand-in", path: compiledFile("sandbox", "plugins", "main.js") };
}
