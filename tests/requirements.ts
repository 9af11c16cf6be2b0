import { describe, type SuiteFactory } from "vitest";

/**
 * A suite that needs something this computer may lack. Where it is missing the suite is skipped and its title says why;
 * with CI=true a missing requirement is a failure, so that a green run never hides an untested part.
 *
 * @param missing why the suite cannot run, or undefined when it can
 */
export function describeUnless(missing: string | undefined, title: string, body: SuiteFactory): void {
  if (missing === undefined) {
    describe(title, body);
    return;
  }
  if (process.env.CI === "true") {
    throw new Error(`"${title}" cannot run here: ${missing}`);
  }
  describe.skip(`${title} (skipped: ${missing})`, body);
}

/** Why the sandbox cannot run on this computer, or undefined when it can. */
export function sandboxMissing(): string | undefined {
  if (process.platform !== "linux") return "the sandbox boots Linux servers and needs a Linux computer";
  if (process.getuid?.() !== 0) return "the sandbox needs root";
  return undefined;
}
