import { type Command, InvalidArgumentError } from "commander";
import { type FleetSource, named, readFleet } from "./fleet";
import { fleetCommand } from "./fleetCommand";
import { openShell } from "./serverShell";

interface LogsOptions extends FleetSource {
  follow?: boolean;
  since?: string;
}

/** `creel logs`: what an agent has written. */
export function logsCommand(): Command {
  return fleetCommand("logs")
    .description("show what an agent has written")
    .argument("<agent>", "name of the agent")
    .option("--follow", "go on with what is yet to come")
    .option("--since <time>", "only what is younger: 10m, 2h or 2026-01-31T12:00:00Z", since)
    .action(async (name: string, options: LogsOptions) => {
      const { agents, servers } = await readFleet(options);
      const { container, server } = named("agent", name, agents);
      process.exitCode = await openShell(servers[server]!, logsWords(container, options), false);
    });
}

/** The words that show a container's output on its server. */
export function logsWords(container: string, { follow, since }: Pick<LogsOptions, "follow" | "since">): string[] {
  return [
    ...["sudo", "-n", "docker", "logs"],
    ...(follow ? ["--follow"] : []),
    ...(since === undefined ? [] : ["--since", since]),
    container,
  ];
}

/** The server's shell reads it, so nothing but a time may pass. */
function since(text: string): string {
  if (/^(\d+[smh])+$/.test(text) || /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return text;
  throw new InvalidArgumentError("It is a duration such as 10m or 1h30m, or a time such as 2026-01-31T12:00:00Z.");
}
