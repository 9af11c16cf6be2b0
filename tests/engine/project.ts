import { symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa, type Options, type ResultPromise } from "execa";
import type { Engine } from "../../engine/engine";
import { packageFolder } from "../../engine/paths";
import { temporaryFolder } from "./folders";

/** A Pulumi project of one file with a stack "test", its state in its own folder; all of it goes when the test ends. */
export class Project {
  private constructor(
    readonly folder: string,
    private readonly engine: Engine,
  ) {}

  /**
   * @param program the text of index.js (or of the file that main names)
   * @param runtime what Pulumi.yaml says about the runtime, as JSON. Default: nodejs without TypeScript
   */
  static async create(
    engine: Engine,
    program: string,
    { runtime = { name: "nodejs", options: { typescript: false } } as object, main = "index.js" } = {},
  ): Promise<Project> {
    const project = new Project(temporaryFolder(), engine);
    project.write("Pulumi.yaml", JSON.stringify({ name: "tiny", main, runtime }));
    project.write("package.json", JSON.stringify({ name: "tiny", dependencies: { "@pulumi/pulumi": "*" } }));
    project.write(main, program);
    symlinkSync(path.join(packageFolder, "node_modules"), path.join(project.folder, "node_modules"));
    await project.pulumi("stack", "init", "test");
    return project;
  }

  write(file: string, text: string): void {
    writeFileSync(path.join(this.folder, file), text);
  }

  /** Starts the CLI. */
  start(args: string[], options: Options = {}): ResultPromise {
    return execa(this.engine.pulumi, args, {
      cwd: this.folder,
      env: {
        ...this.engine.env,
        PULUMI_BACKEND_URL: `file://${this.folder}`,
        PULUMI_CONFIG_PASSPHRASE: "open sesame",
        NO_COLOR: "1",
      },
      stdin: "ignore",
      ...options,
    });
  }

  /** Runs the CLI to its end and resolves to everything it printed. */
  async pulumi(...args: string[]): Promise<string> {
    return (await this.start(args, { all: true })).all as string;
  }

  /** Runs the CLI, which must fail, and resolves to everything it printed. */
  async pulumiFails(...args: string[]): Promise<string> {
    const result = await this.start(args, { all: true, reject: false });
    if (!result.failed) throw new Error(`pulumi ${args.join(" ")} was expected to fail:\n${result.all}`);
    return result.all as string;
  }

  async outputs(): Promise<Record<string, unknown>> {
    const result = await this.start(["stack", "output", "--json", "--show-secrets"]);
    return JSON.parse(result.stdout as string);
  }
}
