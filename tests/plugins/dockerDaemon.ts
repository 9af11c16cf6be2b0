import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Docker from "dockerode";

/** Why no private daemon can be started here, or undefined when one can. */
export function dockerdMissing(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "dockerd needs root";
  try {
    execFileSync("sh", ["-c", "command -v dockerd && command -v docker && command -v ip && command -v go"], {
      stdio: "pipe",
    });
    return undefined;
  } catch {
    return "needs dockerd, docker, ip and go (Debian: docker.io, iproute2, golang)";
  }
}

/** The first /24 of the benchmark range (RFC 2544) that no other daemon on this computer uses. */
function freeRange(): number {
  const used = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  for (let range = 1; range < 100; range++) if (!used.includes(`198.18.${range}.1`)) return range;
  throw new Error("no free address range for a Docker bridge");
}

const BOX = `package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	switch os.Args[1] {
	case "sleep":
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "user":
		fmt.Println(os.Getuid())
	}
}
`;

/** Shell text that runs its arguments where other folders have been mounted. */
function mounting(folders: Record<string, string>): string {
  const mounts = Object.entries(folders).map(([real, seen]) => `mkdir -p ${seen} && mount --bind ${real} ${seen}`);
  const empty = mounts.length > 0 ? ["mount -t tmpfs tmpfs /run", "mount -t tmpfs tmpfs /var/lib"] : [];
  return ["mount --make-rprivate /", ...empty, ...mounts, 'exec "$0" "$@"'].join(" && ");
}

/** A Docker daemon of our own: data, sockets and bridge are gone when it is stopped. */
export class DockerDaemon {
  readonly folder = mkdtempSync(path.join(tmpdir(), "creel-dockerd-"));
  readonly socket = path.join(this.folder, "docker.sock");
  readonly docker = new Docker({ socketPath: this.socket, host: undefined });
  private readonly bridge = `creel-${process.pid.toString(36).slice(-6)}`;
  private readonly range = freeRange();
  /** Address of the host on the default bridge. */
  readonly gateway = `198.18.${this.range}.1`;
  /** For a network with a fixed range of its own. */
  readonly subnet = `198.18.${100 + this.range}.0/24`;
  private child: ChildProcess | undefined;

  /** @param folders folders that the daemon finds elsewhere, below /run or /var/lib: its path by the real one */
  constructor(private readonly folders: Record<string, string> = {}) {}

  async start(): Promise<void> {
    execFileSync("ip", ["link", "add", this.bridge, "type", "bridge"]);
    execFileSync("ip", ["addr", "add", `${this.gateway}/24`, "dev", this.bridge]);
    execFileSync("ip", ["link", "set", this.bridge, "up"]);
    const log = path.join(this.folder, "log");
    this.child = spawn(
      "unshare",
      [
        ...["--mount", "sh", "-c", mounting(this.folders), "dockerd"],
        ...["--data-root", path.join(this.folder, "data")],
        ...["--exec-root", path.join(this.folder, "exec")],
        ...["--pidfile", path.join(this.folder, "pid")],
        ...["-H", `unix://${this.socket}`],
        ...["--bridge", this.bridge],
        ...["--default-address-pool", `base=198.19.${this.range}.0/24,size=28`],
        "--iptables=false",
        "--ip-masq=false",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    const file = createWriteStream(log);
    this.child.stdout!.pipe(file);
    this.child.stderr!.pipe(file);
    for (let tries = 0; ; tries++) {
      const alive = await this.docker.ping().then(
        () => true,
        () => false,
      );
      if (alive) return;
      if (tries > 300 || this.child.exitCode !== null) {
        throw new Error(`dockerd did not start: ${readFileSync(log, "utf8").slice(-2000)}`);
      }
      await wait(100);
    }
  }

  /** An image "box" of one static program: `sleep` until told to stop, `ok`, `exit CODE`, `user`. Variants differ in a label. */
  makeImage(name: string, label = "1"): void {
    const folder = mkdtempSync(path.join(this.folder, "image-"));
    writeFileSync(path.join(folder, "main.go"), BOX);
    writeFileSync(path.join(folder, "go.mod"), "module box\n\ngo 1.19\n");
    const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod" };
    execFileSync("go", ["build", "-ldflags", "-s -w", "-o", "bin/box", "."], { cwd: folder, env, stdio: "pipe" });
    execFileSync("tar", ["-cf", "image.tar", "bin"], { cwd: folder });
    const changes = ['ENTRYPOINT ["/bin/box"]', 'CMD ["sleep"]', `LABEL variant=${label}`];
    const options = changes.flatMap((change) => ["--change", change]);
    this.cli("import", ...options, path.join(folder, "image.tar"), name);
  }

  /** Runs the docker client on this daemon; its output. */
  cli(...args: string[]): string {
    return execFileSync("docker", ["-H", `unix://${this.socket}`, ...args], { encoding: "utf8" }).trim();
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
    }
    if (existsSync(`/sys/class/net/${this.bridge}`)) execFileSync("ip", ["link", "delete", this.bridge]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
