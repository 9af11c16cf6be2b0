import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { buildCli } from "../../engine/executable/build";
import { script, temporaryFolder } from "./folders";

afterEach(() => vi.unstubAllEnvs());

/** Puts a pretended Go first on PATH, whose "build" runs the given lines with the output file in $output. */
function pretendGo(root: string, version: string, ...build: string[]): void {
  const bin = path.join(root, "bin");
  script(
    path.join(bin, "go"),
    'case "$1" in',
    `  env) echo ${version};;`,
    '  list) echo "go: downloading example.com/a v1.0.0" >&2; echo a; echo b;;',
    '  build) while [ "$1" != -o ]; do shift; done; output=$2',
    ...build,
    "  ;;",
    "esac",
  );
  vi.stubEnv("PATH", `${bin}:/usr/bin:/bin`);
}

describe("buildCli", () => {
  it("builds into the folder, with progress", async () => {
    const root = temporaryFolder();
    pretendGo(root, "go1.26.8", "echo example.com/a >&2; echo whole > $output");
    const lines: string[] = [];
    await buildCli(path.join(root, "cli", "built"), (line) => lines.push(line));
    expect(readFileSync(path.join(root, "cli", "built", "pulumi"), "utf8")).toBe("whole\n");
    expect(readdirSync(path.join(root, "cli"))).toEqual(["built"]);
    expect(lines.join("\n")).toMatch(/1 modules fetched/);
    expect(lines.join("\n")).toMatch(/1 of 2 packages compiled/);
  });

  it("leaves nothing behind when Go fails, and passes on its last words", async () => {
    const root = temporaryFolder();
    pretendGo(
      root,
      "go1.26.8",
      "echo half > $output; echo 'example.com/a: verifying module: checksum mismatch' >&2; exit 1",
    );
    const building = buildCli(path.join(root, "cli", "built"), () => {});
    await expect(building).rejects.toThrow(/go build failed with exit code 1[\s\S]*checksum mismatch/);
    expect(readdirSync(path.join(root, "cli"))).toEqual([]);
  });

  it("says what to install where there is no Go", async () => {
    const root = temporaryFolder();
    vi.stubEnv("PATH", root);
    const building = buildCli(path.join(root, "cli", "built"), () => {});
    await expect(building).rejects.toThrow(
      /no Go to build it with\. Install Pulumi 3\.\d+\.\d+ .* or Go 1\.21\.0 or newer/,
    );
    expect(existsSync(path.join(root, "cli", "built"))).toBe(false);
  });

  it("refuses a Go that cannot fetch the one it needs", async () => {
    const root = temporaryFolder();
    pretendGo(root, "go1.19.8");
    const building = buildCli(path.join(root, "cli", "built"), () => {});
    await expect(building).rejects.toThrow("pulumi cannot be built with Go 1.19.8: 1.21.0 or newer is needed");
  });
});
