import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { SandboxFault } from "./faults";

/** Programs that the sandbox, deploying into it and testing it may have to install here, and the Debian package of each. */
const packageOf = {
  chromium: "chromium",
  dockerd: "docker.io",
  ip: "iproute2",
  iptables: "iptables",
  mmdebstrap: "mmdebstrap",
  nft: "nftables",
  python3: "python3",
  ssh: "openssh-client",
} as const;

export type HostProgram = keyof typeof packageOf;

const policyFile = "/usr/sbin/policy-rc.d";

/** Path of a program, looked for where root's programs are too; undefined when it is not installed. */
export function findProgram(name: string, searchPath = process.env.PATH ?? ""): string | undefined {
  return [...searchPath.split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Fields of /etc/os-release. */
export function osRelease(): Record<string, string> {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const match = /^(\w+)="?([^"]*)"?$/.exec(line);
      return match ? [[match[1]!, match[2]!]] : [];
    }),
  );
}

/** Whether this computer's packages come by apt from Debian or a distribution made from it. */
export function hasApt(): boolean {
  const { ID = "", ID_LIKE = "" } = osRelease();
  return [ID, ...ID_LIKE.split(" ")].includes("debian") && findProgram("apt-get") !== undefined;
}

/** What keeps the sandbox from having a program: nothing when it is installed or apt can install it. */
export function programFault(program: HostProgram, purpose: string): SandboxFault | undefined {
  if (findProgram(program) || hasApt()) return undefined;
  return { path: program, found: "is not installed", remedy: `install it: it is needed ${purpose}` };
}

/**
 * Installs what is missing of some programs, without starting any service.
 *
 * @returns the programs that were installed
 */
export async function installPrograms(programs: HostProgram[], report: (line: string) => void): Promise<HostProgram[]> {
  const missing = programs.filter((program) => !findProgram(program));
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map((program) => packageOf[program]))];
  report(`installing Debian's ${packages.join(", ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await execa("apt-get", ["update", "-q"], { env });
  const install = ["install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", ...packages];
  await withoutServiceStarts(() => execa("apt-get", install, { env }));
  if (packages.includes("docker.io") && existsSync("/run/systemd/system")) {
    // The package enables its service for the next boot; whoever wants that will say so.
    await execa("systemctl", ["disable", "docker.service", "docker.socket", "containerd.service"], { reject: false });
  }
  return missing;
}

/** Debian's own way to keep packages from starting their services while they are installed. */
async function withoutServiceStarts(work: () => PromiseLike<unknown>): Promise<void> {
  if (existsSync(policyFile)) {
    await work();
    return;
  }
  await writeFile(policyFile, "#!/bin/sh\nexit 101\n");
  await chmod(policyFile, 0o755);
  try {
    await work();
  } finally {
    await rm(policyFile, { force: true });
  }
}
