#!/usr/bin/env node
import { Command } from "commander";
import { demoCommand } from "./demo";
import { sandboxCommand } from "./sandbox";

/** The `creel` command. */
const program = new Command("creel")
  .description("Fleets of self-hosted AI agents on hardened servers")
  .addCommand(sandboxCommand())
  .addCommand(demoCommand());

program.parseAsync().catch((error: Error) => {
  // What is meant for a person stands alone; anything unforeseen shows where it came from.
  console.error(error.name === "Error" && process.env.CREEL_DEBUG ? error.stack : error.message);
  process.exitCode = 1;
});
