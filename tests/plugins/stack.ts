import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { prepareEngine } from "../../engine/engine";

const repository = path.resolve(__dirname, "../..");

interface ExportedResource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** One `pulumi` run; nothing is thrown for a failed one. */
export interface Run {
  ok: boolean;
  /** stdout and stderr as the user sees them. */
  output: string;
}

/** A small Node program under the real engine, with a state of its own in a temporary folder. */
export class ProgramStack {
  private constructor(
    readonly folder: string,
    private readonly pulumi: string,
    private readonly env: Record<string, string>,
    private readonly packages: string[],
  ) {}

  /** `packages`: names of the Pulumi packages that the program may use. */
  static async open(
    env: Record<string, string> = {},
    packages: string[] = ["random", "command"],
  ): Promise<ProgramStack> {
    const engine = await prepareEngine();
    const folder = await mkdtemp(path.join(tmpdir(), "creel-plugins-"));
    await writeFile(
      path.join(folder, "Pulumi.yaml"),
      `name: plugins\nruntime: { name: nodejs, options: { typescript: false } }\nbackend: { url: "file://${folder}" }\n`,
    );
    const dependencies = Object.fromEntries(["pulumi", ...packages].map((name) => [`@pulumi/${name}`, "*"]));
    await writeFile(
      path.join(folder, "package.json"),
      JSON.stringify({ name: "plugins", main: "index.js", dependencies }),
    );
    await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    await writeFile(path.join(folder, "index.js"), "");
    const environment = {
      ...engine.env,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      ...env,
    };
    const stack = new ProgramStack(folder, engine.pulumi, environment, packages);
    const made = await stack.run("stack", "init", "test");
    if (!made.ok) throw new Error(made.output);
    return stack;
  }

  /** Replaces the program; `pulumi` and the packages are in scope under their names. */
  async program(source: string): Promise<void> {
    const scope = ["pulumi", ...this.packages].map((name) => `const ${name} = require("@pulumi/${name}");`).join("\n");
    await writeFile(path.join(this.folder, "index.js"), `${scope}\n${source}\n`);
  }

  /** A run that is under way, to be awaited or interrupted. */
  start(...args: string[]) {
    const options = { cwd: this.folder, env: this.env, all: true, reject: false, stdin: "ignore" } as const;
    return execa(this.pulumi, [...args, "--non-interactive"], options);
  }

  async run(...args: string[]): Promise<Run> {
    const result = await this.start(...args);
    return { ok: result.exitCode === 0, output: result.all };
  }

  /** `pulumi up`; throws with its output when it fails. */
  async up(source?: string): Promise<string> {
    if (source !== undefined) await this.program(source);
    return this.must("up", "--yes", "--skip-preview");
  }

  async must(...args: string[]): Promise<string> {
    const run = await this.run(...args);
    if (!run.ok) throw new Error(run.output);
    return run.output;
  }

  /** The program and the world agree: refresh and preview find nothing to do. */
  async expectSettled(): Promise<void> {
    await this.must("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await this.must("preview", "--expect-no-changes");
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.must("stack", "output", "--json", "--show-secrets"));
  }

  /** The state as stored, secrets encrypted. */
  async stateText(): Promise<string> {
    return this.must("stack", "export");
  }

  async resource(name: string): Promise<ExportedResource> {
    const { deployment } = JSON.parse(await this.must("stack", "export", "--show-secrets")) as {
      deployment: { resources?: ExportedResource[] };
    };
    const found = deployment.resources?.find((resource) => resource.urn.endsWith(`::${name}`));
    if (!found) throw new Error(`no resource ${name} in state`);
    return found;
  }

  /** Destroys everything, checks that nothing is left, and removes the folder. */
  async close(): Promise<void> {
    await this.must("destroy", "--yes", "--skip-preview");
    const { deployment } = JSON.parse(await this.must("stack", "export")) as { deployment: { resources?: unknown[] } };
    if ((deployment.resources ?? []).length > 1) throw new Error("destroy left resources in state");
    await rm(this.folder, { recursive: true, force: true });
  }
}
