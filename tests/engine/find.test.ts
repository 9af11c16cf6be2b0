import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { cliCandidates, findCli } from "../../engine/executable/find";
import { findLanguageHost } from "../../engine/languageHost/find";
import { localPlugin } from "../../engine/plugins/sources";
import { script, temporaryFolder } from "./folders";

/** A computer on which pulumi of some version is on PATH, installed in the home folder, or both. */
function computer(versions: { onPath?: string; installed?: string }) {
  const root = temporaryFolder();
  const bin = path.join(root, "bin");
  const home = path.join(root, "home");
  mkdirSync(bin);
  if (versions.onPath) script(path.join(bin, "pulumi"), `echo v${versions.onPath}`);
  if (versions.installed) script(path.join(home, ".pulumi", "bin", "pulumi"), `echo v${versions.installed}`);
  return { root, bin, home, env: { PATH: `${bin}:/usr/bin`, HOME: home } };
}

describe("the user's own CLI", () => {
  it("is taken from PATH first", async () => {
    const { env, bin } = computer({ onPath: "3.250.0", installed: "3.260.0" });
    expect(await findCli(() => {}, env)).toEqual({
      path: path.join(bin, "pulumi"),
      version: "3.250.0",
      origin: "PATH",
    });
  });

  it("is taken from where the installer puts it when the one on PATH is too old, and says so", async () => {
    const { env, home } = computer({ onPath: "3.210.9", installed: "3.211.0" });
    const lines: string[] = [];
    const found = await findCli((line) => lines.push(line), env);
    expect(found).toMatchObject({ path: path.join(home, ".pulumi", "bin", "pulumi"), origin: "installed" });
    expect(lines.join()).toContain("is pulumi 3.210.9, older than 3.211.0: not used");
  });

  it("is looked for in $PULUMI_HOME too", async () => {
    const { root, env } = computer({});
    const file = script(path.join(root, "elsewhere", "bin", "pulumi"), "echo v3.259.0");
    expect(await findCli(() => {}, { ...env, PULUMI_HOME: path.join(root, "elsewhere") })).toMatchObject({
      path: file,
    });
  });

  it("is passed over when it does not say its version", async () => {
    const { bin, env } = computer({});
    script(path.join(bin, "pulumi"), "echo broken", "exit 1");
    const lines: string[] = [];
    expect(await findCli((line) => lines.push(line), env)).toBeUndefined();
    expect(lines.join()).toContain('does not answer to "version"');
  });

  it("is never one that an outer run of this engine put on PATH", () => {
    const { root, bin, env } = computer({ onPath: "3.259.0" });
    const ours = script(path.join(root, "cache", "homes", "0", "bin", "pulumi"), "echo v3.259.0");
    vi.stubEnv("CREEL_CACHE", path.join(root, "cache"));
    const found = cliCandidates({ ...env, PATH: `${path.dirname(ours)}:${env.PATH}` });
    vi.unstubAllEnvs();
    expect(found.map(({ file }) => file)).toEqual([path.join(bin, "pulumi")]);
  });
});

describe("the Node language host", () => {
  it("is the official one beside the CLI, through a link too", () => {
    const { root, bin } = computer({});
    const real = script(path.join(root, "opt", "pulumi"), "true");
    const host = script(path.join(root, "opt", "pulumi-language-nodejs"), "true");
    const cli = { path: real, version: "3.259.0", origin: "PATH" as const };
    expect(findLanguageHost(cli, { PATH: bin })).toEqual({ origin: "PATH", path: host, besideCli: true });
  });

  it("is one on PATH otherwise", () => {
    const { root, bin } = computer({ onPath: "3.259.0" });
    const host = script(path.join(root, "other", "pulumi-language-nodejs"), "true");
    const cli = { path: path.join(bin, "pulumi"), version: "3.259.0", origin: "PATH" as const };
    expect(findLanguageHost(cli, { PATH: path.dirname(host) })).toEqual({
      origin: "PATH",
      path: host,
      besideCli: false,
    });
  });

  it("is our own where there is none", () => {
    const { bin } = computer({ onPath: "3.259.0" });
    const cli = { path: path.join(bin, "pulumi"), version: "3.259.0", origin: "built" as const };
    expect(findLanguageHost(cli, { PATH: bin })).toMatchObject({ origin: "stand-in", besideCli: false });
  });
});

describe("a real plugin on this computer", () => {
  const plugin = (home: string, version: string) =>
    script(path.join(home, ".pulumi", "plugins", `resource-random-v${version}`, "pulumi-resource-random"), "true");

  it("is taken from PATH first", () => {
    const { bin, home, env } = computer({});
    plugin(home, "4.21.2");
    const file = script(path.join(bin, "pulumi-resource-random"), "true");
    expect(localPlugin("random", "4.21.2", env)).toMatchObject({ origin: "PATH", path: file });
  });

  it("is taken in the wanted version, else in the newest later one of the same major version", () => {
    const { home, env } = computer({});
    for (const version of ["4.20.0", "4.22.0", "4.30.1", "5.0.0"]) plugin(home, version);
    expect(localPlugin("random", "4.21.2", env)).toMatchObject({ origin: "installed", version: "4.30.1" });
    const exact = plugin(home, "4.21.2");
    expect(localPlugin("random", "4.21.2", env)).toMatchObject({ version: "4.21.2", path: exact });
  });

  it("is not taken half installed, older, of another major version, or of another name", () => {
    const { home, env } = computer({});
    for (const version of ["4.20.0", "5.0.0", "4.21.2"]) plugin(home, version);
    writeFileSync(path.join(home, ".pulumi", "plugins", "resource-random-v4.21.2.partial"), "");
    mkdirSync(path.join(home, ".pulumi", "plugins", "resource-random-x-v4.21.2"));
    expect(localPlugin("random", "4.21.2", env)).toBeUndefined();
  });
});
