import { type Command, InvalidArgumentError } from "commander";
import { readFleet } from "../fleet";
import { seconds } from "../fleetCommand";
import { repeatEach, untilEnded } from "../repeat";
import { fleetReport } from "../report/fleetReport";
import { looksOf, nothingSeen } from "../report/fleetSeen";
import { stackName } from "../report/stackName";
import { type LookingOptions, lookingCommand, lookingGlass } from "../verify/looking";
import { startDashboard } from "./server";

interface DashboardOptions extends LookingOptions {
  port: number;
  every: number;
}

/** `creel dashboard`: the report as a page on this computer that follows what happens. */
export function dashboardCommand(): Command {
  return lookingCommand("dashboard")
    .description("show the report as a live page on this computer, until Ctrl-C")
    .option("--port <port>", "port on 127.0.0.1; by default one that is free", portNumber, 0)
    .option("--every <seconds>", "between two looks at the same server or name", seconds, 60)
    .action(showDashboard);
}

async function showDashboard(options: DashboardOptions): Promise<void> {
  const [fleet, stack] = await Promise.all([readFleet(options), stackName(options)]);
  const { outside, ...limits } = await lookingGlass(options);
  const signal = untilEnded();
  const seen = nothingSeen();
  let newest = new Date();
  const report = () => fleetReport(fleet, seen, stack, newest.toISOString());
  const dashboard = await startDashboard(options.port, report);
  console.log(`${dashboard.url}\nCtrl-C ends it.`);
  const looks = looksOf(fleet, outside, seen).map(({ look }) => async () => {
    await look({ ...limits, signal });
    newest = new Date();
    if (!signal.aborted) dashboard.update();
  });
  await repeatEach(looks, options.every, signal);
  await dashboard.close();
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("It is a port from 0 to 65535.");
  return port;
}
