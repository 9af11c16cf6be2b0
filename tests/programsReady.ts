import { hasApt, installPrograms } from "../sandbox/hostPackages";
import { sandboxMissing } from "./requirements";

/** Where the sandbox may install Debian packages, those that tests before it need are installed first. */
export async function setup(): Promise<void> {
  if (sandboxMissing() !== undefined || !hasApt()) return;
  await installPrograms(["dockerd", "ip", "iptables", "nft", "python3", "ssh"], (line) => console.log(line));
}
