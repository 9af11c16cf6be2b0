import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WantedState } from "./wantedState";

/** The engine's modules in the order in which they need each other. */
const modules = ["outcome", "host", "files", "packages", "units", "kernel", "firewall", "converge"];

/**
 * The converge program for one server: the engine, which is the same for all, and what is wanted of this one.
 *
 * One Python file without any package of its own, so that it can be carried by user-data, sent over SSH and kept on the
 * server, where `creel-converge --check` reports drift.
 */
export function convergeProgram(wanted: WantedState): string {
  return [
    "#!/usr/bin/python3 -I",
    "# Part of creel; the source with its comments is in the package, components/host/converge.",
    ...modules.map(moduleText),
    callOfMain(wanted),
  ].join("\n");
}

/** The end of a Python program whose main function is given data. */
export function callOfMain(data: object): string {
  return [
    `WANTED = json.loads(r'''${pythonSafe(JSON.stringify(data, null, 1))}''')`,
    "",
    'if __name__ == "__main__":',
    "    main(WANTED)",
    "",
  ].join("\n");
}

function moduleText(name: string): string {
  return slimPython(readFileSync(join(__dirname, "converge", `${name}.py`), "utf8"));
}

/**
 * A Python source as it travels: without comments and docstrings of one line, because user-data has room for 32 KiB, and
 * without imports of modules that travel in the same file.
 */
export function slimPython(source: string): string {
  const kept = source
    .split("\n")
    .filter((line) => !/^\s*#(?!!)/.test(line) && !/^\s*"""[^"]*"""$/.test(line) && !line.endsWith("# bundled"));
  return kept
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd();
}

/** JSON that can stand between triple quotes: no apostrophe is left to end them. */
function pythonSafe(json: string): string {
  return json.replaceAll("'", "\\u0027");
}
