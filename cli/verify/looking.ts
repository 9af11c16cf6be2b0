import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { type FleetOutput, type FleetSource, readServiceTokens, type ServiceTokens } from "../fleet";
import { fleetCommand, seconds } from "../fleetCommand";
import { withProgress } from "../progress";
import { isToLookAt } from "./control";
import { lookOutside, type Outside } from "./outside";
import { entrancesOf, type Progress } from "./verifyFleet";

/** How a command looks at a fleet. */
export interface LookingOptions extends FleetSource {
  timeout: number;
  resolver?: string;
  ca?: string;
  tenants?: boolean;
}

/** A command that looks at every control of a fleet. */
export function lookingCommand(name: string): Command {
  return fleetCommand(name)
    .option("--timeout <seconds>", "after which a server counts as dead", seconds, 120)
    .option("--resolver <address>", "name server to ask instead of this computer's own")
    .option("--ca <file>", "certificate authorities to trust, in PEM, instead of the usual ones")
    .option(
      "--tenants",
      "also come with a service token of each tenant: its own agents open, those of others must not",
    );
}

/** From where to look, and with what; throws when a file or the tokens cannot be read. */
export async function lookingGlass(
  options: LookingOptions,
): Promise<{ outside: Outside; seconds: number; tokens?: ServiceTokens }> {
  const tokens = options.tenants ? await readServiceTokens(options) : undefined;
  const authorities = options.ca === undefined ? undefined : await readFile(options.ca, "utf8");
  return { outside: lookOutside({ resolver: options.resolver, authorities }), seconds: options.timeout, tokens };
}

/** Looks at a fleet; where a person waits, with a line per server and hostname. @param quiet shows none */
export function lookWithProgress<T>(
  fleet: FleetOutput,
  quiet: boolean,
  look: (progress: Progress) => Promise<T>,
): Promise<T> {
  const subjects = [...Object.keys(fleet.servers), ...entrancesOf(fleet).map(({ hostname }) => hostname)];
  return withProgress(subjects, quiet, (done) =>
    look((subject, results) => {
      const bad = results.filter(({ verdict }) => isToLookAt(verdict)).length;
      done(subject, bad > 0 ? `${bad} to look at` : undefined);
    }),
  );
}
