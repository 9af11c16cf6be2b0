import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareEngine } from "../../engine/engine";
import { packageFolder } from "../../engine/paths";

/** A program that goes on for as long as its deployment is to be held open. */
const program = `
const { existsSync, writeFileSync } = require("node:fs");
module.exports = async () => {
  writeFileSync("running", "");
  while (existsSync("hold")) await new Promise((done) => setTimeout(done, 50));
};`;

let folder: string;
let start: (...args: string[]) => ReturnType<typeof run>;
const up = () => start("up", "--yes", "--skip-preview");
const inFolder = (name: string) => path.join(folder, name);

const run = (pulumi: string, args: string[], env: Record<string, string>) =>
  execa(pulumi, args, { cwd: folder, env, all: true, reject: false, stdin: "ignore" });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "creel-lock-"));
  const engine = await prepareEngine({ plugins: [] });
  const env = {
    ...engine.env,
    PULUMI_BACKEND_URL: `file://${inFolder("state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
  };
  start = (...args) => {
    const options = [...args, "--stack", "production", "--non-interactive", "--color", "never"];
    return run(engine.pulumi, options, env);
  };
  await mkdir(inFolder("state"));
  await symlink(path.join(packageFolder, "node_modules"), inFolder("node_modules"));
  await writeFile(inFolder("package.json"), "{}");
  await writeFile(inFolder("index.js"), program);
  await writeFile(inFolder("Pulumi.yaml"), "name: creel\nruntime: { name: nodejs, options: { typescript: false } }\n");
  await start("stack", "init");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Begins a deployment that runs until it is let go. */
async function hold() {
  await rm(inFolder("running"), { force: true });
  await writeFile(inFolder("hold"), "");
  const first = up();
  while (!existsSync(inFolder("running"))) await new Promise((done) => setTimeout(done, 50));
  return { first };
}

const letGo = () => rm(inFolder("hold"));

test("the second of two operators is told who holds the lock since when, and goes on when the first has ended", async () => {
  const { first } = await hold();
  const second = await up();
  expect(second.exitCode).not.toBe(0);
  const holder = `${userInfo().username}@${hostname()} \\(pid \\d+\\) at \\d{4}-\\d\\d-\\d\\dT[\\d:]+`;
  expect(second.all).toMatch(new RegExp(`currently locked by 1 lock\\(s\\)[\\s\\S]*created by ${holder}`));
  expect(second.all).toContain("pulumi cancel");
  await letGo();
  expect((await first).exitCode).toBe(0);
  expect((await up()).exitCode).toBe(0);
});

test("a deployment that was killed leaves its lock, which pulumi cancel takes away", async () => {
  const { first } = await hold();
  first.kill("SIGKILL");
  await first;
  await letGo();
  expect((await up()).all).toMatch(/currently locked by 1 lock/);
  expect((await start("cancel", "--yes")).exitCode).toBe(0);
  expect((await up()).exitCode).toBe(0);
});
