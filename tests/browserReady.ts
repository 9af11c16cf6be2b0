import { findBrowser } from "../cli/browser";
import { hasApt, installPrograms, osRelease } from "../sandbox/hostPackages";
import { sandboxMissing } from "./requirements";

/** Tests with a browser take one that is installed; on Debian one is installed for them. */
export async function setup(): Promise<void> {
  // Ubuntu's package of this name only fetches another kind of package, which needs a running systemd.
  if (sandboxMissing() !== undefined || findBrowser() || !hasApt() || osRelease().ID !== "debian") return;
  await installPrograms(["chromium"], (line) => console.log(line));
}

/** Why tests with a browser alone cannot run on this computer, or undefined when they can. */
export function chromiumMissing(): string | undefined {
  return findBrowser() ? undefined : "no Chromium, Chrome, Edge or Brave is installed";
}

/** Why tests with a browser in the sandbox cannot run on this computer, or undefined when they can. */
export function browserMissing(): string | undefined {
  return sandboxMissing() ?? chromiumMissing();
}
