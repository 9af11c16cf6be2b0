#!/usr/bin/env node
import { Command } from "commander";
import { changesCommand } from "./changes/command";
import { dashboardCommand } from "./dashboard/command";
import { demoCommand } from "./demo";
import { doctorCommand } from "./doctor/command";
import { driftCommand } from "./drift/command";
import { commentCommand, issueCommand } from "./github/command";
import { initCommand } from "./init/command";
import { logsCommand } from "./logs";
import { reportCommand } from "./report/command";
import { sandboxCommand } from "./sandbox";
import { sshCommand } from "./ssh";
import { statusCommand } from "./status";
import { validateCommand } from "./validate/command";
import { verifyCommand } from "./verify/command";

/** The `creel` command. */
const program = new Command("creel")
  .description("Fleets of self-hosted AI agents on hardened servers")
  // What follows the command that `demo exec` runs are that command's options.
  .enablePositionalOptions()
  .addCommand(initCommand())
  .addCommand(statusCommand())
  .addCommand(verifyCommand())
  .addCommand(reportCommand())
  .addCommand(dashboardCommand())
  .addCommand(sshCommand())
  .addCommand(logsCommand())
  .addCommand(doctorCommand())
  .addCommand(validateCommand())
  .addCommand(changesCommand())
  .addCommand(driftCommand())
  .addCommand(commentCommand())
  .addCommand(issueCommand())
  .addCommand(sandboxCommand())
  .addCommand(demoCommand());

program.parseAsync().catch((error: Error) => {
  // A mistake in this program shows where it was made; every other error is written for a person and stands alone.
  const mistake = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  console.error(mistake ? error.stack : error.message);
  process.exitCode = 1;
});
