import pc from "picocolors";
import type { Inventory } from "../sandbox/clouds/api";
import type { World } from "../sandbox/world";
import { curlLine } from "./browser";
import { demoPerson, deployedAgent } from "./demoProof";
import { demoSecrets, secretValue } from "./demoSecrets";
import type { Deployment } from "./deployment";
import { githubPath, githubSignature } from "./edgeProof";
import type { Check } from "./proof";

/** Prints what was checked, what the clouds hold, and how to look for oneself. @returns whether every check holds */
export async function showDemo(
  { checks, world, deployment }: { checks: Check[]; world: World; deployment: Deployment },
  started: number,
): Promise<boolean> {
  for (const check of checks) {
    console.log(`${check.ok ? pc.green("✔") : pc.red("✘")} ${check.title}: ${check.seen}`);
  }
  const inventories = [
    `${new URL(world.hetzner.endpoint).origin}/_sandbox/inventory`,
    `${new URL(world.digitalocean.endpoint).origin}/_sandbox/inventory`,
    `${new URL(world.cloudflare.baseUrl).origin}/_sandbox/inventory`,
  ];
  for (const url of inventories) {
    console.log(`\n${pc.bold(url)}`);
    const held = (await (await fetch(url)).json()) as Inventory;
    console.log(
      inventoryLines(held)
        .map((line) => `  ${line}`)
        .join("\n"),
    );
  }
  console.log(`\n${(await invitation(deployment, world)).join("\n")}`);
  const failed = checks.filter((check) => !check.ok).length;
  console.log(
    `\n${checks.length - failed} of ${checks.length} checks hold, after ${Math.round((Date.now() - started) / 1000)} s.`,
  );
  console.log(`Stack: ${deployment.folder}  Remove everything: npm run demo -- --down`);
  return failed === 0;
}

/** One line per kind of resource that the emulated cloud holds. */
export function inventoryLines(inventory: Inventory): string[] {
  return Object.entries(inventory)
    .filter(([, { names }]) => names.length > 0)
    .map(([kind, { names }]) => `${kind}: ${names.join(", ")}`);
}

/** What to open and to send, ready to be copied. */
async function invitation(deployment: Deployment, world: World): Promise<string[]> {
  const { agent } = await deployedAgent(deployment);
  const lines = [
    pc.bold("To open, by `npm run creel -- sandbox browse`:"),
    `  ${agent.url} is the agent's page, for ${demoPerson}`,
    `  ${world.mailbox} is where the PIN comes to`,
    pc.bold("On the command line, without a login:"),
    `  ${curlLine(world, agent.url)}`,
  ];
  if (agent.botUrl) {
    const hook = agent.botUrl + githubPath;
    const body = '{"zen":"Design for failure."}';
    const signature = githubSignature(body, await secretValue(deployment, demoSecrets.github));
    const send = (...headers: string[]) =>
      curlLine(world, hook, ...["content-type: application/json", ...headers].map((h) => `-H '${h}'`), `-d '${body}'`);
    lines.push(pc.bold("A webhook as GitHub signs it:"), `  ${send(`x-hub-signature-256: ${signature}`)}`);
    lines.push(pc.bold("The same without a signature:"), `  ${send()}`);
  }
  return [...lines, pc.bold("Who answered what, and why:"), "  npm run creel -- sandbox log"];
}
