import { Command, InvalidArgumentError, Option } from "commander";

/** A command that reads the outputs of a fleet's stack. */
export function fleetCommand(name: string): Command {
  return new Command(name)
    .option("--stack <name>", "stack to read; default: the one that is selected in this folder")
    .option("--outputs <file>", "read what `pulumi stack output --json` printed from a file")
    .addOption(new Option("--no-color", "no colours"));
}

/** A whole number of seconds, for an option's value. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 3600) {
    throw new InvalidArgumentError("It is a whole number of seconds from 1 to 3600.");
  }
  return value;
}
