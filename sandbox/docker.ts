import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import Docker from "dockerode";
import type { SandboxFault } from "./faults";

/** Which Docker daemon the sandbox lives in. */
export interface DockerChoice {
  /** Path of its Unix socket. */
  socket: string;
  /** Whether the daemon is the sandbox's own, started and stopped with it. */
  ownDaemon: boolean;
}

/** A place where a Docker daemon may answer. */
export interface DockerCandidate {
  /** What names it: `DOCKER_HOST`, `Docker context "x"`, or the socket itself. */
  source: string;
  /** As in DOCKER_HOST: `unix:///var/run/docker.sock`. */
  host: string;
  /** Whether somebody asked for this very daemon, so that another one will not do. */
  asked: boolean;
}

/** The oldest daemon that has all that the sandbox uses: 20.10, the one of Debian 12. */
export const oldestApi = "1.41";

/** A client for a socket, whatever DOCKER_HOST says. */
export function dockerAt(socket: string): Docker {
  return new Docker({ host: undefined, socketPath: socket });
}

/**
 * Where the docker command itself would look, in its order.
 *
 * @param env environment to read; DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG and HOME count
 */
export function dockerCandidates(env: NodeJS.ProcessEnv = process.env): DockerCandidate[] {
  if (env.DOCKER_HOST) return [{ source: "DOCKER_HOST", host: env.DOCKER_HOST, asked: true }];
  const found: DockerCandidate[] = [];
  const config = env.DOCKER_CONFIG ?? path.join(env.HOME ?? os.homedir(), ".docker");
  const context = env.DOCKER_CONTEXT ?? (readJson(path.join(config, "config.json"))?.currentContext as string);
  if (context && context !== "default") {
    const id = createHash("sha256").update(context).digest("hex");
    const meta = readJson(path.join(config, "contexts", "meta", id, "meta.json"));
    const host = (meta?.Endpoints as { docker?: { Host?: string } } | undefined)?.docker?.Host;
    found.push({ source: `Docker context "${context}"`, host: host ?? "", asked: env.DOCKER_CONTEXT !== undefined });
  }
  found.push({ source: "/var/run/docker.sock", host: "unix:///var/run/docker.sock", asked: false });
  return found;
}

/**
 * The first candidate whose daemon answers and can hold the sandbox.
 *
 * @returns the daemon; or the fault of one that was asked for or that answers but will not do; or neither, when no
 *   daemon answers
 */
export async function findDocker(
  candidates = dockerCandidates(),
): Promise<{ choice?: DockerChoice; fault?: SandboxFault }> {
  for (const candidate of candidates) {
    const { source, host, asked } = candidate;
    if (!host.startsWith("unix://")) {
      if (!asked) continue;
      const remedy = "name a unix:// socket, or unset it: the sandbox needs a Docker daemon on this very computer";
      return { fault: { path: source, found: `names "${host}"`, remedy } };
    }
    const socket = host.slice("unix://".length);
    const answer = await answers(socket);
    if (answer.ok) {
      const fault = await unsuitable(source, socket);
      return fault ? { fault } : { choice: { socket, ownDaemon: false } };
    }
    if (asked) {
      const remedy = "start that daemon, or unset it to let the sandbox find or start one";
      return {
        fault: { path: source, found: `names ${socket}, where no Docker daemon answers (${answer.why})`, remedy },
      };
    }
  }
  return {};
}

/** Whether a Docker daemon answers on a socket. */
export async function answers(socket: string): Promise<{ ok: true } | { ok: false; why: string }> {
  if (!existsSync(socket)) return { ok: false, why: "no such socket" };
  try {
    const patience = AbortSignal.timeout(5000);
    await Promise.race([
      dockerAt(socket).ping(),
      new Promise((_, reject) => patience.addEventListener("abort", () => reject(new Error("no answer in 5 s")))),
    ]);
    return { ok: true };
  } catch (error) {
    return { ok: false, why: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  }
}

/** Why a daemon that answers cannot hold the sandbox, or undefined when it can. */
async function unsuitable(source: string, socket: string): Promise<SandboxFault | undefined> {
  const docker = dockerAt(socket);
  const [version, info] = await Promise.all([docker.version(), docker.info()]);
  if (compareVersions(version.ApiVersion, oldestApi) < 0) {
    return {
      path: source,
      found: `is Docker ${version.Version} (API ${version.ApiVersion})`,
      remedy: `install Docker 20.10 (API ${oldestApi}) or newer`,
    };
  }
  const reachable = "use a daemon that runs as root on this computer, so that its networks can be reached from here";
  if ((info.SecurityOptions as string[] | undefined)?.some((option) => option.includes("rootless"))) {
    return { path: source, found: "is a rootless Docker daemon", remedy: reachable };
  }
  if (info.OSType !== "linux" || String(info.OperatingSystem).includes("Docker Desktop")) {
    return { path: source, found: `runs on ${info.OperatingSystem}`, remedy: reachable };
  }
  return undefined;
}

/** Negative when a is older than b; both are dotted numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] ?? 0) - (right![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
