import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa, type ResultPromise } from "execa";
import { script } from "../engine/folders";
import { DockerDaemon } from "../plugins/dockerDaemon";
import { Sshd } from "../plugins/sshd";
import { FakeMachine } from "./fakeMachine";

/** Programs that a server has before anyone takes it over. */
const programs = ["apt-get", "sudo", "visudo", "sshd", "ss", "useradd", "docker"];

/** Makes a directory that stands for a machine into one that can be taken over. */
export function prepare(machine: FakeMachine): FakeMachine {
  machine.write("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n');
  mkdirSync(path.join(machine.root, "run/systemd/system"), { recursive: true });
  for (const program of programs) script(path.join(machine.root, "usr/bin", program));
  return machine;
}

/**
 * A server that is somebody else's: a real sshd that lets `root` and `deploy` in, a real Docker, and around them a directory
 * that stands for the rest of the machine, with the real programs of a hardened server working on it.
 */
export class ExistingMachine {
  readonly machine = prepare(new FakeMachine());
  readonly docker: DockerDaemon;
  sshd!: Sshd;
  private agent: ResultPromise | undefined;

  constructor() {
    const folders = ["/run/agent-secrets", "/var/lib/agents"];
    for (const folder of folders) mkdirSync(this.at(folder), { recursive: true });
    this.docker = new DockerDaemon(Object.fromEntries(folders.map((folder) => [this.at(folder), folder])));
    this.machine.remember({ real: ["docker ps", "docker inspect", "docker network", "docker image"] });
  }

  /** Where a path of the machine really is. */
  at(file: string): string {
    return path.join(this.machine.root, file);
  }

  /** What a deployment needs in its environment: an ssh-agent with the key that may log in. */
  get environment(): Record<string, string> {
    return { SSH_AUTH_SOCK: path.join(this.sshd.folder, "agent.sock") };
  }

  async start(): Promise<void> {
    await this.docker.start();
    const bin = path.join(this.machine.folder, "bin");
    const environment = `PATH=${bin}:/usr/local/bin:/usr/bin:/bin DOCKER_HOST=unix://${this.docker.socket}`;
    // Not SetEnv: a login shell may set another PATH, and the programs would then take over this computer.
    this.sshd = await Sshd.prepare([`ForceCommand exec env ${environment} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`]);
    writeFileSync(path.join(this.sshd.folder, "passwd"), "deploy:x:0:0::/root:/bin/sh\n", { flag: "a" });
    this.writePrograms(bin);
    await this.sshd.start();
    const options = { stdout: "ignore", stderr: "ignore", reject: false } as const;
    this.agent = execa("ssh-agent", ["-D", "-a", this.environment.SSH_AUTH_SOCK!], options);
    const add = () => execa("ssh-add", ["-q", path.join(this.sshd.folder, "client")], { env: this.environment });
    for (let tries = 0; (await add().catch((error) => error)) instanceof Error; tries++) {
      if (tries > 20) throw new Error("ssh-agent did not start");
      await new Promise((done) => setTimeout(done, 100));
    }
    for (const user of ["root", "deploy"]) await this.assertApart(user, bin);
  }

  /** Fails unless what a user runs there is kept from this computer. */
  private async assertApart(user: string, bin: string): Promise<void> {
    const options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
    const programs = ["python3", "sudo", "creel-agent"];
    const ask = programs.map((program) => `command -v ${program}`).join("; ");
    const words = [...options, "-p", String(this.sshd.port), `${user}@127.0.0.1`, ask];
    const { stdout } = await execa("ssh", words, { env: this.environment });
    const own = programs.map((program) => path.join(bin, program)).join("\n");
    if (stdout !== own) throw new Error(`${user} would run ${stdout}`);
  }

  async stop(): Promise<void> {
    this.agent?.kill();
    await this.agent;
    await this.sshd?.stop();
    await this.docker.stop();
    this.machine.remove();
  }

  /** `python3` takes each program to the directory, one at a time; `sudo` is nobody but root already. */
  private writePrograms(bin: string): void {
    const { folder, root } = this.machine;
    script(path.join(bin, "sudo"), '[ "$1" = -n ] && shift', 'exec "$@"');
    script(
      path.join(bin, "python3"),
      "shift",
      `file=$(mktemp ${folder}/program-XXXXXX)`,
      `cat "$1" | sed 's#^ROOT = "/"#ROOT = "${root}"#' > "$file"`,
      "shift",
      `grep -q '^STATUS = ' "$file" && set -- --root ${root} "$@"`,
      `exec flock ${folder}/lock /usr/bin/python3 -B ${path.join(__dirname, "fakePrograms.py")} ${folder} "$file" "$@"`,
    );
    script(path.join(bin, "creel-agent"), `exec python3 -I ${root}/usr/local/sbin/creel-agent "$@"`);
  }
}
