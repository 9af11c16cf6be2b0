import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The whole state of one cloud, in memory and in one JSON file. */
export interface Store<T extends object> {
  /** Changed in place; call {@link Store.save} afterwards. */
  readonly state: T;
  /** Resolves when everything changed before the call is in the file. */
  save(): Promise<void>;
}

/**
 * Opens a state file, or starts from `initial` when there is none.
 *
 * Each write goes to a new file that then takes the old one's place, so whoever dies in between leaves the last whole
 * state. Writes are serialised, and those that wait for one another share a write.
 *
 * @throws Error naming the file when it holds no JSON object.
 */
export async function openStore<T extends object>(file: string, initial: T): Promise<Store<T>> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await removeUnfinished(file);
  const state = { ...initial, ...(await readState<T>(file)) };
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    const unfinished = `${file}.${randomUUID()}.tmp`;
    await writeFile(unfinished, `${JSON.stringify(state, null, 1)}\n`, { mode: 0o600 });
    await rename(unfinished, file);
  };
  const begin = (): Promise<void> => {
    next = undefined;
    const current = write().finally(() => {
      if (writing === current) writing = undefined;
    });
    writing = current;
    return current;
  };

  return {
    state,
    save: () => {
      if (!writing) return begin();
      next ??= writing.then(begin, begin);
      return next;
    },
  };
}

/** A store without a file, for tests. */
export function memoryStore<T extends object>(initial: T): Store<T> {
  return { state: initial, save: async () => {} };
}

async function readState<T>(file: string): Promise<Partial<T>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Partial<T>;
  } catch {
    // Falls through to the error below, which names the file.
  }
  throw new Error(`${file} is not a state file of the sandbox: remove it to start with empty clouds`);
}

async function removeUnfinished(file: string): Promise<void> {
  const prefix = `${basename(file)}.`;
  for (const name of await readdir(dirname(file))) {
    if (name.startsWith(prefix) && name.endsWith(".tmp")) await rm(join(dirname(file), name), { force: true });
  }
}
