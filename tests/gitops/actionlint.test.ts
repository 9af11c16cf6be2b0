import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { answersFor } from "../../cli/init/answers";
import { repositoryFiles, writeFiles } from "../../cli/init/scaffold";
import { packageFolder } from "../../engine/paths";
import { findProgram } from "../../sandbox/hostPackages";
import { temporaryFolder } from "../engine/folders";
import { describeUnless } from "../requirements";
import { buildActionlint } from "./actionlint";

const go = findProgram("go");
const workflows = path.join(".github", "workflows");

describeUnless(go ? undefined : "Go is not installed", "actionlint", () => {
  let actionlint: string;

  beforeAll(async () => {
    actionlint = await buildActionlint(go!);
  }, 180_000);

  /** What it says of the workflows of a repository, without help of programs that may be missing elsewhere. */
  async function faults(folder: string): Promise<string> {
    const files = readdirSync(path.join(folder, workflows)).map((file) => path.join(workflows, file));
    const options = { cwd: folder, all: true, reject: false } as const;
    return (await execa(actionlint, ["-shellcheck=", "-pyflakes=", "-no-color", ...files], options)).all;
  }

  it("finds no fault in this repository's workflows", async () => {
    expect(await faults(packageFolder)).toBe("");
  });

  it("finds no fault in those of a fleet's repository, and would", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, ".git"));
    await writeFiles(folder, await repositoryFiles(await answersFor("fleet", { package: "0.1.0" }, undefined)));
    expect(await faults(folder)).toBe("");
    const file = path.join(folder, workflows, "preview.yml");
    writeFileSync(file, readFileSync(file, "utf8").replace("matrix.stack }}-preview", "matrix.shelf }}"));
    expect(await faults(folder)).toMatch(/property "shelf" is not defined/);
  });
});
