import { existsSync } from "node:fs";
import path from "node:path";
import envPaths from "env-paths";

/**
 * Where everything is kept that was downloaded or built for this computer and can be had again: never inside a
 * checkout, shared by all of them.
 *
 * @returns `$CREEL_CACHE` when set, else the operating system's cache folder (`~/.cache/creel` on Linux)
 */
export function cacheFolder(): string {
  const chosen = process.env.CREEL_CACHE;
  return chosen ? path.resolve(chosen) : envPaths("creel", { suffix: "" }).cache;
}

/** This package's own folder: one level up from the source file, two from the compiled one. */
export const packageFolder: string = ["..", "../.."]
  .map((up) => path.resolve(__dirname, up))
  .find((folder) => existsSync(path.join(folder, "package.json")))!;

/** A file of the compiled package, wherever the caller itself runs from. */
export function compiledFile(...parts: string[]): string {
  return path.join(packageFolder, "dist", ...parts);
}
