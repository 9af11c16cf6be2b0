import { rename, writeFile } from "node:fs/promises";

/** Writes a file so that it is there whole or not at all; readable by its owner only unless told otherwise. */
export async function replaceFile(file: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(`${file}.new`, text, { mode });
  await rename(`${file}.new`, file);
}
