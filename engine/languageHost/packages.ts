import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";

/** The part of a package.json that matters here. */
export interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  pulumi?: {
    resource?: boolean;
    name?: string;
    version?: string;
    server?: string;
    parameterization?: { name: string; version: string; value: string };
  };
}

/** A package that a program can load. */
export interface InstalledPackage {
  folder: string;
  manifest: Manifest;
  /** Whether the program's own package.json asks for it. */
  direct: boolean;
}

/** A provider plugin that a program's packages ask for. */
export interface RequiredPlugin {
  name: string;
  /** With a leading "v", as the engine writes plugin versions. */
  version: string;
  server: string;
  parameterization?: { name: string; version: string; value: string };
}

/**
 * Every package that the program in a folder depends on, directly or not, found the way Node finds it: from the
 * nearest package.json up through `node_modules`. Packages that are named but not installed are left out.
 */
export function installedPackages(programFolder: string): InstalledPackage[] {
  const root = nearestManifest(programFolder);
  if (!root) return [];
  const found = new Map<string, InstalledPackage>();
  const queue = [{ folder: root, manifest: readManifest(root), direct: true }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { dependencies, optionalDependencies, peerDependencies, devDependencies } = next.manifest;
    const names = {
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
      ...(next.direct && devDependencies),
    };
    for (const name of Object.keys(names)) {
      const folder = findPackage(name, next.folder);
      const key = folder && realpathSync(folder);
      if (!key || found.has(key)) continue;
      const dependency = { folder, manifest: readManifest(folder), direct: next.folder === root };
      found.set(key, dependency);
      queue.push({ ...dependency, direct: false });
    }
  }
  return [...found.values()];
}

/** The provider plugins that the program in a folder needs, each once per version. */
export function requiredPlugins(programFolder: string): RequiredPlugin[] {
  const plugins = installedPackages(programFolder)
    .map(({ manifest }) => pluginOf(manifest))
    .filter((plugin) => plugin !== undefined);
  const unique = new Map(plugins.map((plugin) => [JSON.stringify(plugin), plugin]));
  return [...unique.values()];
}

/** The provider plugin behind a package: the `pulumi` field of its package.json says whether there is one. */
export function pluginOf({ name, version, pulumi }: Manifest): RequiredPlugin | undefined {
  if (pulumi?.resource !== true) return undefined;
  // Without a name of its own the plugin is called as the package, which only Pulumi's own packages may rely on.
  const plugin = pulumi.name ?? (name?.startsWith("@pulumi/") ? name.slice("@pulumi/".length) : undefined);
  const wanted = pulumi.version ?? version;
  if (!plugin || !wanted) return undefined;
  return {
    name: plugin,
    version: wanted.startsWith("v") ? wanted : `v${wanted}`,
    server: pulumi.server ?? "",
    parameterization: pulumi.parameterization,
  };
}

function nearestManifest(from: string): string | undefined {
  return ancestors(from).find((folder) => existsSync(path.join(folder, "package.json")));
}

function findPackage(name: string, from: string): string | undefined {
  return ancestors(from)
    .map((folder) => path.join(folder, "node_modules", name))
    .find((folder) => existsSync(path.join(folder, "package.json")));
}

function ancestors(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  } catch {
    return {}; // a broken package.json is the package manager's to complain about
  }
}
