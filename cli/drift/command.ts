import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { runPreview, runRefreshPreview } from "../changes/run";
import { readFleet } from "../fleet";
import { fleetCommand, seconds } from "../fleetCommand";
import { lookOutside } from "../verify/outside";
import { type Result, verifyFleet } from "../verify/verifyFleet";
import { type Drift, type DriftVerdict, driftJson, driftMarkdown, driftVerdict } from "./report";

interface DriftOptions {
  stack?: string;
  outputs?: string;
  timeout: number;
  resolver?: string;
  ca?: string;
  out?: string;
  json?: boolean;
}

const exitCodes: Record<DriftVerdict, number> = { clean: 0, drifted: 1, unknown: 2 };

/** `creel drift`: whether clouds, servers and files still agree. */
export function driftCommand(): Command {
  return fleetCommand("drift")
    .description(
      "say in Markdown what was changed by hand, what was never deployed and which controls are broken; exit code 0: nothing, 1: something, 2: not all could be seen",
    )
    .option("--timeout <seconds>", "after which a server counts as dead", seconds, 120)
    .option("--resolver <address>", "name server to ask instead of this computer's own")
    .option("--ca <file>", "certificate authorities to trust, in PEM, instead of the usual ones")
    .option("--out <file>", "write to a file instead of standard output")
    .option("--json", "one JSON document")
    .action(async (options: DriftOptions) => {
      process.exitCode = await report(options).catch((error: Error) => {
        // Code 1 says that something has drifted, which nobody knows here.
        console.error(error.message);
        return exitCodes.unknown;
      });
    });
}

async function report(options: DriftOptions): Promise<number> {
  const drift = await lookForDrift(options);
  const printed = options.json ? `${JSON.stringify(driftJson(drift), null, 2)}\n` : driftMarkdown(drift);
  if (options.out === undefined) process.stdout.write(printed);
  else await writeFile(options.out, printed);
  return exitCodes[driftVerdict(drift)];
}

/** All at the same time: none takes the stack's lock, and none changes anything. */
async function lookForDrift(options: DriftOptions): Promise<Drift> {
  const controls = verified(options).catch((error: Error) => ({ failure: error.message }));
  const [refresh, preview] = await Promise.all([runRefreshPreview(options), runPreview(options)]);
  const stack = options.stack ?? preview.stack ?? refresh.stack ?? "unknown";
  const project = preview.project ?? refresh.project ?? "unknown";
  return { stack, project, refresh, preview, controls: await controls };
}

async function verified(options: DriftOptions): Promise<Result[]> {
  const authorities = options.ca === undefined ? undefined : await readFile(options.ca, "utf8");
  const outside = lookOutside({ resolver: options.resolver, authorities });
  return verifyFleet(await readFleet(options), outside, { seconds: options.timeout });
}
