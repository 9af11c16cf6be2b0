import type { Command } from "commander";
import { type FleetSource, named, readFleet } from "./fleet";
import { fleetCommand } from "./fleetCommand";
import { openShell } from "./serverShell";
import { isTerminal } from "./terminal";

/** `creel ssh`: a shell on a server, or one command there. */
export function sshCommand(): Command {
  return fleetCommand("ssh")
    .description("open a shell on a server, whose host key is the one that the stack recorded")
    .argument("<server>", "name of the server")
    .argument("[command...]", "after --: run this instead of a shell, and end with its exit code")
    .action(async (name: string, command: string[], source: FleetSource) => {
      const { servers } = await readFleet(source);
      process.exitCode = await openShell(named("server", name, servers), command, isTerminal());
    });
}
