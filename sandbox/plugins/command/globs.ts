import { readdirSync } from "node:fs";
import path from "node:path";
import { Archive, Asset } from "../framework/values";

/**
 * Files under a folder that a list of patterns names, by relative path. Rules apply in order; `!` excludes, `*` stops at
 * `/`, `**` does not. Folders are never returned.
 */
export function globFiles(dir: string, patterns: string[]): string[] {
  const rules = patterns.map((pattern) => ({
    exclude: pattern.startsWith("!"),
    regex: globRegex(pattern.replace(/^!/, "")),
  }));
  return walk(dir, "").filter((file) => {
    let included = false;
    for (const rule of rules) if (rule.regex.test(file)) included = !rule.exclude;
    return included;
  });
}

/** `assetPaths`: each file as an asset. */
export function globAssets(dir: string, patterns: string[]): Record<string, Asset> {
  return Object.fromEntries(globFiles(dir, patterns).map((file) => [file, new Asset({ path: path.join(dir, file) })]));
}

/** `archivePaths`: all files in one archive. */
export function globArchive(dir: string, patterns: string[]): Archive {
  return new Archive({ assets: globAssets(dir, patterns) });
}

function walk(dir: string, below: string): string[] {
  return readdirSync(path.join(dir, below), { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const file = below === "" ? entry.name : `${below}/${entry.name}`;
      return entry.isDirectory() ? walk(dir, file) : [file];
    });
}

function globRegex(pattern: string): RegExp {
  let source = "";
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index]!;
    if (character === "*") {
      const any = pattern[index + 1] === "*";
      source += any ? ".*" : "[^/]*";
      if (any) index++;
    } else if (character === "?") source += "[^/]";
    else if (character === "{") source += "(?:";
    else if (character === "}") source += ")";
    else if (character === ",") source += source.lastIndexOf("(?:") > source.lastIndexOf(")") ? "|" : ",";
    else if (character === "[") {
      const end = pattern.indexOf("]", index);
      source += end < 0 ? "\\[" : pattern.slice(index, end + 1).replace("[!", "[^");
      if (end >= 0) index = end;
    } else source += character.replace(/[.+^$()|\\\]]/g, "\\$&");
  }
  return new RegExp(`^${source}$`, "s");
}
