import { Command } from "commander";
import type { PreviewOptions } from "../changes/run";
import { type Summary, summaryOf } from "../changes/summary";
import { withoutSecrets } from "../github/hidden";
import { oneLine } from "../terminal";
import { stacksIn } from "./copy";
import { validateStack } from "./validate";

/** `creel validate`: checks stack files without any credential. */
export function validateCommand(): Command {
  return new Command("validate")
    .description(
      "check stack files by the program itself, without credentials, state or network; exit code 1 when one has faults",
    )
    .argument("[stacks...]", "default: every Pulumi.STACK.yaml of this folder")
    .option("--policy-pack <folder...>", "policy packs to run as well")
    .option("--policy-pack-config <file...>", "settings of the policy packs")
    .action(async (stacks: string[], packs: Omit<PreviewOptions, "stack">) => {
      const all = stacks.length > 0 ? stacks : await stacksIn(".");
      if (all.length === 0) throw new Error("There is no stack file here: Pulumi.STACK.yaml.");
      for (const stack of all) {
        const summary = summaryOf(await validateStack(stack, packs), { stack });
        console.log(validationText(summary));
        if (summary.failed) process.exitCode = 1;
      }
    });
}

/** What is wrong with a stack, or what it consists of. */
function validationText({ stack, failed, groups, messages }: Summary): string {
  const of = (kind: string) => {
    const count = groups.filter((group) => group.kind === kind).length;
    return count === 1 ? `1 ${kind}` : `${count} ${kind}s`;
  };
  const told = messages
    .filter(({ severity }) => severity !== "info")
    .map(({ severity, text }) => `${severity}: ${text.split("\n").map(oneLine).join("\n")}`);
  const title = failed ? `${stack}: refused` : `${stack}: fine, ${of("server")} and ${of("agent")}`;
  return withoutSecrets([title, ...told].join("\n"));
}
