import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { type FleetOutput, type FleetSource, readFleet } from "./fleet";
import { fleetCommand, seconds } from "./fleetCommand";
import { type FleetStatus, fleetStatus } from "./fleetStatus";
import { statusText } from "./statusText";
import { surveyServer } from "./survey";
import { isTerminal } from "./terminal";

interface StatusOptions extends FleetSource {
  json?: boolean;
  watch?: true | number;
  timeout: number;
}

/** Seconds between two looks with `--watch`. */
const watchSeconds = 10;

/** `creel status`: how every server and every agent of a fleet is. */
export function statusCommand(): Command {
  return fleetCommand("status")
    .description("show how every server and agent is; exit code 1 when one is dead or unhealthy")
    .option("--json", "one JSON document; with --watch one per line")
    .option("--watch [seconds]", `look again and again, by default every ${watchSeconds} seconds`, seconds)
    .option("--timeout <seconds>", "after which a server counts as dead", seconds, 30)
    .action(showStatus);
}

async function showStatus(options: StatusOptions): Promise<void> {
  const fleet = await readFleet(options);
  if (options.watch === undefined) {
    const status = await lookAt(fleet, options.timeout);
    console.log(options.json ? JSON.stringify(status, null, 2) : statusText(status));
    if (!isWell(status)) process.exitCode = 1;
    return;
  }
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort());
  process.once("SIGTERM", () => ended.abort());
  const between = options.watch === true ? watchSeconds : options.watch;
  while (!ended.signal.aborted) {
    const status = await lookAt(fleet, options.timeout, ended.signal);
    if (ended.signal.aborted) return;
    if (options.json) console.log(JSON.stringify(status));
    else console.log(`${isTerminal() ? "\u001b[2J\u001b[H" : ""}${new Date().toISOString()}\n${statusText(status)}`);
    await pause(between * 1000, undefined, { signal: ended.signal }).catch(() => {});
  }
}

/** Asks all servers at the same time: the slowest decides, and none waits for another. */
export async function lookAt(fleet: FleetOutput, timeout: number, signal?: AbortSignal): Promise<FleetStatus> {
  const answers = Object.entries(fleet.servers).map(
    async ([name, server]) => [name, await surveyServer(server, timeout, signal)] as const,
  );
  return fleetStatus(fleet, Object.fromEntries(await Promise.all(answers)));
}

/** Whether every server answers and every agent is healthy. */
export function isWell({ servers, agents }: FleetStatus): boolean {
  return servers.every(({ reachable }) => reachable === true) && agents.every(({ health }) => health === "healthy");
}
