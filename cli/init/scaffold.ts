import { lstatSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { packageFolder } from "../../engine/paths";
import { cliVersion } from "../../engine/versions";
import type { Answers } from "./answers";

/** What a repository is made from. npm leaves out names that begin with a dot, and these have none here. */
const template = path.join(packageFolder, "templates", "fleet");

/** A file of the repository. */
export interface NewFile {
  /** Relative to its folder, parts divided by slashes. */
  path: string;
  text: string;
}

/** Every file of a fleet's repository. */
export async function repositoryFiles(answers: Answers): Promise<NewFile[]> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const files = await Promise.all(
    sources.sort().map(async (file) => ({
      path: path.relative(template, file).split(path.sep).join("/").replaceAll("dot-", "."),
      text: filledIn(await readFile(file, "utf8"), answers),
    })),
  );
  return [
    ...files.flatMap((file) => forStacks(file, answers.stacks)),
    { path: "package.json", text: manifest(answers) },
  ];
}

/**
 * Writes files into a folder, which is made where it is missing. Nothing is written where any of them is there already.
 *
 * @throws with every path that is taken
 */
export async function writeFiles(folder: string, files: NewFile[]): Promise<void> {
  const taken = files.map(({ path }) => path).filter((file) => isTaken(folder, file));
  if (taken.length > 0) {
    const lines = taken.sort().map((file) => `  ${file}`);
    throw new Error([`${folder}: nothing was written, because this is there already`, ...lines].join("\n"));
  }
  for (const { path: file, text } of files) {
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    // Whoever made it in between keeps it.
    await writeFile(target, text, { flag: "wx" });
  }
}

/** Whether something is there under a file's name, or something that is no folder under that of one above it. */
function isTaken(folder: string, file: string): boolean {
  const parts = file.split("/");
  for (let length = 1; length < parts.length; length++) {
    const above = statSync(path.join(folder, ...parts.slice(0, length)), { throwIfNoEntry: false });
    if (above === undefined) break;
    if (!above.isDirectory()) return true;
  }
  return lstatSync(path.join(folder, file), { throwIfNoEntry: false }) !== undefined;
}

function filledIn(text: string, { name, stacks, backend }: Answers): string {
  return (
    text
      .replaceAll("__NAME__", name)
      .replaceAll("__STACKS__", stacks.join(", "))
      .replaceAll("__PULUMI__", cliVersion)
      // A function, because dollar signs have a meaning in a replacement that is a text.
      .replaceAll("__BACKEND__", () => JSON.stringify(backend))
  );
}

/** The stack file, once for each stack. */
function forStacks(file: NewFile, stacks: string[]): NewFile[] {
  if (file.path !== "Pulumi.stack.yaml") return [file];
  return stacks.map((stack) => ({ path: `Pulumi.${stack}.yaml`, text: file.text.replaceAll("__STACK__", stack) }));
}

function manifest({ name, package: from }: Answers): string {
  const description = { name, private: true, engines: { node: ">=20.19" }, dependencies: { creel: from } };
  return `${JSON.stringify(description, null, 2)}\n`;
}
