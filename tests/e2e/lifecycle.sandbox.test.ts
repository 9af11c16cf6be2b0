import { afterAll, beforeAll, expect, it } from "vitest";
import type { Deployment } from "../../cli/deployment";
import { leakChecks } from "../../cli/leaks";
import { agentChecks, flowChecks } from "../../cli/proof";
import type { World } from "../../sandbox/world";
import { describeUnless, sandboxMissing } from "../requirements";
import { canaryValue, eventually, expectNoDrift, fleetOutput, hetzner, inventory, onConsole, openStack } from "./stack";

/** One server with one agent from first `up` to `destroy`. The tests build on each other, in this order. */
describeUnless(sandboxMissing(), "a hardened server with one agent", () => {
  const canary = { agent: "atlas", key: "MODEL_API_KEY", value: canaryValue() };
  let world: World;
  let deployment: Deployment;

  beforeAll(async () => {
    ({ world, deployment } = await openStack({ [canary.key]: canary.value }));
  });

  afterAll(async () => {
    await deployment?.remove();
  });

  const atlas = async () => {
    const fleet = await fleetOutput(deployment);
    const agent = fleet.agents.atlas!;
    return { agent, server: fleet.servers[agent.server]! };
  };

  const expectAll = (checks: { title: string; ok: boolean; seen: string }[]) =>
    expect(checks.filter((check) => !check.ok)).toEqual([]);

  it("comes up with one command", async () => {
    await deployment.pulumi(["up", "--yes"]);
    const { agent, server } = await atlas();
    expectAll(await agentChecks(deployment, server, agent, canary));
    expect(await inventory(world)).toMatchObject({ servers: [expect.stringMatching(/^reef-[0-9a-f]{7}$/)] });
  });

  it("does nothing the second time, and nothing has drifted", async () => {
    await deployment.pulumi(["up", "--yes", "--expect-no-changes"]);
    await expectNoDrift(deployment);
  });

  it("lets the agent reach the web and nothing else", async () => {
    const { agent, server } = await atlas();
    expectAll(await flowChecks(deployment, server, agent, `${world.registryAddress}:443`));
  });

  it("holds the secret in the agent's own file in memory and nowhere else", async () => {
    const { server } = await atlas();
    expectAll(await leakChecks(deployment, server, canary));
  });

  it("brings the agent and its secret back after a reboot", async () => {
    const { servers } = (await hetzner(world, "GET", "/servers")) as { servers: { id: number }[] };
    await hetzner(world, "POST", `/servers/${servers[0]!.id}/actions/reboot`);
    const { agent, server } = await atlas();
    await eventually(120, async () => expectAll(await agentChecks(deployment, server, agent, canary)));
    expectAll(await flowChecks(deployment, server, agent, `${world.registryAddress}:443`));
    await expectNoDrift(deployment);
  });

  it("stops when the server shows another host key, and goes on when it shows the right one", async () => {
    const { server } = await atlas();
    const key = "/etc/ssh/ssh_host_ed25519_key";
    await deployment.ssh(
      server,
      `sudo sh -c 'cp -p ${key} /root/kept && cp -p ${key}.pub /root/kept.pub && rm ${key} ${key}.pub && ssh-keygen -q -t ed25519 -N "" -f ${key} && systemctl restart ssh'`,
    );
    canary.value = canaryValue();
    await deployment.setSecret(`creel:secrets.atlas.${canary.key}`, canary.value);
    const refused = await deployment.pulumi(["up", "--yes"], { reject: false });
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stdout + refused.stderr).toMatch(/host key/i);

    const { servers } = (await hetzner(world, "GET", "/servers")) as { servers: { id: number }[] };
    await onConsole(
      world,
      servers[0]!.id,
      `mv -f /root/kept ${key} && mv -f /root/kept.pub ${key}.pub && systemctl restart ssh`,
    );
    await deployment.pulumi(["up", "--yes"]);
    const { agent } = await atlas();
    await eventually(30, async () => expectAll(await agentChecks(deployment, server, agent, canary)));
  });

  it("puts the agent on the new server when the old one is replaced", async () => {
    const before = await atlas();
    await deployment.configure([{ path: ["creel:fleet", "servers", "reef", "rebuild"], value: "2" }]);
    await deployment.pulumi(["up", "--yes"]);
    const { agent, server } = await atlas();
    expect(server.hostKey).not.toBe(before.server.hostKey);
    expectAll(await agentChecks(deployment, server, agent, canary));
    expect(await inventory(world)).toMatchObject({ servers: [expect.any(String)] });
    await expectNoDrift(deployment);
  });

  it("forgets the containers of a server that is destroyed, without asking it", async () => {
    const state = JSON.parse((await deployment.pulumi(["stack", "export"])).stdout) as {
      deployment: { resources: { urn: string; type: string }[] };
    };
    const urn = state.deployment.resources.find((r) => r.type === "hcloud:index/server:Server")!.urn;
    const { servers } = (await hetzner(world, "GET", "/servers")) as { servers: { id: number }[] };
    await hetzner(world, "POST", `/servers/${servers[0]!.id}/actions/poweroff`);
    await deployment.pulumi(["destroy", "--yes", "--target", urn, "--target-dependents"]);
    const left = JSON.parse((await deployment.pulumi(["stack", "export"])).stdout) as typeof state;
    expect(left.deployment.resources.filter((r) => r.type.startsWith("docker:"))).toEqual([]);
  });

  it("leaves nothing behind", async () => {
    await deployment.pulumi(["destroy", "--yes"]);
    expect(await inventory(world)).toEqual({});
  });
});
