import { execa } from "execa";
import { expect, it } from "vitest";
import { findProgram } from "../../sandbox/hostPackages";
import { imagesFolder } from "../../sandbox/images";
import { describeUnless } from "../requirements";

const go = findProgram("go");

describeUnless(go ? undefined : "Go is not installed", "the stand-in agent and connector", () => {
  it.each(["vet", "test"])("pass go %s", { timeout: 180_000 }, async (command) => {
    const options = { cwd: imagesFolder, all: true, reject: false } as const;
    const { exitCode, all } = await execa(go!, [command, "./..."], options);
    expect(exitCode, all).toBe(0);
  });

  it("are formatted as gofmt does", async () => {
    expect((await execa(findProgram("gofmt")!, ["-l", "."], { cwd: imagesFolder })).stdout).toBe("");
  });
});
