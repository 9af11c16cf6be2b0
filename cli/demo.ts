import { randomBytes } from "node:crypto";
import path from "node:path";
import { Command } from "commander";
import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
import pc from "picocolors";
import { type Engine, prepareEngine } from "../engine/engine";
import { readWorld, sandboxFolder, type World, worldDown, worldUp } from "../sandbox/world";
import { Deployment } from "./deployment";
import { agentChecks, type Check, type DeployedAgent, type DeployedServer, flowChecks, leakChecks } from "./proof";

const environment = "sandbox";

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
      step("Pulumi engine", async (demo, report) => {
        demo.engine = await prepareEngine({ report });
      }),
      step("Sandbox: clouds, registry, DNS", async (demo, report) => {
        demo.world = await worldUp(report);
      }),
      step(`Environment ${environment}`, async (demo) => {
        demo.deployment = await openDemo(demo.engine, demo.world);
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

async function down(): Promise<boolean> {
  const context = {} as Demo;
  const folder = demoFolder();
  try {
    await tasks([
      step("pulumi destroy", async (demo, report, skip) => {
        const world = await readWorld();
        if (!Deployment.exists(folder, environment) || !world) {
          return skip("nothing is deployed");
        }
        demo.engine = await prepareEngine({ report });
        demo.world = await worldUp(report);
        demo.deployment = await Deployment.open({ folder, environment, engine: demo.engine });
        await demo.deployment.pulumi(["destroy", "--yes"], { onLine: report });
        await demo.deployment.remove();
      }),
      step("Sandbox", async (_demo, report) => worldDown(report)),
    ]).run(context);
    return true;
  } finally {
    await context.deployment?.close();
  }
}

function demoFolder(): string {
  return path.join(sandboxFolder(), "demo");
}

/** Opens the demo's stack with what only this computer knows: image digests, the operator's key, one made-up secret. */
async function openDemo(engine: Engine, world: World): Promise<Deployment> {
  const folder = demoFolder();
  const first = !Deployment.exists(folder, environment);
  const deployment = await Deployment.open({ folder, environment, engine });
  await deployment.configure([
    { path: ["creel:fleet", "operators", "keys"], value: [await deployment.publicKey()] },
    { path: ["creel:fleet", "agents", "atlas", "image"], value: world.images.agent },
    { path: ["creel:fleet", "connector", "image"], value: world.images.connector },
  ]);
  if (first) {
    await deployment.setSecret("hcloud:token", world.hetzner.token);
    await deployment.setSecret("cloudflare:apiToken", world.cloudflare.token);
    await deployment.setSecret("creel:secrets.atlas.MODEL_API_KEY", `demo-${randomBytes(24).toString("hex")}`);
  }
  return deployment;
}

/** Every check there is, on the demo's one server and agent. */
async function prove(deployment: Deployment, world: World, report: Report): Promise<Check[]> {
  const { fleet } = (await deployment.outputs()) as {
    fleet: { servers: Record<string, DeployedServer>; agents: Record<string, DeployedAgent> };
  };
  const [name, agent] = Object.entries(fleet.agents)[0]!;
  const server = fleet.servers[agent.server]!;
  const value = (
    await deployment.pulumi(["config", "get", "--path", `creel:secrets.${name}.MODEL_API_KEY`])
  ).stdout.trim();
  const canary = { agent: name, key: "MODEL_API_KEY", value };
  report("agent and its secret");
  const checks = await agentChecks(deployment, server, agent, canary);
  report("network flows");
  checks.push(...(await flowChecks(deployment, server, agent, `${world.registryAddress}:443`)));
  report("where the secret is");
  checks.push(...(await leakChecks(deployment, server, agent, canary)));
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
