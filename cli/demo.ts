import { rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { execa } from "execa";
import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
import { type Engine, prepareEngine } from "../engine/engine";
import { preflight, readWorld, sandboxFolder, type World, worldDown, worldUp } from "../sandbox/world";
import { proveDemo } from "./demoProof";
import { keepSecrets } from "./demoSecrets";
import { showDemo } from "./demoSummary";
import { Deployment } from "./deployment";
import type { Check } from "./proof";
import { environment, openSandboxStack } from "./sandboxStack";

/** What the demo's steps hand on. */
interface Demo {
  engine: Engine;
  world: World;
  deployment: Deployment;
  checks: Check[];
}

type Report = (line: string) => void;

/** `creel demo`: the whole path on this computer, and proof on screen; `--down` removes all of it. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("deploy a hardened server with one agent into the sandbox, and prove what came out")
    .option("--down", "destroy the deployment and remove the sandbox")
    .enablePositionalOptions()
    .addCommand(
      new Command("exec")
        .description("run a command in the folder and environment of the demo's stack, such as pulumi preview")
        .argument("<command>")
        .argument("[words...]")
        .passThroughOptions()
        .action(async (command: string, words: string[]) => {
          process.exitCode = await execute(command, words);
        }),
    )
    .action(async (options: { down?: boolean }) => {
      process.exitCode = (await (options.down ? down() : up())) ? 0 : 1;
    });
}

async function up(): Promise<boolean> {
  const started = Date.now();
  const context = {} as Demo;
  try {
    await tasks([
      step("This computer", async () => {
        await preflight();
        // A stack without its world describes things that are gone.
        if ((await readWorld()) === undefined) await forgetDemo();
      }),
      step("Pulumi engine", async (demo, report) => {
        demo.engine = await prepareEngine({ report });
      }),
      step("Sandbox: clouds, registry, DNS", async (demo, report) => {
        demo.world = await worldUp(report);
      }),
      step(`Environment ${environment}`, async (demo) => {
        demo.deployment = await openSandboxStack(demoFolder(), demo.engine, demo.world);
        await keepSecrets(demo.deployment);
      }),
      step("pulumi up", async (demo, report) => {
        await demo.deployment.pulumi(["up", "--yes", "--suppress-outputs"], { onLine: report });
      }),
      step("Looking at what was deployed", async (demo, report) => {
        demo.checks = await proveDemo(demo.deployment, demo.world, report);
      }),
    ]).run(context);
    return await showDemo(context, started);
  } finally {
    await context.deployment?.close();
  }
}

/** Destroys the deployment as its owner would; then the sandbox goes, whatever the destroy said. */
async function down(): Promise<boolean> {
  const context = {} as Demo;
  let destroyed = true;
  await tasks([
    step("pulumi destroy", async (demo, report, skip) => {
      if (!Deployment.exists(demoFolder(), environment) || !(await readWorld())) return skip("nothing is deployed");
      destroyed = false;
      demo.engine = await prepareEngine({ report });
      demo.world = await worldUp(report);
      demo.deployment = await openSandboxStack(demoFolder(), demo.engine, demo.world);
      await demo.deployment.pulumi(["destroy", "--yes"], { onLine: report });
      destroyed = true;
    }),
  ])
    .run(context)
    .catch((error: Error) => console.error(error.message))
    .finally(() => context.deployment?.close());
  await tasks([
    step("Sandbox", async (_demo, report) => {
      await worldDown(report);
      await forgetDemo();
    }),
  ]).run(context);
  return destroyed;
}

/** Runs a command as the demo runs Pulumi: with its engine, backend, passphrase and key. */
async function execute(command: string, words: string[]): Promise<number> {
  const world = await readWorld();
  if (!demoExists() || world === undefined) throw new Error("the demo is not deployed: npm run demo deploys it");
  const deployment = await openSandboxStack(demoFolder(), await prepareEngine({}), world);
  try {
    const options = { cwd: deployment.folder, env: deployment.environment, stdio: "inherit", reject: false } as const;
    const { exitCode, message } = await execa(command, words, options);
    if (exitCode === undefined) console.error(message);
    return exitCode ?? 127;
  } finally {
    await deployment.close();
  }
}

/** Where the demo's stack is kept: with the sandbox, whose end is its end. */
function demoFolder(): string {
  return path.join(sandboxFolder(), "demo");
}

/** Removes the demo's stack from this computer. What it describes has to be gone, or about to go with the sandbox. */
export async function forgetDemo(): Promise<void> {
  await rm(demoFolder(), { recursive: true, force: true });
  // Only the last of the two to go leaves the sandbox's folder empty.
  await rmdir(sandboxFolder()).catch(() => undefined);
}

/** Whether the demo is deployed, or was left half-way. */
export function demoExists(): boolean {
  return Deployment.exists(demoFolder(), environment);
}

/** A step of the demo; what it reports is shown beside its title, or as plain lines where there is no terminal. */
function step(
  title: string,
  run: (demo: Demo, report: Report, skip: (why: string) => void) => Promise<void>,
): ListrTask<Demo> {
  return {
    title,
    task: (demo, task) =>
      run(
        demo,
        (line) => {
          if (line.trim() !== "") task.output = line;
        },
        (why) => task.skip(`${title}: ${why}`),
      ),
  };
}

function tasks(steps: ListrTask<Demo>[]): Listr<Demo> {
  return new Listr<Demo>(steps, {
    concurrent: false,
    rendererOptions: { timer: PRESET_TIMER },
    fallbackRendererOptions: { timer: PRESET_TIMER },
  });
}
