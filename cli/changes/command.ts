import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { changesMarkdown } from "./markdown";
import { parsePreview } from "./preview";
import { type PreviewOptions, runPreview } from "./run";
import { summaryJson, summaryOf } from "./summary";

interface ChangesOptions extends PreviewOptions {
  commit?: string;
  out?: string;
  json?: boolean;
}

/** `creel changes`: what a preview means for servers and agents, as the comment for a pull request. */
export function changesCommand(): Command {
  return new Command("changes")
    .description(
      "say in Markdown what a deployment would do, server by server and agent by agent; exit code 1 when the preview failed",
    )
    .argument("[file]", "what `pulumi preview --json` printed, or - for standard input; default: pulumi is run here")
    .option("--stack <name>", "stack; default: the one that is selected in this folder, or the one in the file")
    .option("--policy-pack <folder...>", "policy packs to run with the preview")
    .option("--policy-pack-config <file...>", "settings of the policy packs")
    .option("--commit <sha>", "commit to name in the text")
    .option("--out <file>", "write to a file instead of standard output")
    .option("--json", "one JSON document")
    .action(async (file: string | undefined, options: ChangesOptions) => {
      const preview = file === undefined ? await runPreview(options) : parsePreview(await contents(file));
      const summary = summaryOf(preview, options);
      const printed = options.json
        ? `${JSON.stringify(summaryJson(summary), null, 2)}\n`
        : changesMarkdown(summary, options.commit);
      if (options.out === undefined) process.stdout.write(printed);
      else await writeFile(options.out, printed);
      if (summary.failed) process.exitCode = 1;
    });
}

async function contents(file: string): Promise<string> {
  if (file === "-") return text(process.stdin);
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read: ${error.code}`);
  });
}
