/** What a project's `runtime.options` may say about running its Node program. */
export interface RuntimeOptions {
  /** Run TypeScript sources through ts-node. Default: yes, as the official host does. */
  typescript: boolean;
  /** Path of the tsconfig.json for TypeScript sources. Default: the SDK finds one. */
  tsconfig?: string;
  /** Arguments for Node itself, before the program. */
  nodeargs: string[];
  /** What installs dependencies. Default: told by the lock file, else npm. */
  packagemanager: "auto" | PackageManager;
  /** Leave out development dependencies when installing. Default: no. */
  production: boolean;
}

export const packageManagers = ["npm", "yarn", "pnpm", "bun"] as const;
export type PackageManager = (typeof packageManagers)[number];

/**
 * Reads the runtime options of a project.
 *
 * @throws naming the option whose value cannot be used
 */
export function parseOptions(options: Record<string, unknown>): RuntimeOptions {
  const manager = text(options, "packagemanager") ?? "auto";
  if (manager !== "auto" && !(packageManagers as readonly string[]).includes(manager)) {
    throw new Error(`runtime option packagemanager is "${manager}": use auto, ${packageManagers.join(", ")}`);
  }
  return {
    typescript: flag(options, "typescript") ?? true,
    tsconfig: text(options, "tsconfig"),
    nodeargs: splitArguments(text(options, "nodeargs") ?? ""),
    packagemanager: manager as RuntimeOptions["packagemanager"],
    production: flag(options, "production") ?? false,
  };
}

function text(options: Record<string, unknown>, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || typeof value === "string") return value;
  throw new Error(`runtime option ${name} must be a string`);
}

function flag(options: Record<string, unknown>, name: string): boolean | undefined {
  const value = options[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw new Error(`runtime option ${name} must be true or false`);
}

/**
 * Splits a line into arguments as a shell does, quotes and backslashes included, expanding nothing.
 *
 * @throws when a quote is not closed
 */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote ? char === quote : char === '"' || char === "'") {
      quote = quote ? "" : char;
      word ??= "";
    } else if (char === "\\" && quote !== "'" && i + 1 < line.length) {
      word = (word ?? "") + line[++i];
    } else if (/\s/.test(char) && !quote) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote) throw new Error(`runtime option nodeargs has an open quote: ${line}`);
  return word === undefined ? words : [...words, word];
}
