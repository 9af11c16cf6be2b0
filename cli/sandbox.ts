import { Command } from "commander";
import { Listr } from "listr2";
import pc from "picocolors";
import { type UpContext, upSteps, withSandboxLock } from "../sandbox/up";
import { worldDown, worldStatus } from "../sandbox/world";
import { forgetDemo } from "./demo";
import { inventoryLines } from "./demoSummary";
import { browseCommand } from "./sandboxBrowse";
import { logCommand } from "./sandboxLog";

/** `creel sandbox up | status | down`: the internet in a box, on this computer. */
export function sandboxCommand(): Command {
  const command = new Command("sandbox").description("a world on this computer to deploy into: clouds, registry, DNS");
  command.command("up").description("start it, or see that it runs").action(up);
  command
    .command("status")
    .description("show what runs and what the emulated clouds hold")
    .option("--json", "as one JSON document")
    .action(status);
  command.addCommand(browseCommand());
  command.addCommand(logCommand());
  command
    .command("down")
    .description("remove everything it runs; images and certificates stay for the next time")
    .option("--purge", "remove images, certificates and tokens as well")
    .action((options: { purge?: boolean }) => down(options));
  return command;
}

/** A piece of work with a title that says what it is doing. */
interface Step<T> {
  title: string;
  run(context: T, report: (line: string) => void): Promise<void>;
}

/** Runs steps in order: shown as a list where there is a terminal, as plain lines elsewhere. */
async function runSteps<T>(steps: Step<T>[], context: T): Promise<T> {
  if (!process.stdout.isTTY) {
    for (const { title, run } of steps) {
      console.log(title);
      await run(context, (line) => console.log(`  ${line}`));
    }
    return context;
  }
  const tasks = steps.map(({ title, run }) => ({
    title,
    task: (_: T, task: { output: string }) =>
      run(context, (line) => {
        task.output = line;
      }),
  }));
  // The error itself is printed by whoever catches it, whole and once.
  const rendererOptions = { collapseErrors: false, showErrorMessage: false, showTimer: true };
  await new Listr(tasks as never, { rendererOptions } as never).run();
  return context;
}

async function up(): Promise<void> {
  const started = Date.now();
  const say = (line: string) => console.log(line);
  const { result } = await withSandboxLock(say, () => runSteps(upSteps, {} as UpContext));
  const { hetzner, digitalocean, cloudflare, registry, images, connector, edge, mailbox } = result;
  console.log(`The sandbox is up (${((Date.now() - started) / 1000).toFixed(1)} s).
  Hetzner Cloud  ${hetzner.endpoint}
  DigitalOcean   ${digitalocean.endpoint}
  Cloudflare     ${cloudflare.baseUrl}
  Registry       ${registry}
  Agent image    ${images.agent}
  Connector      ${connector}
  Edge           ${edge.address}, for browsers: creel sandbox browse
  Mailbox        ${mailbox}`);
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
      for (const line of inventoryLines(kinds)) console.log(`${cloud} ${line}`);
    }
    console.log(`Folder: ${found.folder}`);
  }
  process.exitCode = found.up ? 0 : 1;
}

async function down(options: { purge?: boolean }): Promise<void> {
  const remove = async (_: unknown, report: (line: string) => void) => {
    await worldDown(report, options);
    // What was deployed into it is gone with it.
    await forgetDemo();
  };
  await runSteps([{ title: "Removing the sandbox", run: remove }], {});
}
