import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { Listr } from "listr2";
import { type FleetOutput, type FleetSource, readFleet, readServiceTokens } from "../fleet";
import { fleetCommand, seconds } from "../fleetCommand";
import { isTerminal } from "../terminal";
import { isToLookAt } from "./control";
import { lookOutside, type Outside } from "./outside";
import { verifyText } from "./text";
import { exitCodeOf, type Result, type VerifyOptions, verifyFleet } from "./verifyFleet";

interface VerifyCommandOptions extends FleetSource {
  json?: boolean;
  all?: boolean;
  timeout: number;
  resolver?: string;
  ca?: string;
  tenants?: boolean;
}

/** `creel verify`: whether every control of a fleet holds, on its servers and from outside. */
export function verifyCommand(): Command {
  return fleetCommand("verify")
    .description(
      "check every control on the servers and from outside; exit code 0: all hold, 1: one is broken, 2: one could not be seen",
    )
    .option("--json", "one JSON document with every result")
    .option("--all", "also show what holds")
    .option("--timeout <seconds>", "after which a server counts as dead", seconds, 120)
    .option("--resolver <address>", "name server to ask instead of this computer's own")
    .option("--ca <file>", "certificate authorities to trust, in PEM, instead of the usual ones")
    .option("--tenants", "also come with a service token of each tenant: its own agents open, those of others must not")
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
  const tokens = options.tenants ? await readServiceTokens(options) : undefined;
  const authorities = options.ca === undefined ? undefined : await readFile(options.ca, "utf8");
  const outside = lookOutside({ resolver: options.resolver, authorities });
  const watched = isTerminal() && !options.json;
  const results = await (watched ? withProgress : verifyFleet)(fleet, outside, { seconds: options.timeout, tokens });
  console.log(options.json ? JSON.stringify(results, null, 2) : verifyText(results, options.all ?? false));
  return exitCodeOf(results);
}

/** The same with a line per server and hostname, ticked off as they are done. */
async function withProgress(fleet: FleetOutput, outside: Outside, options: VerifyOptions): Promise<Result[]> {
  const waiting = new Map<string, (results: Result[]) => void>();
  const hostnames = Object.values(fleet.agents).flatMap(({ url, botUrl }) => [url, ...(botUrl ? [botUrl] : [])]);
  const subjects = [...Object.keys(fleet.servers), ...hostnames.map((url) => new URL(url).hostname)];
  const done = subjects.map((subject) => new Promise<Result[]>((resolve) => waiting.set(subject, resolve)));
  const tasks = subjects.map((title, at) => ({
    title,
    task: async () => {
      const bad = (await done[at]!).filter(({ verdict }) => isToLookAt(verdict)).length;
      if (bad > 0) throw new Error(`${title}: ${bad} to look at`);
    },
  }));
  const shown = new Listr(tasks, { concurrent: true, exitOnError: false }).run();
  const results = await verifyFleet(fleet, outside, {
    ...options,
    progress: (subject, found) => waiting.get(subject)?.(found),
  });
  await shown;
  return results;
}
