import path from "node:path";
import { execa } from "execa";
import type { FleetSource } from "../fleet";

/** What to call the fleet: the stack's name, or that of the file with its outputs. */
export async function stackName({ stack, outputs }: FleetSource): Promise<string> {
  if (stack !== undefined) return stack;
  if (outputs !== undefined) return path.basename(outputs);
  const asked = await execa("pulumi", ["stack", "--show-name", "--non-interactive"], {
    reject: false,
    stdin: "ignore",
  });
  return asked.exitCode === 0 ? asked.stdout.trim() : "the selected stack";
}
