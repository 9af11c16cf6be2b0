import type { Command } from "commander";
import { readFleet } from "../fleet";
import { type LookingOptions, lookingCommand, lookingGlass, lookWithProgress } from "./looking";
import { verifyText } from "./text";
import { exitCodeOf, verifyFleet } from "./verifyFleet";

interface VerifyCommandOptions extends LookingOptions {
  json?: boolean;
  all?: boolean;
}

/** `creel verify`: whether every control of a fleet holds, on its servers and from outside. */
export function verifyCommand(): Command {
  return lookingCommand("verify")
    .description(
      "check every control on the servers and from outside; exit code 0: all hold, 1: one is broken, 2: one could not be seen",
    )
    .option("--json", "one JSON document with every result")
    .option("--all", "also show what holds")
    .action(async (options: VerifyCommandOptions) => {
      process.exitCode = await verify(options).catch((error: Error) => {
        // Code 1 says that a control is broken, which nobody knows here.
        console.error(error.message);
        return 2;
      });
    });
}

async function verify(options: VerifyCommandOptions): Promise<number> {
  const fleet = await readFleet(options);
  const { outside, ...limits } = await lookingGlass(options);
  const results = await lookWithProgress(fleet, options.json ?? false, (progress) =>
    verifyFleet(fleet, outside, { ...limits, progress }),
  );
  console.log(options.json ? JSON.stringify(results, null, 2) : verifyText(results, options.all ?? false));
  return exitCodeOf(results);
}
