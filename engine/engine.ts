import { existsSync } from "node:fs";
import path from "node:path";
import { prepareCli } from "./executable/prepare";
import { prepareHome } from "./home";
import { findLanguageHost } from "./languageHost/find";
import { pluginSources } from "./plugins/sources";
import { allPlugins, packageVersion } from "./versions";

/** One part of the engine, and where it came from. */
export interface Part {
  name: string;
  version: string;
  /**
   * PATH: found there. installed: found where Pulumi's installer puts it. downloaded: from the official site.
   * built: compiled from Go modules. stand-in: the program of this package that takes the part's place.
   */
  origin: "PATH" | "installed" | "downloaded" | "built" | "stand-in";
  path: string;
}

/** A Pulumi engine that is ready to run Node programs. */
export interface Engine {
  /** The CLI's executable. */
  pulumi: string;
  /** The PULUMI_HOME, with the plugins in it. */
  home: string;
  /** What to add to the environment of a `pulumi` process. State and passphrase are the caller's to choose. */
  env: Record<string, string>;
  parts: Part[];
}

/** What an engine is needed for. */
export interface EngineOptions {
  /** Provider plugins by name. Default: all that the components use. */
  plugins?: string[];
  /** Told what takes time, one line each. Default: nobody. */
  report?: (line: string) => void;
  /** "always" leaves real plugins aside. Default: stand-ins only for plugins that cannot be had. */
  standIns?: "when-missing" | "always";
}

/**
 * Finds, downloads or builds the Pulumi CLI, the Node language host and the provider plugins, in this order of
 * preference, and keeps what it got outside the checkout. The second call takes a fraction of a second.
 *
 * On a computer that reaches Pulumi's download site, everything that is missing comes from there, the plugins into a
 * PULUMI_HOME of our own. Elsewhere the CLI is built from Go modules, and this package's own language host and
 * plugins take the place of the official ones.
 *
 * @throws when the CLI can be neither found, downloaded nor built; the message says what to install
 */
export async function prepareEngine(options: EngineOptions = {}): Promise<Engine> {
  const { plugins = allPlugins, report = () => {}, standIns = "when-missing" } = options;
  const cli = await prepareCli(report);
  const host = findLanguageHost(cli);
  if (host.origin === "stand-in" && !existsSync(host.path)) {
    throw new Error(`${host.path} is missing: the package is not compiled. Run "npm run build".`);
  }
  const sources = await pluginSources(plugins, cli.path, standIns, report);
  const home = await prepareHome(cli, host, sources, report);
  return {
    pulumi: home.pulumi,
    home: home.folder,
    env: environment(home.folder, home.pulumi),
    parts: [
      { name: "pulumi", version: cli.version, origin: cli.origin, path: cli.path },
      {
        name: "Node language host",
        version: host.origin === "stand-in" ? packageVersion() : cli.version,
        origin: host.origin,
        path: host.path,
      },
      ...sources.map(({ name, version, origin, path }) => ({ name: `${name} plugin`, version, origin, path })),
    ],
  };
}

/** Keeps the CLI to the parts that were prepared: nothing is looked up on PATH, downloaded, or checked for updates. */
function environment(home: string, pulumi: string): Record<string, string> {
  const folders = [path.dirname(pulumi), path.dirname(process.execPath), process.env.PATH ?? ""];
  return {
    PULUMI_HOME: home,
    PATH: folders.join(path.delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
}
