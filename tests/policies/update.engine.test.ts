import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareEngine } from "../../engine/engine";
import { packageFolder } from "../../engine/paths";
import { FleetStack } from "../components/fleetStack";
import { deepSet, goodFleet } from "../components/goodFleet";
import { Project } from "../engine/project";

const pack = path.join(packageFolder, "dist", "policies");

describe("the pack at an update", () => {
  let stack: FleetStack;

  beforeAll(async () => {
    stack = await FleetStack.open();
  });

  afterAll(() => stack?.close());

  it("passes the fleet with all its values known, and again when nothing changes", async () => {
    const fleet = goodFleet();
    deepSet(fleet, "agents.atlas.bot", { hostname: "atlas-bot.example.com", routes: ["slack"] });
    const { deployment } = stack;
    await deployment.configure([{ path: ["creel:fleet"], value: fleet }]);
    await deployment.setSecret("creel:secrets.atlas.SLACK_SIGNING_SECRET", "CANARY-slack");
    for (const more of [[], ["--expect-no-changes"]]) {
      const up = ["up", "--yes", "--skip-preview", "--policy-pack", pack, ...more];
      const { stdout, stderr } = await deployment.pulumi(up);
      expect(stdout + stderr).toMatch(/creel@v/);
      expect(stdout + stderr).not.toMatch(/\[mandatory\]|\[advisory\]|can't run policy|CANARY/);
    }
    await deployment.pulumi(["destroy", "--yes", "--skip-preview"]);
  });

  it("judges what the preview could not know, before it is made", async () => {
    // The shell puts the word together: as it is written it looks like no secret.
    const program = `
      const { local } = require("@pulumi/command");
      const first = new local.Command("first", { create: 'echo sk-"ant"-0123456789abcdef0123' });
      new local.Command("second", { create: first.stdout.apply((word) => "touch made; echo " + word), dir: __dirname });
    `;
    const project = await Project.create(await prepareEngine({}), program);
    expect(await project.pulumi("preview", "--policy-pack", pack)).not.toContain("[mandatory]");
    const output = await project.pulumiFails("up", "--yes", "--policy-pack", pack);
    expect(output).toMatch(/\[mandatory\] +secret-not-in-command +\(command:local:Command: second\)/);
    expect(existsSync(path.join(project.folder, "made"))).toBe(false);
  });
});
