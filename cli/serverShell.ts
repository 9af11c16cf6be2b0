import { execa } from "execa";
import type { FleetServer } from "./fleet";

/** Seconds in which a server has to answer the first packet. */
const connectSeconds = 8;

/**
 * Arguments of `ssh` for a server of the fleet: its host key is the one that the stack recorded, and no known_hosts file
 * is read or written. Needs OpenSSH 8.5 or newer for `KnownHostsCommand`.
 */
export function sshArguments({ ipv4, hostKey, user }: FleetServer): string[] {
  const options = [
    "StrictHostKeyChecking=yes",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    `KnownHostsCommand=/bin/echo %H ${hostKey}`,
    "HostKeyAlgorithms=ssh-ed25519",
    "UpdateHostKeys=no",
    `ConnectTimeout=${connectSeconds}`,
    "LogLevel=ERROR",
  ];
  return [...options.flatMap((option) => ["-o", option]), "-l", user, ipv4];
}

/** What a server answered, or why it did not. */
export type ShellAnswer = { stdout: string } | { failure: string };

/**
 * Runs one command on a server, without a person.
 *
 * @param seconds after which the server counts as dead
 */
export async function runOnServer(
  server: FleetServer,
  { command, input, seconds, signal }: { command: string; input: string; seconds: number; signal?: AbortSignal },
): Promise<ShellAnswer> {
  const done = await execa("ssh", ["-T", "-o", "BatchMode=yes", ...sshArguments(server), command], {
    input,
    reject: false,
    timeout: seconds * 1000,
    forceKillAfterDelay: 1000,
    cancelSignal: signal,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (done.timedOut) return { failure: `no answer within ${seconds} s` };
  if (done.code === "ENOENT") return { failure: "there is no ssh on the PATH" };
  if (done.exitCode === 0) return { stdout: done.stdout };
  const words = done.stderr.trim().split("\n").at(-1);
  return { failure: words || `ssh ended with ${done.exitCode ?? done.signal}` };
}

/** Runs `ssh` in the person's own terminal. @returns its exit code */
export async function openShell(server: FleetServer, command: string[], terminal: boolean): Promise<number> {
  const shell = terminal && command.length > 0 ? ["-t"] : [];
  const done = await execa("ssh", [...shell, ...sshArguments(server), ...command], { stdio: "inherit", reject: false });
  if (done.code === "ENOENT") throw new Error("There is no ssh on the PATH. `creel doctor` says what to do.");
  return done.exitCode ?? 1;
}
