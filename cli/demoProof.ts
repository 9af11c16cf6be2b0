import type { World } from "../sandbox/world";
import { demoAgent, demoSecrets, secretValue } from "./demoSecrets";
import type { Deployment } from "./deployment";
import { EdgeClient } from "./edgeClient";
import { operatorChecks, webhookChecks } from "./edgeProof";
import { leakChecks } from "./leaks";
import { agentChecks, type Check, type DeployedAgent, type DeployedServer, flowChecks } from "./proof";

/** A person whom the stack file of the sandbox lets in. */
export const demoPerson = "ana@example.com";

/** What the stack's `fleet` output says. */
export interface DeployedFleet {
  servers: Record<string, DeployedServer>;
  agents: Record<string, DeployedAgent>;
}

/** The demo's one agent and its server, as deployed. */
export async function deployedAgent(deployment: Deployment): Promise<{ agent: DeployedAgent; server: DeployedServer }> {
  const { fleet } = (await deployment.outputs()) as { fleet: DeployedFleet };
  const agent = fleet.agents[demoAgent]!;
  return { agent, server: fleet.servers[agent.server]! };
}

/** Every check there is, on the demo's one server and agent. */
export async function proveDemo(
  deployment: Deployment,
  world: World,
  report: (line: string) => void,
): Promise<Check[]> {
  const { agent, server } = await deployedAgent(deployment);
  const canary = {
    agent: demoAgent,
    key: demoSecrets.model,
    value: await secretValue(deployment, demoSecrets.model),
  };
  report("agent and its secret");
  const checks = await agentChecks(deployment, server, agent, canary);
  report("network flows");
  checks.push(...(await flowChecks(deployment, server, agent, `${world.registryAddress}:443`)));
  report("the way in through Cloudflare's edge");
  const edge = await EdgeClient.of(world);
  checks.push(...(await operatorChecks(edge, world, agent.url, demoPerson)));
  if (agent.botUrl) {
    const secret = await secretValue(deployment, demoSecrets.github);
    checks.push(...(await webhookChecks(edge, world, agent.botUrl, secret)));
  }
  report("where the secret is");
  checks.push(...(await leakChecks(deployment, server, canary)));
  return checks;
}
