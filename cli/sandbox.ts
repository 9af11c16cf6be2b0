import { Command } from "commander";
import { Listr } from "listr2";
import pc from "picocolors";
import { type UpContext, upSteps, withSandboxLock } from "../sandbox/up";
import { worldDown, worldStatus } from "../sandbox/world";

/** `creel sandbox up | status | down`: the internet in a box, on this computer. */
export function sandboxCommand(): Command {
  const command = new Command("sandbox").description("a world on this computer to deploy into: clouds, registry, DNS");
  command.command("up").description("start it, or see that it runs").action(up);
  command
    .command("status")
    .description("show what runs and what the emulated clouds hold")
    .option("--json", "as one JSON document")
    .action(status);
  command
    .command("down")
    .description("remove everything it runs; images and certificates stay for the next time")
    .option("--purge", "remove images, certificates and tokens as well")
    .action((options: { purge?: boolean }) => down(options));
  return command;
}

/** Renders where there is a terminal, plain lines elsewhere. */
const renderer = {
  fallbackRenderer: "simple",
  rendererOptions: { collapseErrors: false, showErrorMessage: false },
} as const;

async function up(): Promise<void> {
  const tasks = upSteps.map((step) => ({
    title: step.title,
    task: (context: UpContext, task: { output: string }) =>
      step.run(context, (line) => {
        task.output = line;
      }),
  }));
  const started = Date.now();
  const context = {} as UpContext;
  await withSandboxLock(
    (line) => console.log(line),
    () => new Listr<UpContext>(tasks as never, { ...renderer, exitOnError: true } as never).run(context),
  );
  const { hetzner, cloudflare, registry, images } = context.result;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`The sandbox is up (${seconds} s).
  Hetzner Cloud  ${hetzner.endpoint}
  Cloudflare     ${cloudflare.baseUrl}
  Registry       ${registry}
  Agent image    ${images.agent}`);
}

async function status({ json }: { json?: boolean }): Promise<void> {
  const found = await worldStatus();
  if (json) {
    console.log(JSON.stringify(found, null, 2));
  } else {
    const colour = { running: pc.green, stopped: pc.yellow, missing: pc.red };
    const rows = [...found.parts, ...found.servers];
    const width = Math.max(...rows.map((row) => row.name.length));
    for (const row of rows)
      console.log(`${row.name.padEnd(width)}  ${colour[row.state](row.state.padEnd(7))}  ${row.detail}`);
    for (const [cloud, kinds] of Object.entries(found.inventory)) {
      for (const [kind, names] of Object.entries(kinds)) {
        if (Array.isArray(names) && names.length > 0) console.log(`${cloud} ${kind}: ${names.join(", ")}`);
      }
    }
    console.log(`Folder: ${found.folder}`);
  }
  process.exitCode = found.up ? 0 : 1;
}

async function down(options: { purge?: boolean }): Promise<void> {
  const task = {
    title: "Removing the sandbox",
    task: (_: unknown, task: { output: string }) =>
      worldDown((line) => {
        task.output = line;
      }, options),
  };
  await new Listr([task] as never, renderer as never).run();
}
