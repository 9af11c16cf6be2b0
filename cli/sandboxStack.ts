import type { Engine } from "../engine/engine";
import type { World } from "../sandbox/world";
import { Deployment } from "./deployment";

/** The environment that is deployed into the sandbox; `Pulumi.sandbox.yaml` is its stack file. */
export const environment = "sandbox";

/**
 * Opens a stack of the sandbox's environment, with what only this computer knows filled in: the operator's key, the
 * images' digests and (encrypted) the tokens of the emulated clouds.
 */
export async function openSandboxStack(folder: string, engine: Engine, world: World): Promise<Deployment> {
  const deployment = await Deployment.open({ folder, environment, engine });
  await deployment.configure([
    { path: ["creel:fleet", "operators", "keys"], value: [await deployment.publicKey()] },
    { path: ["creel:fleet", "agents", "atlas", "image"], value: world.images.agent },
    { path: ["creel:fleet", "connector", "image"], value: world.images.connector },
  ]);
  await deployment.setSecret("hcloud:token", world.hetzner.token);
  await deployment.setSecret("cloudflare:apiToken", world.cloudflare.token);
  return deployment;
}
