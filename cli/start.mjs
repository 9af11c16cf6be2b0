// What every npm script starts, on a fresh clone too: installs and compiles when that is needed, then runs the command.
// Plain Node without dependencies, because it runs before there are any.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const inRoot = (...parts) => path.join(root, ...parts);
const stamp = inRoot("dist", ".stamp");

const tools = {
  biome: inRoot("node_modules", "@biomejs", "biome", "bin", "biome"),
  tsc: inRoot("node_modules", "typescript", "bin", "tsc"),
  vitest: inRoot("node_modules", "vitest", "vitest.mjs"),
};

const commands = {
  /** Formatter, linter and type check; all of them, whichever fails. */
  check: async (args) => {
    const style = await node([tools.biome, "check", ".", ...args]);
    const types = await node([tools.tsc, "--noEmit", "-p", "."]);
    return style || types;
  },
  engine: (args) => compiled(["dist/engine/main.js", ...args]),
  demo: (args) => compiled(["dist/cli/main.js", "demo", ...args]),
  creel: (args) => compiled(["dist/cli/main.js", ...args]),
  test: (args) => compiled([tools.vitest, "run", ...args]),
};

async function main([name, ...args]) {
  const command = commands[name];
  if (!command) {
    console.error(`usage: node cli/start.mjs ${Object.keys(commands).join("|")} [arguments]`);
    return 2;
  }
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed (https://nodejs.org).`);
    return 2;
  }
  const failed = await locked(install);
  return failed || command(args);
}

/** Runs a file of the package, after compiling what has changed. */
async function compiled(args) {
  const failed = await locked(build);
  return failed || node(args);
}

async function install() {
  if (isInstalled()) return 0;
  console.error("installing npm packages");
  // npm prints its summary on stdout, which belongs to the command.
  return run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], ["ignore", 2, 2]);
}

/** Whether node_modules holds every package of the lock file, in its version. npm keeps its own record of that there. */
function isInstalled() {
  const there = packagesOf(inRoot("node_modules", ".package-lock.json"));
  const wanted = packagesOf(inRoot("package-lock.json"));
  return Object.entries(wanted ?? {}).every(
    ([folder, { version, optional }]) => folder === "" || optional || there?.[folder]?.version === version,
  );
}

function packagesOf(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

async function build() {
  const sources = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return 0;
  console.error("compiling");
  const failed =
    (await run(process.execPath, [tools.tsc, "-p", "tsconfig.build.json"], ["ignore", 2, 2])) ||
    (await run(process.execPath, [inRoot("cli", "assets.mjs")], ["ignore", 2, 2])) ||
    (await run(
      process.execPath,
      [inRoot("dist/stacks/schema/write.js"), inRoot("dist/schema/stack.schema.json")],
      ["ignore", 2, 2],
    ));
  // The fingerprint is from before: whatever changed meanwhile is compiled next time.
  if (!failed) writeFileSync(stamp, sources);
  return failed;
}

/** The names, sizes and times of everything that ends up in dist. */
function fingerprint() {
  const hash = createHash("sha256");
  const add = (file) => {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${path.relative(root, file)} ${size} ${mtimeMs}\n`);
  };
  for (const folder of ["stacks", "components", "profiles", "policies", "cli", "sandbox", "engine"])
    walk(inRoot(folder), add);
  for (const file of ["package-lock.json", "tsconfig.json", "tsconfig.build.json"]) add(inRoot(file));
  return hash.digest("hex");
}

function walk(folder, visit) {
  if (!existsSync(folder)) return;
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(file, visit);
    else if (entry.isFile()) visit(file);
  }
}

/** Keeps two commands in one checkout from installing or compiling at the same time. */
async function locked(work) {
  const owner = createHash("sha256").update(`${root} ${os.userInfo().uid}`).digest("hex").slice(0, 16);
  const lock = path.join(os.tmpdir(), `creel-${owner}.lock`);
  for (let first = true; !acquire(lock); first = false) {
    if (first) console.error("waiting for another command that installs or compiles here");
    await new Promise((next) => setTimeout(next, 300));
  }
  const release = () => rmSync(lock, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function acquire(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
  } catch (error) {
    if (error.code === "ESRCH") rmSync(lock, { force: true }); // its owner was killed
  }
  return false;
}

function node(args) {
  return run(process.execPath, args, "inherit");
}

/** Runs a program in the root folder to its end, and resolves to its exit code. */
function run(program, args, stdio) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio });
    const forward = (signal) => {
      // A terminal sends Ctrl-C to every process that runs in it; a second one would mean "at once" to some.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward);
    child.once("error", (error) => {
      console.error(`${program} cannot be started: ${error.message}`);
      resolve(127);
    });
    child.once("exit", (code, signal) => {
      for (const other of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(other, forward);
      resolve(code ?? 128 + os.constants.signals[signal]);
    });
  });
}

process.exitCode = await main(process.argv.slice(2));
