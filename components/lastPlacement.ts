import * as pulumi from "@pulumi/pulumi";
import { isRecord } from "./schema";

/** Type of the resource that a Fleet keeps its placement in. */
const stashType = "pulumi:index:Stash";

/**
 * Keeps in the state where the agents of a fleet are, from the moment in which a deployment begins: one that fails half
 * way must not make the next one forget where it had put somebody. Stack outputs are written only at the end of one that
 * succeeds.
 */
export function keepPlacement(fleet: pulumi.ComponentResource, name: string, placement: Record<string, string>): void {
  new pulumi.Stash(stashName(name), { input: placement }, { parent: fleet });
}

/**
 * Where the last deployment of this stack had the agents of a fleet: server by agent. Empty before the first one and
 * after `destroy`.
 *
 * Reads the stack's own state through the engine, and leaves nothing behind there. A StackReference to the own stack
 * would keep a second copy of all outputs, the encrypted ones included.
 *
 * @param fleet name of the Fleet. Default: fleet
 * @throws when the engine cannot read the state: without it agents might be moved
 */
export async function lastPlacement(fleet = "fleet"): Promise<Record<string, string>> {
  const stackName = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const { outputs } = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName });
  return placementIn(outputs, fleet);
}

/** The placement of a fleet among the outputs of all resources of a stack, whatever else there is. */
export function placementIn(resources: unknown, fleet: string): Record<string, string> {
  const ending = `$${stashType}::${stashName(fleet)}`;
  const placement: Record<string, string> = Object.create(null);
  for (const [urn, resource] of Object.entries(isRecord(resources) ? resources : {})) {
    if (!urn.endsWith(ending) || !isRecord(resource) || !isRecord(resource.outputs)) continue;
    const { input } = resource.outputs;
    for (const [agent, server] of Object.entries(isRecord(input) ? input : {})) {
      if (typeof server === "string") placement[agent] = server;
    }
  }
  return placement;
}

function stashName(fleet: string): string {
  return `${fleet}-placement`;
}
