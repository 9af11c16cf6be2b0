import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cacheFolder } from "../../engine/paths";

/** Why no real sshd can be started here, or undefined when one can. */
export function sshdMissing(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  if (process.getuid?.() !== 0) return "sshd needs root";
  try {
    sshdProgram();
    return undefined;
  } catch (error) {
    return `no sshd, and Debian's package could not be had: ${(error as Error).message.split("\n")[0]}`;
  }
}

interface Program {
  sshd: string;
  /** Where its shared libraries are, if not where the system looks. */
  libraries?: string;
}

/** The system's sshd, or Debian's, unpacked into the cache: nothing is installed. */
function sshdProgram(): Program {
  if (existsSync("/usr/sbin/sshd")) return { sshd: "/usr/sbin/sshd" };
  const folder = path.join(cacheFolder(), "sshd");
  if (!existsSync(folder)) {
    mkdirSync(cacheFolder(), { recursive: true });
    const unpacked = mkdtempSync(path.join(cacheFolder(), "sshd-"));
    const options = { cwd: unpacked, stdio: "pipe", timeout: 60_000 } as const;
    execFileSync("apt-get", ["download", "openssh-server", "libwrap0"], options);
    execFileSync("sh", ["-c", "for deb in *.deb; do dpkg-deb -x $deb . && rm $deb; done"], options);
    renameSync(unpacked, folder);
  }
  const triplet = execFileSync("dpkg-architecture", ["-qDEB_HOST_MULTIARCH"], { encoding: "utf8" }).trim();
  return { sshd: path.join(folder, "usr/sbin/sshd"), libraries: path.join(folder, "usr/lib", triplet) };
}

/** A real sshd on a loopback port, with keys of its own; root logs in with the client key only. */
export class Sshd {
  readonly folder = mkdtempSync(path.join(tmpdir(), "creel-sshd-"));
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly program: Program,
    private readonly settings: string[],
  ) {}

  /** `settings`: further lines of sshd_config. The server is not running yet. */
  static async prepare(settings: string[] = []): Promise<Sshd> {
    const sshd = new Sshd(await freePort(), sshdProgram(), settings);
    for (const name of ["host", "client", "other"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path.join(sshd.folder, name)]);
    }
    writeFileSync(path.join(sshd.folder, "authorized_keys"), sshd.publicKey("client"));
    const passwd = readFileSync("/etc/passwd", "utf8");
    const separated = /^sshd:/m.test(passwd) ? "" : "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n";
    writeFileSync(path.join(sshd.folder, "passwd"), passwd + separated);
    writeFileSync(path.join(sshd.folder, "config"), sshd.config());
    return sshd;
  }

  /** OpenSSH public key: of the server (`host`), of the user who may log in (`client`), of nobody (`other`). */
  publicKey(name: "host" | "client" | "other"): string {
    return readFileSync(path.join(this.folder, `${name}.pub`), "utf8").trim();
  }

  privateKey(name: "client" | "other"): string {
    return readFileSync(path.join(this.folder, name), "utf8");
  }

  /** In a mount namespace of its own, where its unprivileged user and /run/sshd exist whatever the machine has. */
  async start(): Promise<void> {
    const script =
      'mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind "$1/passwd" /etc/passwd && ' +
      'exec "$2" -D -e -f "$1/config"';
    const { sshd, libraries } = this.program;
    this.child = spawn("unshare", ["--mount", "sh", "-c", script, "sh", this.folder, sshd], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) },
    });
    let complaints = "";
    this.child.stderr!.on("data", (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    for (let tries = 0; !(await answers(this.port)); tries++) {
      if (this.child.exitCode !== null || tries > 100) throw new Error(`sshd did not start: ${complaints}`);
      await wait(50);
    }
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

  private config(): string {
    return [
      `ListenAddress 127.0.0.1:${this.port}`,
      `HostKey ${this.folder}/host`,
      `AuthorizedKeysFile ${this.folder}/authorized_keys`,
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "PidFile none",
      "AcceptEnv LANG LC_*",
      "Subsystem sftp internal-sftp",
      "PermitUserRC no",
      ...this.settings,
      "",
    ].join("\n");
  }
}

/** A loopback port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
