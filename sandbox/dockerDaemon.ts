import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { answers, type DockerChoice } from "./docker";
import { SandboxError, type SandboxFault } from "./faults";
import { findProgram, installPrograms, programFault } from "./hostPackages";
import { sandboxFiles } from "./paths";
import { commandLine, recordedProcess, stopRecorded } from "./processes";

/** The longest path a Unix socket can have on Linux. */
const longestSocketPath = 107;

/** Why a private daemon cannot be started here, all reasons at once. */
export async function privateDaemonFaults(): Promise<SandboxFault[]> {
  const { daemon } = sandboxFiles();
  const faults: SandboxFault[] = [];
  const missing = programFault(
    "dockerd",
    "where no Docker daemon answers (DOCKER_HOST, context, /var/run/docker.sock)",
  );
  if (missing) faults.push(missing);
  if (daemon.socket.length > longestSocketPath) {
    faults.push({
      path: daemon.socket,
      found: `is ${daemon.socket.length} characters long, and a socket's path has at most ${longestSocketPath}`,
      remedy: "set CREEL_SANDBOX to a folder with a shorter path",
    });
  }
  if (!(await ownProcess()) && (await answers(daemon.socket)).ok) {
    faults.push({
      path: daemon.socket,
      found: "is taken by a Docker daemon that this sandbox did not start",
      remedy: "stop that daemon, or set CREEL_SANDBOX to another folder",
    });
  }
  return faults;
}

/**
 * Starts Debian's Docker as the sandbox's own daemon, or finds it running.
 *
 * It has no default bridge and leaves the packet filter alone, so that it neither disturbs another daemon nor leaves
 * rules behind; the sandbox sets the few rules that its network needs. Containers outlive the daemon.
 */
export async function startDaemon(report: (line: string) => void): Promise<DockerChoice> {
  const { daemon } = sandboxFiles();
  const choice = { socket: daemon.socket, ownDaemon: true };
  if ((await ownProcess()) && (await answers(daemon.socket)).ok) return choice;
  await installPrograms(["dockerd", "iptables"], report);
  report("starting a Docker daemon of the sandbox's own");
  await stopDaemon();
  await mkdir(daemon.data, { recursive: true, mode: 0o711 });
  await mkdir(daemon.exec, { recursive: true, mode: 0o711 });
  const args = [
    ...["--data-root", daemon.data, "--exec-root", daemon.exec, "--pidfile", daemon.pid],
    ...["--host", `unix://${daemon.socket}`, "--bridge", "none", "--iptables=false", "--live-restore"],
    // Never used, but a daemon without pools of its own looks for free ranges among everybody's.
    ...["--default-address-pool", "base=10.213.0.0/16,size=26"],
  ];
  const log = openSync(daemon.log, "w", 0o600);
  const child = spawn(findProgram("dockerd")!, args, { detached: true, stdio: ["ignore", log, log] });
  child.unref();
  let exited: number | null | undefined;
  child.once("exit", (code) => {
    exited = code;
  });
  child.once("error", () => {
    exited = -1;
  });
  for (const end = Date.now() + 60_000; Date.now() < end && exited === undefined; ) {
    if ((await answers(daemon.socket)).ok) return choice;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new SandboxError([
    {
      path: daemon.log,
      found: `the Docker daemon did not start: ${await lastError(daemon.log)}`,
      remedy: "read that log; or start Docker yourself, and the sandbox will use it",
    },
  ]);
}

/** Stops the sandbox's own daemon, if it runs. Its images stay on disk. */
export async function stopDaemon(): Promise<void> {
  const { daemon } = sandboxFiles();
  await stopRecorded(daemon.pid, 30, "dockerd", daemon.data);
  // Killed outright, a daemon leaves its containerd running, which would keep the next one from starting.
  await stopRecorded(path.join(daemon.exec, "containerd", "containerd.pid"), 10, "containerd", daemon.exec);
  await rm(daemon.socket, { force: true });
}

/** Removes what a stopped daemon leaves of its running state: mounted network namespaces, sockets, its log. */
export async function clearDaemon(): Promise<void> {
  const { daemon, daemonFolder } = sandboxFiles();
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  const below = mounts.filter((mount) => mount.startsWith(`${daemonFolder}/`));
  for (const mount of below.reverse()) await execa("umount", [mount]);
  for (const left of [daemon.exec, daemon.pid, daemon.log]) await rm(left, { recursive: true, force: true });
}

/** Whether the daemon whose socket is ours is the process that we started. */
async function ownProcess(): Promise<number | undefined> {
  const { daemon } = sandboxFiles();
  return recordedProcess(daemon.pid, "dockerd", daemon.data);
}

/** Pid and command line of the sandbox's own daemon, for `status`. */
export async function daemonProcess(): Promise<{ pid: number; command: string } | undefined> {
  const pid = await ownProcess();
  return pid === undefined ? undefined : { pid, command: commandLine(pid) ?? "" };
}

async function lastError(log: string): Promise<string> {
  const lines = (await readFile(log, "utf8").catch(() => "")).trim().split("\n");
  const line = [...lines].reverse().find((text) => /level=(fatal|error)|failed/.test(text)) ?? lines.at(-1);
  return line?.replace(/^.*msg=/, "") || "it wrote no reason";
}
