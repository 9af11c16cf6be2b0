import { chmod, copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findCloudflared, unusable } from "../../sandbox/cloudflared";
import { SandboxError } from "../../sandbox/faults";
import { findProgram } from "../../sandbox/hostPackages";
import { describeUnless } from "../requirements";

const go = findProgram("go");
const quiet = () => undefined;

describe("a cloudflared that will not do", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is refused with the reason when it was asked for", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-cloudflared-"));
    const script = path.join(folder, "script");
    await writeFile(script, `#!/bin/sh\n${"# filler\n".repeat(20)}`);
    for (const [file, why] of [
      [path.join(folder, "absent"), "cannot be read (ENOENT)"],
      [script, "is no 64-bit Linux program"],
    ]) {
      vi.stubEnv("CREEL_CLOUDFLARED", file!);
      const refused = await findCloudflared(quiet).catch((error: Error) => error);
      expect(refused).toBeInstanceOf(SandboxError);
      expect((refused as Error).message).toContain(why);
    }
  });

  it("is passed over with a word when it is only on the PATH", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-cloudflared-"));
    await copyFile(process.execPath, path.join(folder, "cloudflared"));
    vi.stubEnv("CREEL_CLOUDFLARED", "");
    vi.stubEnv("PATH", folder);
    const said: string[] = [];
    expect(await findCloudflared((line) => said.push(line))).toBeUndefined();
    expect(said.join()).toMatch(/linked against this computer's libraries: using the stand-in/);
  });
});

describeUnless(go ? undefined : "Go is not installed", "a static program", () => {
  let file: string;

  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-cloudflared-"));
    file = path.join(folder, "cloudflared");
    const source = path.join(folder, "main.go");
    await writeFile(source, 'package main\n\nfunc main() { println("cloudflared") }\n');
    await execa(go!, ["build", "-o", file, source], { env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local" } });
    await chmod(file, 0o755);
  });
  afterEach(() => vi.unstubAllEnvs());

  it("is usable, and is taken when it is asked for", async () => {
    expect(await unusable(file)).toBeUndefined();
    vi.stubEnv("CREEL_CLOUDFLARED", file);
    expect(await findCloudflared(quiet)).toEqual({ file, version: "of unknown version" });
  });
});
