import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Deployment } from "../../cli/deployment";
import { prepareEngine } from "../../engine/engine";
import { packageFolder } from "../../engine/paths";
import { policies } from "../../policies/policies";
import { deepSet, goodFleet } from "../components/goodFleet";
import { Project } from "../engine/project";
import { badProgram, refused } from "./badProgram";

const pack = path.join(packageFolder, "dist", "policies");

describe("the pack under the engine", () => {
  let deployment: Deployment | undefined;

  afterAll(() => deployment?.remove());

  it("passes the fleet's own program", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-policies-"));
    deployment = await Deployment.open({ folder, environment: "sandbox", engine: await prepareEngine({}) });
    const fleet = goodFleet();
    deepSet(fleet, "agents.atlas.bot", { hostname: "atlas-bot.example.com", routes: ["slack"] });
    await deployment.configure([{ path: ["creel:fleet"], value: fleet }]);
    await deployment.setSecret("hcloud:token", "h".repeat(64));
    await deployment.setSecret("cloudflare:apiToken", "c".repeat(40));
    await deployment.setSecret("creel:secrets.atlas.MODEL_API_KEY", "CANARY-model");
    await deployment.setSecret("creel:secrets.atlas.SLACK_SIGNING_SECRET", "CANARY-slack");
    const { exitCode, stdout, stderr } = await deployment.pulumi(["preview", "--policy-pack", pack], { reject: false });
    const output = stdout + stderr;
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/creel@v0\.1\.0/);
    expect(output).not.toMatch(/\[mandatory\]|\[advisory\]|can't run policy|CANARY/);
  });

  it("takes a policy's level from a file, as a fleet that is open on purpose needs it", async () => {
    const open = { cidrs: ["0.0.0.0/0"], allowOpen: true };
    await deployment!.configure([{ path: ["creel:fleet", "servers", "reef", "ssh"], value: open }]);
    const preview = ["preview", "--policy-pack", pack];
    const refusal = await deployment!.pulumi(preview, { reject: false });
    expect(refusal.exitCode).not.toBe(0);
    expect(refusal.stdout + refusal.stderr).toMatch(/\[mandatory\] +firewall-declared-ranges/);
    const levels = path.join(deployment!.folder, "levels.json");
    await writeFile(levels, JSON.stringify({ "firewall-declared-ranges": "advisory" }));
    const { stdout } = await deployment!.pulumi([...preview, "--policy-pack-config", levels]);
    expect(stdout).toMatch(/\[advisory\] +firewall-declared-ranges/);
  });

  it("refuses a program for all that is wrong with it, at preview", async () => {
    const project = await Project.create(await prepareEngine({}), badProgram);
    const output = await project.pulumiFails("preview", "--policy-pack", pack);
    const found = [...output.matchAll(/\[mandatory\] +([\w-]+) +\([\w:]+: (\w+)\)/g)];
    expect(found.map(([, policy, resource]) => `${resource}: ${policy}`).sort()).toEqual(refused);
    expect(new Set(found.map(([, policy]) => policy))).toEqual(new Set(policies.map(({ name }) => name)));
    expect(output).not.toContain("hunter2");
  });
});
