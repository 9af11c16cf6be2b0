import path from "node:path";
import { createInterface } from "node:readline/promises";

/** What has to be known to scaffold a repository. */
export interface Answers {
  /** Name of the project and its npm package. */
  name: string;
  /** Stacks, in the order in which they are deployed. */
  stacks: string[];
  /** Where Pulumi keeps the state. */
  backend: string;
  /** Where npm gets this package from. */
  package: string;
}

/** What was given on the command line. */
export type Given = { [K in keyof Answers]?: string } & Pick<Answers, "package">;

/** Where questions are asked; undefined where nobody could answer. */
export interface Person {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

const defaults = { stacks: "staging,production", backend: "s3://FILL-IN" };

/**
 * Puts together what was given and, of what was not, what a person answers; defaults where there is none.
 *
 * @throws with everything that is wrong
 */
export async function answersFor(folder: string, given: Given, person: Person | undefined): Promise<Answers> {
  const fallback = nameFrom(path.basename(path.resolve(folder)));
  const asked = person ? await ask(person, given, { name: fallback, ...defaults }) : given;
  const answers = {
    name: asked.name ?? fallback,
    stacks: (asked.stacks ?? defaults.stacks).split(",").map((stack) => stack.trim()),
    backend: asked.backend ?? defaults.backend,
    package: asked.package,
  };
  const faults = answerFaults(answers);
  if (faults.length > 0) throw new Error(["Nothing was written", ...faults].join("\n"));
  return answers;
}

/** What is wrong with the answers, a line for each. */
function answerFaults({ name, stacks, backend, package: from }: Answers): string[] {
  const isLine = (text: string) => /^[\u0021-\u007e]+$/.test(text);
  return [
    ...(/^[a-z][a-z0-9-]{0,62}$/.test(name)
      ? []
      : [`  --name     "${name}" is not a name: use small letters, digits and dashes, a letter first`]),
    ...stacks
      .filter((stack) => !/^[a-z][a-z0-9-]{0,30}$/.test(stack))
      .map((stack) => `  --stacks   "${stack}" is not a name: use small letters, digits and dashes, a letter first`),
    ...stacks
      .filter((stack) => /-(preview|drift)$/.test(stack))
      .map(
        (stack) =>
          `  --stacks   "${stack}" ends like the environment in which another stack is looked at: end it otherwise`,
      ),
    ...(new Set(stacks).size === stacks.length ? [] : [`  --stacks   "${stacks}" has one name twice: name each once`]),
    ...(/^[a-z][a-z0-9]*:\/\/\S/.test(backend) && isLine(backend)
      ? []
      : [
          `  --backend  "${backend}" is not an address: write s3://BUCKET, gs://BUCKET, azblob://CONTAINER or file:///FOLDER`,
        ]),
    ...(isLine(from)
      ? []
      : [`  --package  "${from}" is nothing npm knows: write a version, file:FOLDER-OR-TARBALL or an address`]),
  ];
}

async function ask(
  { input, output }: Person,
  given: Given,
  suggested: Record<"name" | "stacks" | "backend", string>,
): Promise<Given> {
  const questions = { name: "Name of the fleet", stacks: "Stacks, first to last", backend: "Where to keep the state" };
  const lines = createInterface({ input, output });
  const answers: Given = { ...given };
  try {
    for (const key of Object.keys(questions) as (keyof typeof questions)[]) {
      if (answers[key] !== undefined) continue;
      answers[key] = (await lines.question(`${questions[key]} (${suggested[key]}): `)).trim() || suggested[key];
    }
  } finally {
    lines.close();
  }
  return answers;
}

/** A folder's name as the name of a project. */
function nameFrom(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return name.slice(0, 63) || "fleet";
}
