import { randomBytes } from "node:crypto";
import { rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
import pc from "picocolors";
import { type Engine, prepareEngine } from "../engine/engine";
import { preflight, readWorld, sandboxFolder, type World, worldDown, worldUp } from "../sandbox/world";
import { Deployment } from "./deployment";
import { leakChecks } from "./leaks";
import { agentChecks, type Check, type DeployedAgent, type DeployedServer, flowChecks } from "./proof";
import { environment, openSandboxStack } from "./sandboxStack";

const secretName = "MODEL_API_KEY";

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
        await keepSecret(demo.deployment);
      }),
      step("pulumi up", async (demo, report) => {
        await demo.deployment.pulumi(["up", "--yes", "--suppress-outputs"], { onLine: report });
      }),
      step("Looking at what was deployed", async (demo, report) => {
        demo.checks = await prove(demo.deployment, demo.world, report);
      }),
    ]).run(context);
    return await summary(context, started);
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

/** The demo's one secret is made up once and then kept, so that a second run has nothing to do. */
async function keepSecret(deployment: Deployment): Promise<void> {
  const key = `creel:secrets.atlas.${secretName}`;
  const present = await deployment.pulumi(["config", "get", "--path", key], { reject: false });
  if (present.exitCode !== 0) await deployment.setSecret(key, `demo-${randomBytes(24).toString("hex")}`);
}

/** Every check there is, on the demo's one server and agent. */
async function prove(deployment: Deployment, world: World, report: Report): Promise<Check[]> {
  const { fleet } = (await deployment.outputs()) as {
    fleet: { servers: Record<string, DeployedServer>; agents: Record<string, DeployedAgent> };
  };
  const [name, agent] = Object.entries(fleet.agents)[0]!;
  const server = fleet.servers[agent.server]!;
  const value = (
    await deployment.pulumi(["config", "get", "--path", `creel:secrets.${name}.${secretName}`])
  ).stdout.trim();
  const canary = { agent: name, key: secretName, value };
  report("agent and its secret");
  const checks = await agentChecks(deployment, server, agent, canary);
  report("network flows");
  checks.push(...(await flowChecks(deployment, server, agent, `${world.registryAddress}:443`)));
  report("where the secret is");
  checks.push(...(await leakChecks(deployment, server, canary)));
  return checks;
}

async function summary({ checks, world, deployment }: Demo, started: number): Promise<boolean> {
  for (const check of checks) {
    console.log(`${check.ok ? pc.green("✔") : pc.red("✘")} ${check.title}: ${check.seen}`);
  }
  const inventories = [
    `${new URL(world.hetzner.endpoint).origin}/_sandbox/inventory`,
    `${new URL(world.cloudflare.baseUrl).origin}/_sandbox/inventory`,
  ];
  for (const url of inventories) {
    console.log(`\n${pc.bold(url)}`);
    console.log(inventoryLines((await (await fetch(url)).json()) as Record<string, { names: string[] }>).join("\n"));
  }
  const failed = checks.filter((check) => !check.ok).length;
  console.log(
    `\n${checks.length - failed} of ${checks.length} checks hold, after ${Math.round((Date.now() - started) / 1000)} s.`,
  );
  console.log(`Stack: ${deployment.folder}  Remove everything: npm run demo -- --down`);
  return failed === 0;
}

/** One line per kind of resource that the emulated cloud holds. */
function inventoryLines(inventory: Record<string, { names: string[] }>): string[] {
  return Object.entries(inventory)
    .filter(([, { names }]) => names.length > 0)
    .map(([kind, { names }]) => `  ${kind}: ${names.join(", ")}`);
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
