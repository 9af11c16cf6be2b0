import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as Download from "../../engine/executable/download";
import { archiveName, checksumOf } from "../../engine/executable/download";
import { script, temporaryFolder } from "./folders";

beforeEach(() => {
  vi.stubEnv("CREEL_OFFLINE", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

const sum = "0123456789abcdef".repeat(4);

describe("the official release", () => {
  it("has an archive for the usual computers only", () => {
    expect(archiveName("linux", "x64")).toMatch(/^pulumi-v3\.\d+\.\d+-linux-x64\.tar\.gz$/);
    expect(archiveName("darwin", "arm64")).toMatch(/-darwin-arm64\.tar\.gz$/);
    expect(archiveName("win32", "x64")).toBeUndefined();
    expect(archiveName("linux", "riscv64")).toBeUndefined();
  });

  it("lists checksums as sha256sum does", () => {
    expect(checksumOf("a.tar.gz", `${"f".repeat(64)}  b.tar.gz\n${sum}  a.tar.gz\n`)).toBe(sum);
    expect(checksumOf("a.tar.gz", `${sum} *a.tar.gz\n`)).toBe(sum);
    expect(() => checksumOf("a.tar.gz", "<html>not found</html>")).toThrow("does not name a.tar.gz");
  });
});

describe("downloadCli", () => {
  let downloadCli: typeof Download.downloadCli;
  beforeEach(async () => {
    vi.resetModules(); // the module remembers whether the site was reached
    ({ downloadCli } = await vi.importActual<typeof Download>("../../engine/executable/download"));
  });

  /** A download site that serves one archive with a CLI in it, under a checksum. */
  async function site(root: string, checksum?: string) {
    const name = archiveName(process.platform, process.arch)!;
    mkdirSync(path.join(root, "release"));
    script(path.join(root, "release", "pulumi", "pulumi"), "echo v3.259.0");
    writeFileSync(path.join(root, "release", "pulumi", "pulumi-language-nodejs"), "host");
    await create({ gzip: true, file: path.join(root, name), cwd: path.join(root, "release") }, ["pulumi"]);
    const archive = readFileSync(path.join(root, name));
    const sha256 = checksum ?? createHash("sha256").update(archive).digest("hex");
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return new Response(url.endsWith("-checksums.txt") ? `${sha256}  ${name}\n` : url.endsWith(name) ? archive : "");
    });
    return asked;
  }

  it("unpacks the CLI with its language host side by side", async () => {
    const root = temporaryFolder();
    await site(root);
    expect(await downloadCli(path.join(root, "cli", "downloaded"), () => {})).toBe(true);
    expect(readdirSync(path.join(root, "cli", "downloaded")).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
  });

  it("keeps nothing whose checksum differs", async () => {
    const root = temporaryFolder();
    await site(root, sum);
    const lines: string[] = [];
    expect(await downloadCli(path.join(root, "cli", "downloaded"), (line) => lines.push(line))).toBe(false);
    expect(readdirSync(path.join(root, "cli"))).toEqual([]);
    expect(lines.join()).toContain(`its release says ${sum}`);
  });

  it("asks a site that is out of reach once a run, child processes included", async () => {
    const root = temporaryFolder();
    let asked = 0;
    vi.stubGlobal("fetch", async () => {
      asked++;
      throw new TypeError("fetch failed");
    });
    expect(await downloadCli(path.join(root, "a"), () => {})).toBe(false);
    expect(await downloadCli(path.join(root, "b"), () => {})).toBe(false);
    expect(asked).toBe(1);
    expect(process.env.CREEL_OFFLINE).toBe("1");
    delete process.env.CREEL_OFFLINE;
  });
});
