import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { buildCli } from "../../engine/executable/build";
import { compiledFile } from "../../engine/paths";
import { script, temporaryFolder } from "./folders";

it("a build that was killed leaves nothing that is mistaken for a finished one", async () => {
  const root = temporaryFolder();
  const go = (...build: string[]) =>
    script(
      path.join(root, "bin", "go"),
      'case "$1" in',
      "  env) echo go1.26.8;;",
      "  list) echo a;;",
      '  build) while [ "$1" != -o ]; do shift; done; output=$2',
      ...build,
      "  ;;",
      "esac",
    );
  const folder = path.join(root, "cli", "built");
  vi.stubEnv("PATH", `${path.join(root, "bin")}:${process.env.PATH}`);

  go('echo half > "$output"', `echo $$ > ${root}/go.pid`, "exec sleep 60");
  const build = `require(${JSON.stringify(compiledFile("engine", "executable", "build.js"))}).buildCli(${JSON.stringify(folder)}, () => {})`;
  const killed = spawn(process.execPath, ["-e", build], { stdio: "inherit" });
  while (!existsSync(path.join(root, "go.pid"))) await sleep(50);
  killed.kill("SIGKILL");
  await new Promise((resolve) => killed.once("exit", resolve));
  process.kill(Number(readFileSync(path.join(root, "go.pid"), "utf8")), "SIGKILL");
  expect(existsSync(folder)).toBe(false);

  go('echo whole > "$output"');
  await buildCli(folder, () => {});
  vi.unstubAllEnvs();
  expect(readFileSync(path.join(folder, "pulumi"), "utf8")).toBe("whole\n");
  expect(readdirSync(path.join(root, "cli"))).toEqual(["built"]);
});
