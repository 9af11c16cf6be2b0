import { existsSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { compiledFile } from "../../engine/paths";
import { readWorld, sandboxFolder, worldStatus } from "../../sandbox/world";
import { describeUnless, sandboxMissing } from "../requirements";

const creel = (...args: string[]) =>
  execa("node", [compiledFile("cli", "main.js"), ...args], { reject: false, all: true, env: { NO_COLOR: "1" } });

/** The command of the README, as it is typed. */
describeUnless(sandboxMissing(), "creel demo", () => {
  it("deploys, and every check on screen holds", async () => {
    const { exitCode, all } = await creel("demo");
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/(\d+) of \1 checks hold/);
    expect(all).not.toContain("✘");
  });

  it("has nothing to do the second time", async () => {
    const { exitCode, all } = await creel("demo");
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/\d+ unchanged/);
    expect(all).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
  });

  it("leaves nothing after --down, and says so when there is nothing", async () => {
    const first = await creel("demo", "--down");
    expect(first.exitCode, first.all).toBe(0);
    expect(await readWorld()).toBeUndefined();
    expect(existsSync(path.join(sandboxFolder(), "demo"))).toBe(false);
    expect((await worldStatus()).parts.filter((part) => part.state === "running")).toEqual([]);
    const links = await execa("ip", ["-o", "link"]);
    expect(links.stdout).not.toMatch(/creel0/);
    const rules = await execa("iptables-save", { reject: false });
    expect(rules.stdout).not.toMatch(/creel/i);

    const again = await creel("demo", "--down");
    expect(again.exitCode, again.all).toBe(0);
    expect(again.all).toMatch(/nothing is deployed/);
  });
});
