import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { referencePage } from "./reference";
import { stackSchema } from "./stackSchema";

// Writes the JSON Schema of the stack file to the first path that is given, and its reference page to the second, if any.

const [schemaFile, pageFile] = process.argv.slice(2);
write(schemaFile!, `${JSON.stringify(stackSchema(), undefined, 2)}\n`);
if (pageFile !== undefined) write(pageFile, referencePage());

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
