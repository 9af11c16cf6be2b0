import { randomBytes } from "node:crypto";
import type { Deployment } from "./deployment";

/** The demo's one agent, by its name in the stack file. */
export const demoAgent = "atlas";

/** The secrets of the demo's agent: a key as for a model's API, and the one that GitHub would sign webhooks with. */
export const demoSecrets = { model: "MODEL_API_KEY", github: "GITHUB_WEBHOOK_SECRET" };

/** Secrets are made up once and then kept, so that a second run has nothing to do. */
export async function keepSecrets(deployment: Deployment): Promise<void> {
  for (const name of Object.values(demoSecrets)) {
    const present = await deployment.pulumi(["config", "get", "--path", keyOf(name)], { reject: false });
    if (present.exitCode !== 0) await deployment.setSecret(keyOf(name), `demo-${randomBytes(24).toString("hex")}`);
  }
}

/** The value of one of them. */
export async function secretValue(deployment: Deployment, name: string): Promise<string> {
  return (await deployment.pulumi(["config", "get", "--path", keyOf(name)])).stdout.trim();
}

function keyOf(name: string): string {
  return `creel:secrets.${demoAgent}.${name}`;
}
