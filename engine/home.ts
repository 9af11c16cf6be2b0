import { createHash } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { chmod, copyFile, link, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { Cli } from "./executable/find";
import type { LanguageHost } from "./languageHost/find";
import { makeOnce } from "./once";
import { cacheFolder, compiledFile, packageFolder } from "./paths";
import type { PluginSource } from "./plugins/sources";

/** A PULUMI_HOME of our own: the user's stays as it is, and what is in ours never changes once it is complete. */
export interface Home {
  folder: string;
  /** The CLI to start: the user's where it brings its language host along, else ours in `<home>/bin`. */
  pulumi: string;
}

/**
 * Assembles the PULUMI_HOME for a choice of CLI, language host and plugins; each choice of each checkout has its own,
 * because stand-ins and our language host are scripts that name files of the checkout.
 */
export async function prepareHome(
  cli: Cli,
  host: LanguageHost,
  plugins: PluginSource[],
  report: (line: string) => void,
): Promise<Home> {
  const folder = path.join(cacheFolder(), "homes", homeKey(cli, host, plugins));
  await makeOnce(
    folder,
    async (unfinished) => {
      await removeOrphans(path.dirname(folder));
      await writeFile(path.join(unfinished, checkoutFile), packageFolder);
      if (!host.besideCli) await assembleCli(path.join(unfinished, "bin"), cli, host);
      for (const plugin of plugins) await installPlugin(unfinished, cli, plugin, report);
    },
    () => report("waiting for another process that installs the plugins"),
  );
  return { folder, pulumi: host.besideCli ? cli.path : path.join(folder, "bin", "pulumi") };
}

const checkoutFile = "checkout";

/** Everything that a home is made from, as a short name. */
function homeKey(cli: Cli, host: LanguageHost, plugins: PluginSource[]): string {
  const parts: unknown[] = [packageFolder, identity(cli.path), host, hostScript(), dynamicProviderScript()];
  for (const plugin of plugins) {
    parts.push(plugin.name, plugin.wanted);
    // A stand-in's script stays the same through every change of the program that it starts.
    parts.push(plugin.origin === "stand-in" ? standInScript(plugin) : identity(plugin.path));
  }
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

function identity(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${realpathSync(file)} ${size} ${mtimeMs}`;
}

/** Removes the homes of checkouts that are gone. */
async function removeOrphans(homes: string): Promise<void> {
  for (const name of await readdir(homes)) {
    const checkout = await readFile(path.join(homes, name, checkoutFile), "utf8").catch(() => undefined);
    if (checkout !== undefined && !existsSync(checkout)) {
      await rm(path.join(homes, name), { recursive: true, force: true });
    }
  }
}

/**
 * A folder with the CLI and the Node language host side by side: the CLI looks for the host beside its own executable
 * only, so a link to the CLI would lead it astray. A second name for the same file costs no space.
 */
async function assembleCli(bin: string, cli: Cli, host: LanguageHost): Promise<void> {
  await mkdir(bin);
  const real = realpathSync(cli.path);
  await link(real, path.join(bin, "pulumi")).catch(() => copyFile(real, path.join(bin, "pulumi")));
  const [hostFile, dynamicFile] = ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
  if (host.origin === "stand-in") await writeScript(path.join(bin, hostFile), hostScript());
  else await symlink(host.path, path.join(bin, hostFile));
  await writeScript(path.join(bin, dynamicFile), dynamicProviderScript());
}

function hostScript(): string {
  return `exec ${quoted(process.execPath)} ${quoted(compiledFile("engine", "languageHost", "main.js"))} "$@"`;
}

/** The plugin behind dynamic resources is part of the program's own @pulumi/pulumi; the CLI starts it where that is. */
function dynamicProviderScript(): string {
  const find = "process.stdout.write(require.resolve('@pulumi/pulumi/cmd/dynamic-provider'))";
  return [
    `program=$(${quoted(process.execPath)} -e "${find}") || exit 1`,
    `exec ${quoted(process.execPath)} "$program" "$@"`,
  ].join("\n");
}

function standInScript(plugin: PluginSource): string {
  return `exec ${quoted(process.execPath)} ${quoted(plugin.path)} ${plugin.name} "$@"`;
}

async function installPlugin(
  home: string,
  cli: Cli,
  plugin: PluginSource,
  report: (line: string) => void,
): Promise<void> {
  const { name, wanted, origin } = plugin;
  report(`installing the ${name} plugin ${wanted} (${origin})`);
  let file = plugin.path;
  if (origin === "stand-in") {
    file = path.join(home, `pulumi-resource-${name}`);
    await writeScript(file, standInScript(plugin));
  }
  const install = ["plugin", "install", "resource", name, wanted, "--file", file];
  const result = await execa(cli.path, install, {
    env: { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_IGNORE_AMBIENT_PLUGINS: "true" },
    timeout: 120_000,
    reject: false,
    all: true,
  });
  if (origin === "stand-in") await rm(file, { force: true });
  if (result.failed) {
    throw new Error(`The ${name} plugin ${wanted} from ${plugin.path} cannot be installed:\n${result.all}`);
  }
}

async function writeScript(file: string, line: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${line}\n`);
  await chmod(file, 0o755);
}

/** A path as one word of a shell command, whatever characters it has. */
function quoted(file: string): string {
  return `'${file.replaceAll("'", "'\\''")}'`;
}
