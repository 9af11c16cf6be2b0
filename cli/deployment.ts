import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa, type ResultPromise } from "execa";
import { parseDocument } from "yaml";
import type { Engine } from "../engine/engine";
import { packageFolder } from "../engine/paths";

/** Where a deployment keeps what belongs to it alone: state, passphrase, SSH key, stack file. */
export interface DeploymentOptions {
  /** Folder of the deployment, made when missing; readable by its owner only. */
  folder: string;
  /** Name of the environment: the stack's name, and `Pulumi.<environment>.yaml` is its template. */
  environment: string;
  engine: Engine;
  /** Folder with the Pulumi.yaml and stack file to start from. Default: this package's own. */
  project?: string;
}

/** One run of the Pulumi CLI. */
export interface PulumiRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * A stack on this computer: file backend, passphrase from a file, an ssh-agent with one key of its own.
 *
 * Its folder is a Pulumi project that runs the same compiled program (through the link `program`), with the stack file
 * copied from the environment's: a run must never edit a committed file, and the CLI writes the encryption salt into
 * the stack file beside Pulumi.yaml whatever `--config-file` says.
 */
export class Deployment {
  private agent?: { child: ResultPromise; socket: string };

  private constructor(private readonly options: DeploymentOptions) {}

  /** Makes the folder, passphrase, SSH key, stack file and stack where they are missing, and starts the ssh-agent. */
  static async open(options: DeploymentOptions): Promise<Deployment> {
    const deployment = new Deployment(options);
    await mkdir(path.join(options.folder, "state"), { recursive: true, mode: 0o700 });
    await chmod(options.folder, 0o700);
    await createOnce(deployment.passphraseFile, () => randomBytes(24).toString("base64url"));
    if (!existsSync(deployment.keyFile)) {
      await execa("ssh-keygen", [
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        `creel-${options.environment}`,
        "-f",
        deployment.keyFile,
      ]);
    }
    await deployment.copyProject();
    await deployment.startAgent();
    await deployment.pulumi(["stack", "select", "--create", options.environment]);
    return deployment;
  }

  /** Whether {@link open} was called for this folder before and {@link remove} was not. */
  static exists(folder: string, environment: string): boolean {
    return existsSync(path.join(folder, `Pulumi.${environment}.yaml`));
  }

  /** The folder that was given. */
  get folder(): string {
    return this.options.folder;
  }

  /** The copy of the stack file that this deployment reads and edits. */
  get stackFile(): string {
    return path.join(this.options.folder, `Pulumi.${this.options.environment}.yaml`);
  }

  /** The stack's state and its history. */
  get stateFolder(): string {
    return path.join(this.options.folder, "state");
  }

  /** OpenSSH public key of the operator, as the stack file's `operators.keys` wants it. */
  async publicKey(): Promise<string> {
    return (await readFile(`${this.keyFile}.pub`, "utf8")).trim();
  }

  /** What every child process of this deployment runs with. */
  get environment(): Record<string, string> {
    return {
      ...this.options.engine.env,
      PULUMI_BACKEND_URL: `file://${this.stateFolder}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: this.passphraseFile,
      ...(this.agent ? { SSH_AUTH_SOCK: this.agent.socket } : {}),
    };
  }

  /**
   * Runs `pulumi` on this stack.
   *
   * @param onLine called with each line of output as it appears. Default: output is only collected.
   * @throws when the exit code is not 0, unless `reject` is false; the message ends with what pulumi printed
   */
  async pulumi(
    args: string[],
    run: { onLine?: (line: string) => void; input?: string; reject?: boolean } = {},
  ): Promise<PulumiRun> {
    const stackArgs = args[0] === "stack" && args[1] === "select" ? [] : ["--stack", this.options.environment];
    const child = execa(
      this.options.engine.pulumi,
      [...args, ...stackArgs, "--non-interactive", "--color", "never", "--cwd", this.options.folder],
      { env: this.environment, input: run.input ?? "", reject: false, all: true, maxBuffer: 64 * 1024 * 1024 },
    );
    if (run.onLine) {
      for await (const line of child.iterable({ from: "all" })) run.onLine(line);
    }
    const result = await child;
    const exitCode = result.exitCode ?? 1;
    if (exitCode !== 0 && run.reject !== false) {
      throw new Error(`pulumi ${args.join(" ")} failed (exit code ${exitCode}):\n${result.all ?? ""}`);
    }
    return { exitCode, stdout: result.stdout, stderr: result.stderr };
  }

  /**
   * Edits the stack file's plain configuration, comments kept. The path is that of the YAML document below `config`; a
   * value of undefined removes what is there.
   */
  async configure(values: { path: (string | number)[]; value: unknown }[]): Promise<void> {
    const document = parseDocument(await readFile(this.stackFile, "utf8"));
    for (const { path: at, value } of values) {
      if (value === undefined) document.deleteIn(["config", ...at]);
      else document.setIn(["config", ...at], document.createNode(value));
    }
    await writeFile(this.stackFile, document.toString({ lineWidth: 0 }));
  }

  /** Stores one secret, encrypted by the stack's passphrase. The value travels by standard input, never by argument. */
  async setSecret(key: string, value: string): Promise<void> {
    await this.pulumi(["config", "set", "--secret", "--path", key], { input: value });
  }

  /** The stack's outputs; secrets stay masked. */
  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.pulumi(["stack", "output", "--json"])).stdout) as Record<string, unknown>;
  }

  /** Runs a command on a server as the operator would: the same key, the pinned host key, no known_hosts file. */
  async ssh(
    server: { ipv4: string; hostKey: string; user: string },
    command: string,
    options: { input?: string; reject?: boolean } = {},
  ) {
    return execa(
      "ssh",
      [
        ...[
          "-o",
          "BatchMode=yes",
          "-o",
          "ConnectTimeout=10",
          "-o",
          "StrictHostKeyChecking=yes",
          "-o",
          "LogLevel=ERROR",
        ],
        ...["-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null"],
        ...["-o", `KnownHostsCommand=/bin/echo %H ${server.hostKey}`],
        ...[`${server.user}@${server.ipv4}`, command],
      ],
      { env: this.environment, input: options.input ?? "", reject: options.reject ?? true },
    );
  }

  /** Stops the ssh-agent. The deployment can be opened again. */
  async close(): Promise<void> {
    this.agent?.child.kill("SIGTERM");
    await this.agent?.child.catch(() => undefined);
    this.agent = undefined;
  }

  /** Forgets the deployment: state, passphrase, key and stack file. Call it after `destroy`. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private get keyFile(): string {
    return path.join(this.options.folder, "operator_ed25519");
  }

  private get passphraseFile(): string {
    return path.join(this.options.folder, "passphrase");
  }

  private async copyProject(): Promise<void> {
    const { folder, environment, project = packageFolder } = this.options;
    await createOnce(this.stackFile, () => readFile(path.join(project, `Pulumi.${environment}.yaml`), "utf8"));
    await rm(path.join(folder, "program"), { force: true });
    await symlink(project, path.join(folder, "program"));
    const description = parseDocument(await readFile(path.join(project, "Pulumi.yaml"), "utf8"));
    description.set("main", path.posix.join("program", String(description.get("main"))));
    await writeFile(path.join(folder, "Pulumi.yaml"), description.toString());
  }

  private async startAgent(): Promise<void> {
    const socket = path.join(this.options.folder, "agent.sock");
    await rm(socket, { force: true });
    const child = execa("ssh-agent", ["-D", "-a", socket], { stdout: "ignore", stderr: "ignore", reject: false });
    this.agent = { child, socket };
    for (let i = 0; i < 100 && !existsSync(socket); i++) await new Promise((done) => setTimeout(done, 50));
    await execa("ssh-add", ["-q", this.keyFile], { env: { SSH_AUTH_SOCK: socket } });
  }
}

/** Writes a file that is missing. It appears whole or not at all: a passphrase cut off half-way would be used for ever. */
async function createOnce(file: string, content: () => string | Promise<string>): Promise<void> {
  if (existsSync(file)) return;
  await writeFile(`${file}.new`, await content(), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
