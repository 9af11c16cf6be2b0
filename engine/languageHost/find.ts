import { realpathSync } from "node:fs";
import path from "node:path";
import { type Cli, isExecutable, searchPath } from "../executable/find";
import { compiledFile } from "../paths";

/** What runs Node programs for the CLI. */
export interface LanguageHost {
  origin: "PATH" | "installed" | "downloaded" | "stand-in";
  path: string;
  /** Whether it lies beside the CLI, where the CLI finds it by itself. */
  besideCli: boolean;
}

const executable = "pulumi-language-nodejs";

/** The official Node language host where there is one: beside the CLI, else on PATH; otherwise our own. */
export function findLanguageHost(cli: Cli, env: Record<string, string | undefined> = process.env): LanguageHost {
  const beside = path.join(path.dirname(realpathSync(cli.path)), executable);
  if (isExecutable(beside)) {
    return { origin: cli.origin === "built" ? "installed" : cli.origin, path: beside, besideCli: true };
  }
  const onPath = searchPath(executable, env)[0];
  if (onPath) return { origin: "PATH", path: realpathSync(onPath), besideCli: false };
  return { origin: "stand-in", path: compiledFile("engine", "languageHost", "main.js"), besideCli: false };
}
