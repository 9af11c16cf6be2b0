import { Command } from "commander";
import { isTerminal } from "../terminal";
import { answersFor, type Given } from "./answers";
import { repositoryFiles, writeFiles } from "./scaffold";

/** `creel init`: scaffolds the repository of a fleet. */
export function initCommand(): Command {
  return (
    new Command("init")
      .description("write the repository of a fleet: stack files, workflows, README; overwrites nothing")
      .argument("[folder]", "where to; made when it is missing", ".")
      .option("--name <name>", "name of the project; default: that of the folder")
      .option(
        "--stacks <names>",
        "stacks, divided by commas, in the order in which they are deployed; default: staging,production",
      )
      .option("--backend <url>", "where Pulumi keeps the state, such as s3://BUCKET")
      // Creel is not on npm: whoever took its name there would run in every job that has credentials.
      .requiredOption("--package <from>", "where npm gets creel from: file:FOLDER-OR-TARBALL, or an address of yours")
      .action(async (folder: string, given: Given) => {
        const isAsking = isTerminal() && process.stdin.isTTY === true;
        const person = isAsking ? { input: process.stdin, output: process.stdout } : undefined;
        const files = await repositoryFiles(await answersFor(folder, given, person));
        await writeFiles(folder, files);
        console.log(
          [...files.map((file) => `wrote ${file.path}`), "README.md says what is to be filled in."].join("\n"),
        );
      })
  );
}
