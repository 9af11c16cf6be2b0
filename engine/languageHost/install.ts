import { existsSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import type { PackageManager, RuntimeOptions } from "./options";

const lockFiles: [string, PackageManager][] = [
  ["package-lock.json", "npm"],
  ["yarn.lock", "yarn"],
  ["pnpm-lock.yaml", "pnpm"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

const withoutDevelopment: Record<PackageManager, string> = {
  npm: "--omit=dev",
  yarn: "--production",
  pnpm: "--prod",
  bun: "--production",
};

/** The package manager of a project: the chosen one, else the one whose lock file is there, else npm. */
export function packageManagerOf(folder: string, options: RuntimeOptions): PackageManager {
  if (options.packagemanager !== "auto") return options.packagemanager;
  return lockFiles.find(([file]) => existsSync(path.join(folder, file)))?.[1] ?? "npm";
}

/**
 * Installs a project's dependencies with its package manager.
 *
 * @throws when the package manager is missing or fails
 */
export async function installDependencies(
  folder: string,
  options: RuntimeOptions,
  onOutput: (chunk: Buffer) => void,
  canceled: AbortSignal,
): Promise<void> {
  const manager = packageManagerOf(folder, options);
  const args = ["install", ...(options.production ? [withoutDevelopment[manager]] : [])];
  const child = execa(manager, args, {
    cwd: folder,
    all: true,
    buffer: false,
    encoding: "buffer",
    stdin: "ignore",
    cancelSignal: canceled,
    reject: false,
  });
  child.all.on("data", onOutput);
  const result = await child;
  if (result.failed) throw new Error(`${manager} ${args.join(" ")} failed in ${folder}: ${result.shortMessage}`);
}
