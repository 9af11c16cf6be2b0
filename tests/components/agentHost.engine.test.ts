import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { prepareEngine } from "../../engine/engine";
import { compiledFile } from "../../engine/paths";
import { script, temporaryFolder } from "../engine/folders";
import { Project } from "../engine/project";

/**
 * Two servers that are only names, the program's own or somebody else's, and what one agent has on the one that the stack's
 * configuration says. All can be renamed.
 */
const program = `
  const command = require("@pulumi/command");
  const pulumi = require("@pulumi/pulumi");
  const random = require("@pulumi/random");
  const { agentHost, hostOrder, inDocker } = require(${JSON.stringify(compiledFile("components", "agentHost.js"))});
  const config = new pulumi.Config();
  const parent = new pulumi.ComponentResource("test:index:Agent", "atlas");
  const hosts = Object.fromEntries((config.get("servers") ?? "one,two").split(",").map((name) => {
    const called = name + (config.get("ending") ?? "");
    const opts = { aliases: [{ name }] };
    const server = { create: "true", triggers: [config.get("rebuild") ?? ""] };
    const resource = config.get("owned") === "no" ? undefined : new command.local.Command(called, server, opts);
    const connection = { host: pulumi.output(name), user: "deploy", port: 22, hostKeys: pulumi.output([]) };
    return [name, agentHost({ resource, connection, ready: [] }, new random.Provider(called, {}, opts))];
  }));
  const host = hosts[config.require("server")];
  const order = { uid: 20000, memoryMiB: 64, tasksMax: 64, state: [], secrets: {} };
  const prepared = hostOrder("atlas-host", "atlas", host, order, parent);
  new random.RandomPassword("atlas", { length: 8 }, inDocker(host, parent, [prepared]));
`;

/** What the program has had run on servers, in order, since it was last asked. */
function takeRuns(log: string): string[] {
  const runs = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  rmSync(log, { force: true });
  return runs;
}

const apply = (server: string) => `deploy@${server} sudo creel-agent apply atlas`;
const remove = (server: string) => `deploy@${server} sudo creel-agent remove atlas`;

/** The program under the engine, with an `ssh` that writes down where it was to go, and for what, instead of going there. */
async function openProject() {
  const bin = temporaryFolder();
  const log = path.join(bin, "log");
  script(path.join(bin, "ssh"), "cat > /dev/null", "for a; do h=$c; c=$a; done", `echo "$h $c" >> ${log}`);
  const engine = await prepareEngine({});
  const env = { ...engine.env, PATH: `${bin}:${engine.env.PATH ?? process.env.PATH}` };
  const project = await Project.create({ ...engine, env }, program);
  const up = async (settings: Record<string, string>) => {
    for (const [key, value] of Object.entries(settings)) await project.pulumi("config", "set", key, value);
    return project.pulumi("up", "--yes", "--skip-preview");
  };
  return { project, up, log };
}

describe("an agent's order", () => {
  it("is withdrawn on the old server when the agent moves, and goes with a server that is replaced or removed", async () => {
    const { up, log } = await openProject();
    await up({ server: "one" });
    expect(takeRuns(log)).toEqual([apply("one")]);
    await up({});
    expect(takeRuns(log)).toEqual([]);

    const moved = await up({ server: "two" });
    expect(takeRuns(log)).toEqual([apply("two"), remove("one")]);
    // What was made through the old server's provider is made anew through the new one's, and deleted by the old.
    expect(moved).toMatch(/random:index:RandomPassword atlas created replacement/);
    expect(moved).toMatch(/random:index:RandomPassword atlas deleted original/);

    expect(await up({ ending: "B" })).toMatch(/Resources:\n +\d+ unchanged\n/);
    expect(takeRuns(log)).toEqual([]);
    await up({ rebuild: "1" });
    expect(takeRuns(log)).toEqual([apply("two")]);
    await up({ servers: "one", server: "one" });
    expect(takeRuns(log)).toEqual([apply("one")]);
  });

  it("is withdrawn from a server that is somebody else's whenever the agent leaves it, and stays when that is renamed", async () => {
    const { project, up, log } = await openProject();
    await up({ owned: "no", server: "one" });
    expect(takeRuns(log)).toEqual([apply("one")]);
    expect(await up({ server: "two" })).toMatch(/random:index:RandomPassword atlas deleted original/);
    expect(takeRuns(log)).toEqual([apply("two"), remove("one")]);
    expect(await up({ ending: "B" })).toMatch(/Resources:\n +\d+ unchanged\n/);
    await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(takeRuns(log)).toEqual([remove("two")]);
  });
});
