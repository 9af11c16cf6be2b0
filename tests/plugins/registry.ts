import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cacheFolder } from "../../engine/paths";
import { freePort } from "./sshd";

/** Why no registry can be started here, or undefined when one can. */
export function registryMissing(): string | undefined {
  try {
    registryProgram();
    return undefined;
  } catch (error) {
    return `no docker-registry, and Debian's package could not be had: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** The system's docker-registry, or Debian's, unpacked into the cache: nothing is installed. */
function registryProgram(): string {
  if (existsSync("/usr/bin/docker-registry")) return "/usr/bin/docker-registry";
  const folder = path.join(cacheFolder(), "docker-registry");
  if (!existsSync(folder)) {
    mkdirSync(cacheFolder(), { recursive: true });
    const unpacked = mkdtempSync(path.join(cacheFolder(), "docker-registry-"));
    const options = { cwd: unpacked, stdio: "pipe", timeout: 120_000 } as const;
    execFileSync("apt-get", ["download", "docker-registry"], options);
    execFileSync("sh", ["-c", "dpkg-deb -x *.deb . && rm *.deb"], options);
    renameSync(unpacked, folder);
  }
  return path.join(folder, "usr/bin/docker-registry");
}

/** A real registry on loopback, where Docker accepts plain HTTP; its images go when it is stopped. */
export class Registry {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "creel-registry-"));
  private child: ChildProcess | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<Registry> {
    const registry = new Registry(await freePort());
    const config = path.join(registry.folder, "config.yml");
    writeFileSync(
      config,
      `version: 0.1\nlog: { level: error, accesslog: { disabled: true } }\n` +
        `storage: { filesystem: { rootdirectory: ${registry.folder}/data } }\n` +
        `http: { addr: "127.0.0.1:${registry.port}" }\n`,
    );
    registry.child = spawn(registryProgram(), ["serve", config], { stdio: "ignore" });
    for (let tries = 0; !(await registry.answers()); tries++) {
      if (tries > 100 || registry.child.exitCode !== null) throw new Error("docker-registry did not start");
      await wait(50);
    }
    return registry;
  }

  private answers(): Promise<boolean> {
    return fetch(`http://127.0.0.1:${this.port}/v2/`).then(
      (response) => response.ok,
      () => false,
    );
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
