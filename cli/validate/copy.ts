import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isMap, isPair, isScalar, type ParsedNode, parseDocument, visit } from "yaml";

/** A project whose one stack has the same settings, and none of its secrets. */
export interface Copy {
  folder: string;
  /** Where secrets were, as `pulumi config set --path` names them. */
  secrets: string[];
  remove(): Promise<void>;
}

/** Keys by which a stack file says how its secrets are encrypted. */
const encryption = ["encryptionsalt", "encryptedkey", "secretsprovider"];

/** Where a file backend in the project's own folder keeps the state, which the copy's must not be written into. */
const stateFolder = ".pulumi";

/**
 * Copies a project to a folder of its own: links to everything in it, and the stack file without its encrypted values.
 *
 * @throws when there is no such stack file, or it is not YAML
 */
export async function copyWithoutSecrets(project: string, stack: string): Promise<Copy> {
  const file = `Pulumi.${stack}.yaml`;
  const { text, secrets } = withoutSecrets(await stackFile(path.join(project, file)), file);
  const folder = await mkdtemp(path.join(tmpdir(), "creel-validate-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  const names = (await readdir(project)).filter((name) => ![file, ".git", stateFolder].includes(name));
  await Promise.all(names.map((name) => symlink(path.join(project, name), path.join(folder, name))));
  await writeFile(path.join(folder, file), text);
  return { folder, secrets, remove };
}

/** Stacks of a folder, by their files. */
export async function stacksIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  return names.flatMap((name) => /^Pulumi\.([\w.-]+)\.yaml$/.exec(name)?.[1] ?? []);
}

function withoutSecrets(text: string, file: string): { text: string; secrets: string[] } {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new Error(`${file} is not YAML: ${document.errors[0]!.message}`);
  const found: (string | number)[][] = [];
  visit(document, {
    Map(_key, node, above) {
      if (!isEncrypted(node as ParsedNode)) return undefined;
      const at = above.flatMap((part) => (isPair(part) && isScalar(part.key) ? [String(part.key.value)] : []));
      found.push(at);
      return visit.SKIP;
    },
  });
  for (const at of found) document.deleteIn(at);
  for (const key of encryption) document.delete(key);
  return { text: document.toString({ lineWidth: 0 }), secrets: found.map(([, key, ...rest]) => configPath(key, rest)) };
}

function isEncrypted(node: unknown): boolean {
  return (
    isMap(node) && node.items.length === 1 && isScalar(node.items[0]!.key) && node.items[0]!.key.value === "secure"
  );
}

/** A path below a key, in the form in which names may hold anything. */
function configPath(key: string | number | undefined, rest: (string | number)[]): string {
  return `${key}${rest.map((name) => `["${name}"]`).join("")}`;
}

async function stackFile(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read: ${error.code}`);
  });
}
