import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { demoSecrets } from "../../cli/demoSecrets";
import type { Deployment } from "../../cli/deployment";
import type { DeployedAgent, DeployedServer } from "../../cli/proof";
import { openSandboxStack } from "../../cli/sandboxStack";
import { prepareEngine } from "../../engine/engine";
import { type World, worldUp } from "../../sandbox/world";

/** The `fleet` output of the stack, as tests read it. */
export interface FleetOutput {
  servers: Record<string, DeployedServer>;
  agents: Record<string, DeployedAgent>;
}

/**
 * A deployment of the `sandbox` environment in a folder of its own, configured like the demo's.
 *
 * @param secrets of the agent atlas; what its webhooks are signed with is made up when it is not among them
 */
export async function openStack(secrets: Record<string, string>): Promise<{ world: World; deployment: Deployment }> {
  const world = await worldUp(() => undefined);
  const folder = await mkdtemp(path.join(tmpdir(), "creel-e2e-"));
  const deployment = await openSandboxStack(folder, await prepareEngine({}), world);
  const all = { [demoSecrets.github]: canaryValue(), ...secrets };
  for (const [key, value] of Object.entries(all)) await deployment.setSecret(`creel:secrets.atlas.${key}`, value);
  return { world, deployment };
}

/** A value that appears nowhere by chance. */
export function canaryValue(): string {
  return `canary-${randomBytes(24).toString("hex")}`;
}

export async function fleetOutput(deployment: Deployment): Promise<FleetOutput> {
  return ((await deployment.outputs()) as { fleet: FleetOutput }).fleet;
}

/** Proves that the program and the world agree: a refresh and a preview, neither with anything to do. */
export async function expectNoDrift(deployment: Deployment): Promise<void> {
  await deployment.pulumi(["refresh", "--yes", "--expect-no-changes"]);
  await deployment.pulumi(["preview", "--expect-no-changes"]);
}

/** Names of what both emulated clouds hold, by kind; kinds with nothing in them left out. */
export async function inventory(world: World): Promise<Record<string, string[]>> {
  const held: Record<string, string[]> = {};
  for (const endpoint of [world.hetzner.endpoint, world.digitalocean.endpoint, world.cloudflare.baseUrl]) {
    const answer = await fetch(`${new URL(endpoint).origin}/_sandbox/inventory`);
    for (const [kind, { names }] of Object.entries((await answer.json()) as Record<string, { names: string[] }>)) {
      if (names.length > 0) held[kind] = names;
    }
  }
  return held;
}

/** A call to the Hetzner API as somebody outside Pulumi would make it. */
export async function hetzner(world: World, method: string, route: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${world.hetzner.endpoint}${route}`, {
    method,
    headers: { authorization: `Bearer ${world.hetzner.token}` },
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** Runs a command as root on a server past its SSH, as one would on the provider's console. */
export async function onConsole(world: World, id: number, command: string): Promise<void> {
  await execa("docker", ["-H", `unix://${world.docker.socket}`, "exec", `creel-server-${id}`, "sh", "-c", command]);
}

/** Tries until it holds or the time is over, then lets the last error through. */
export async function eventually(seconds: number, attempt: () => Promise<void>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}
