import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import { type FleetOutput, type FleetSource, readFleet } from "./fleet";
import { fleetCommand, seconds } from "./fleetCommand";
import { type Answers, type FleetStatus, fleetStatus } from "./fleetStatus";
import { type Done, withProgress } from "./progress";
import { repeatEach, untilEnded } from "./repeat";
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
  const { json = false, watch, timeout } = options;
  const fleet = await readFleet(options);
  if (watch === undefined) {
    const status = await withProgress(Object.keys(fleet.servers), json, (done) => lookAt(fleet, timeout, { done }));
    console.log(json ? JSON.stringify(status, null, 2) : statusText(status));
    if (!isWell(status)) process.exitCode = 1;
    return;
  }
  const between = watch === true ? watchSeconds : watch;
  const signal = untilEnded();
  if (isTerminal() && !json) return watchLive(fleet, timeout, between, signal);
  while (!signal.aborted) {
    const status = await lookAt(fleet, timeout, { signal });
    if (signal.aborted) return;
    console.log(json ? JSON.stringify(status) : `${new Date().toISOString()}\n${statusText(status)}`);
    await pause(between * 1000, undefined, { signal }).catch(() => {});
  }
}

/** For a person: every server is asked at its own pace, and the tables are drawn anew when one has answered. */
async function watchLive(fleet: FleetOutput, timeout: number, between: number, signal: AbortSignal): Promise<void> {
  const answers: Answers = {};
  const draw = () => {
    // From the top of an empty screen.
    console.log(`\u001b[2J\u001b[H${new Date().toISOString()}\n${statusText(fleetStatus(fleet, answers))}`);
  };
  const looks = Object.entries(fleet.servers).map(([name, server]) => async () => {
    const answer = await surveyServer(server, timeout, signal);
    if (signal.aborted) return;
    answers[name] = answer;
    draw();
  });
  draw();
  await repeatEach(looks, between, signal);
}

/** Asks all servers at the same time: the slowest decides, and none waits for another. */
export async function lookAt(
  fleet: FleetOutput,
  timeout: number,
  { signal, done }: { signal?: AbortSignal; done?: Done } = {},
): Promise<FleetStatus> {
  const answers = Object.entries(fleet.servers).map(async ([name, server]) => {
    const answer = await surveyServer(server, timeout, signal);
    done?.(name, "failure" in answer ? answer.failure : undefined);
    return [name, answer] as const;
  });
  return fleetStatus(fleet, Object.fromEntries(await Promise.all(answers)));
}

/** Whether every server answers and every agent is healthy. */
export function isWell({ servers, agents }: FleetStatus): boolean {
  return servers.every(({ reachable }) => reachable === true) && agents.every(({ health }) => health === "healthy");
}
