import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareEngine } from "../../engine/engine";
import { FleetStack } from "./fleetStack";
import { agent, goodFleet, server } from "./goodFleet";

const canary = "CANARY-key-placement-91";

/** Where agents are, through what a stack goes through: the state is the only memory. */
describe("agents that name no server", () => {
  let stack: FleetStack;

  beforeAll(async () => {
    stack = await FleetStack.open();
    await stack.deployment.setSecret("creel:secrets.atlas.KEY", canary);
  });
  afterAll(() => stack?.close());

  /** A fleet of agents by name with their memory in MiB, on two equal servers unless other ones are given. */
  function fleet(agents: Record<string, number>, servers: object = { reef: { ...(server() as object), count: 2 } }) {
    const made = Object.entries(agents).map(([name, memory]) => {
      return [name, agent({ operator: `${name}.example.com`, memory: `${memory}MiB` })];
    });
    return { ...goodFleet(), servers, agents: Object.fromEntries(made) };
  }

  /** What a preview says of the servers, with each agent's line beginning with the server's name. */
  async function previewed(document: unknown): Promise<{ lines: string[]; output: string }> {
    await stack.deployment.configure([{ path: ["creel:fleet"], value: document }]);
    const { stdout, stderr } = await stack.deployment.pulumi(["preview"], { reject: false });
    const output = stdout + stderr;
    const lines = output.split("\n").map((line) => line.trim());
    return { lines: [...new Set(lines.filter((line) => /^\w+(-\d)?: .* MiB left$/.test(line)))], output };
  }

  /** What is kept for the next deployment. */
  async function kept(): Promise<unknown> {
    const found = (await stack.state()).find(({ urn }) => urn.endsWith("$pulumi:index:Stash::fleet-placement"));
    return (found as unknown as { outputs: { input: unknown } } | undefined)?.outputs.input;
  }

  it("are placed by memory at first, which the preview tells", async () => {
    const { lines } = await previewed(fleet({ atlas: 1024, bora: 512 }));
    expect(lines).toEqual([
      "reef-1: atlas (new); 1152 of 3328 MiB for agents used, 2176 MiB left",
      "reef-2: bora (new); 640 of 3328 MiB for agents used, 2688 MiB left",
    ]);
  });

  it("keep their place through a first deployment that fails", async () => {
    // A size that nobody sells is found out by the cloud alone.
    const atoll = { ...(server() as object), size: "zx99", memory: "5GiB" };
    const reef = { ...(server() as object), count: 2 };
    await expect(stack.up(fleet({ atlas: 1024, bora: 512 }, { reef, atoll }))).rejects.toThrow(/atoll/);
    const first = { atlas: "atoll", bora: "reef-1" };
    expect(await kept()).toEqual(first);
    // By memory alone cora would be on reef-1, and the others on reef-2.
    const { lines } = await previewed(fleet({ atlas: 1024, bora: 512, cora: 2048 }));
    expect(lines).toEqual([
      "reef-1: atlas (new here, was on atoll, which is gone), bora; 1792 of 3328 MiB for agents used, 1536 MiB left",
      "reef-2: cora (new); 2176 of 3328 MiB for agents used, 1152 MiB left",
    ]);
    await stack.up(fleet({ atlas: 1024, bora: 512, cora: 2048 }));
    await stack.deployment.pulumi(["preview", "--expect-no-changes"]);
    const placement = { atlas: "reef-1", bora: "reef-1", cora: "reef-2" };
    expect(await kept()).toEqual(placement);
    expect((await stack.deployment.outputs()).placement).toEqual(placement);
  });

  it("stay when agents and servers come and go and need more", async () => {
    const wider = fleet({ aaa: 256, atlas: 1024, bora: 1024 }, { reef: { ...(server() as object), count: 3 } });
    const { lines, output } = await previewed(wider);
    expect(lines).toEqual([
      "reef-1: atlas, bora; 2304 of 3328 MiB for agents used, 1024 MiB left",
      "reef-2: aaa (new); 384 of 3328 MiB for agents used, 2944 MiB left",
      "reef-3: no agent; 0 of 3328 MiB for agents used, 3328 MiB left",
    ]);
    expect(output).not.toMatch(/replace/);
  });

  it("are refused on a server that has become too small, with who could go where", async () => {
    const { output } = await previewed(fleet({ atlas: 1024, bora: 2560, cora: 2048 }));
    expect(output).toMatch(
      /servers\.reef\.size +"cx23" leaves 3328 MiB for agents on reef-1, and atlas, bora with connectors need 3840 MiB: choose cx33, or write server: reef-2 at agents\.atlas, where 1152 MiB are left/,
    );
  });

  it("leave no second copy of anything in the state, and no secret in plain text", async () => {
    const text = (await stack.deployment.pulumi(["stack", "export"])).stdout;
    expect(text).not.toContain(canary);
    expect(text).not.toContain("StackReference");
  });

  it("keep their place in a stack that gets another name, and lose it with the stack", async () => {
    const { deployment } = stack;
    const { pulumi } = await prepareEngine({ standIns: "always" });
    const moved = async (...args: string[]) => {
      const options = ["--stack", "moved", "--non-interactive", "--color", "never", "--cwd", deployment.folder];
      return (await execa(pulumi, [...args, ...options], { env: deployment.environment })).stdout;
    };
    await deployment.configure([{ path: ["creel:fleet"], value: fleet({ atlas: 1024, bora: 512, cora: 2048 }) }]);
    await deployment.pulumi(["stack", "rename", "moved"]);
    const preview = await moved("preview");
    expect(preview).toMatch(/reef-1: atlas, bora; .*\n.*reef-2: cora; /);
    expect(preview).not.toMatch(/(hcloud|docker|command)\S* \S+ (replace|delete|create) /);
    await moved("destroy", "--yes", "--skip-preview");
    expect(await moved("preview")).toMatch(/reef-1: cora \(new\);/);
    expect(await stack.left()).toEqual([]);
  });
});
