import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { readFleet } from "../fleet";
import { type LookingOptions, lookingCommand, lookingGlass, lookWithProgress } from "../verify/looking";
import { fleetReport } from "./fleetReport";
import { lookAtFleet } from "./fleetSeen";
import { reportPage } from "./page/page";
import { stackName } from "./stackName";

interface ReportOptions extends LookingOptions {
  out?: string;
  json?: boolean;
}

const defaultFile = "fleet.html";

/** `creel report`: the whole fleet on one page that needs nothing else. */
export function reportCommand(): Command {
  return lookingCommand("report")
    .description("look at the whole fleet and write one HTML page that opens without a network")
    .option("--out <file>", `file to write; by default ${defaultFile}`)
    .option("--json", "print one JSON document; a page is written only where --out says so")
    .action(writeReport);
}

async function writeReport(options: ReportOptions): Promise<void> {
  const [fleet, stack] = await Promise.all([readFleet(options), stackName(options)]);
  const { outside, ...limits } = await lookingGlass(options);
  const seen = await lookWithProgress(fleet, options.json ?? false, (progress) =>
    lookAtFleet(fleet, outside, { ...limits, progress }),
  );
  const report = fleetReport(fleet, seen, stack, new Date().toISOString());
  const file = options.out ?? (options.json ? undefined : defaultFile);
  // It says where a fleet is weak, so it is its owner's until they send it to somebody.
  if (file !== undefined) await writeFile(file, reportPage(report), { mode: 0o600 });
  if (options.json) return console.log(JSON.stringify(report, null, 2));
  const { broken, unknown, holds } = report.counts;
  console.log(`${file}: ${holds} controls hold, ${broken} broken, ${unknown} not seen.`);
}
