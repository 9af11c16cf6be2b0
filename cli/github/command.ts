import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { connectGitHub } from "./client";
import { closeIssue, type Kept, keepComment, keepIssue } from "./kept";

const authorHelp = "login that the token belongs to; default: github-actions[bot], as in a workflow";

/** `creel comment`: keeps one comment below a pull request current. */
export function commentCommand(): Command {
  return new Command("comment")
    .description("write a text below a pull request, or change the comment that has its marker")
    .argument("<file>", "Markdown with a marker in its first line, as creel changes and creel drift write it")
    .requiredOption("--pull <number>", "pull request", wholeNumber)
    .option("--author <login>", authorHelp)
    .action(async (file: string, { pull, author }: { pull: number; author?: string }) => {
      tell(await keepComment(connectGitHub({ author }), pull, await readFile(file, "utf8")));
    });
}

/** `creel issue`: keeps one open issue current. */
export function issueCommand(): Command {
  return new Command("issue")
    .description("open an issue with a text, or change the open one that has its marker")
    .argument("<file>", "Markdown with a marker in its first line, as creel changes and creel drift write it")
    .requiredOption("--title <text>", "title of the issue")
    .option("--resolved", "close it, if it is open")
    .option("--author <login>", authorHelp)
    .action(async (file: string, options: { title: string; resolved?: boolean; author?: string }) => {
      const repository = connectGitHub(options);
      const text = await readFile(file, "utf8");
      tell(await (options.resolved ? closeIssue(repository, text) : keepIssue(repository, options.title, text)));
    });
}

function tell({ done, url }: Kept): void {
  console.log(done === "none" ? "there is none to close" : `${done}: ${url}`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}
