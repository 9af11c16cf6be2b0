import { existsSync, linkSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Engine, prepareEngine } from "../../engine/engine";
import { script, temporaryFolder } from "./folders";
import { Project } from "./project";

let engine: Engine;
beforeAll(async () => {
  engine = await prepareEngine({ plugins: [] });
});

const basket = `
  const pulumi = require("@pulumi/pulumi");
  const config = new pulumi.Config();
  class Basket extends pulumi.ComponentResource {
    constructor(name) {
      super("test:index:Basket", name, {});
      this.registerOutputs({});
    }
  }
  new Basket("basket");
  exports.owner = config.require("owner");
  exports.key = config.requireSecret("key");
  exports.made = pulumi.secret("made here");
  exports.stack = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack(), pulumi.runtime.isDryRun()].join();
  exports.root = pulumi.getRootDirectory();
`;

describe("a program under the real engine", () => {
  it("goes through up, preview, refresh and destroy", async () => {
    const project = await Project.create(engine, basket);
    await project.pulumi("config", "set", "owner", "ana");
    await project.pulumi("config", "set", "--secret", "key", "hunter2");
    const up = await project.pulumi("up", "--yes");
    expect(up).toContain("+ 2 created");
    expect(up).not.toMatch(/warning/i);
    expect(up).not.toContain("hunter2");
    expect(await project.outputs()).toEqual({
      owner: "ana",
      key: "hunter2",
      made: "made here",
      stack: "organization,tiny,test,false",
      root: project.folder,
    });
    const state = await project.pulumi("stack", "export");
    expect(state).not.toContain("hunter2");
    expect(state).not.toContain("made here");
    await project.pulumi("refresh", "--yes", "--expect-no-changes");
    await project.pulumi("preview", "--expect-no-changes");
    expect(await project.pulumi("destroy", "--yes")).toContain("- 2 deleted");
  });

  it("passes arguments to Node", async () => {
    const options = { typescript: false, nodeargs: "--stack-trace-limit=7 --title='two words'" };
    const program = "exports.seen = [Error.stackTraceLimit, process.title]";
    const project = await Project.create(engine, program, { runtime: { name: "nodejs", options } });
    await project.pulumi("up", "--yes", "--skip-preview");
    expect(await project.outputs()).toEqual({ seen: [7, "two words"] });
  });

  it("may be written in TypeScript", async () => {
    const project = await Project.create(engine, "const n: number = 3; export const twice = n * 2;", {
      runtime: { name: "nodejs" },
      main: "index.ts",
    });
    await project.pulumi("up", "--yes", "--skip-preview");
    expect(await project.outputs()).toEqual({ twice: 6 });
  });

  it("may have dynamic resources", async () => {
    const program = `
      const pulumi = require("@pulumi/pulumi");
      const provider = { create: async (inputs) => ({ id: "one", outs: { ...inputs, born: true } }) };
      class Hare extends pulumi.dynamic.Resource {
        constructor(name) { super(provider, name, { born: undefined }); }
      }
      exports.born = new Hare("hare").born;
    `;
    const project = await Project.create(engine, program);
    await project.pulumi("up", "--yes", "--skip-preview");
    expect(await project.outputs()).toEqual({ born: true });
    await project.pulumi("destroy", "--yes");
  });
});

describe("a program that fails", () => {
  it("is reported with its stack trace", async () => {
    const project = await Project.create(engine, "function sink() {\n  throw new Error('boom at sea');\n}\nsink();");
    const output = await project.pulumiFails("up", "--yes", "--skip-preview");
    expect(output).toContain("Error: boom at sea");
    expect(output).toMatch(/at sink .*index\.js:2:9/);
    expect(output).toMatch(/at .*index\.js:4:1/);
  });

  it("is reported with its exit code when it says nothing", async () => {
    const project = await Project.create(engine, "process.exit(3);");
    expect(await project.pulumiFails("preview")).toContain("The program exited with code 3");
  });

  it("is reported with the remedy when the SDK is not installed", async () => {
    const project = await Project.create(engine, "");
    rmSync(path.join(project.folder, "node_modules"));
    expect(await project.pulumiFails("preview")).toContain(
      `@pulumi/pulumi is not installed for the program in ${project.folder}: run "npm install" there`,
    );
  });
});

describe("a program that does not end", () => {
  const stubborn = `
    const { spawn } = require("node:child_process");
    const fs = require("node:fs");
    process.on("SIGINT", () => {});
    const child = spawn("sh", ["-c", "trap '' INT TERM; sleep 600"], { stdio: "ignore" });
    fs.writeFileSync(__dirname + "/pids.json", JSON.stringify([process.pid, process.ppid, child.pid]));
    setInterval(() => {}, 1000);
  `;

  it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
    "is gone soon after the engine gets %s, with its children and the language host",
    async (signal) => {
      const project = await Project.create(engine, stubborn);
      const pids = path.join(project.folder, "pids.json");
      const run = project.start(["up", "--yes", "--skip-preview"], { reject: false });
      onTestFinished(() => void run.kill("SIGKILL"));
      await until(() => existsSync(pids) && readFileSync(pids, "utf8").endsWith("]"));
      const family = JSON.parse(readFileSync(pids, "utf8")) as number[];
      expect(family.filter(isRunning)).toEqual(family);
      run.kill(signal);
      await run;
      await until(() => !family.some(isRunning));
    },
  );
});

describe("prepareEngine", () => {
  it("gives the same home again, and another one for other plugins", async () => {
    expect((await prepareEngine({ plugins: [] })).home).toBe(engine.home);
    const other = await prepareEngine({ plugins: ["random"], standIns: "always" });
    expect(other.home).not.toBe(engine.home);
    expect(readdirSync(path.join(other.home, "plugins")).filter((name) => !name.endsWith(".lock"))).toEqual([
      expect.stringMatching(/^resource-random-v\d/),
    ]);
    expect(other.parts.at(-1)).toMatchObject({ name: "random plugin", origin: "stand-in" });
  });

  it("uses a CLI that brings its language host along as it is", async () => {
    const bin = temporaryFolder();
    linkSync(engine.pulumi, path.join(bin, "pulumi"));
    const host = path.join(path.dirname(engine.pulumi), "pulumi-language-nodejs");
    script(path.join(bin, "pulumi-language-nodejs"), `echo used >> ${bin}/log`, `exec ${host} "$@"`);
    vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    const found = await prepareEngine({ plugins: [] });
    expect(found.pulumi).toBe(path.join(bin, "pulumi"));
    expect(found.parts.map(({ origin }) => origin)).toEqual(["PATH", "PATH"]);
    const project = await Project.create(found, "exports.a = 1");
    await project.pulumi("up", "--yes", "--skip-preview");
    expect(await project.outputs()).toEqual({ a: 1 });
    expect(readFileSync(path.join(bin, "log"), "utf8")).toContain("used");
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (const start = Date.now(); !condition(); ) {
    if (Date.now() - start > 30_000) throw new Error("waited 30 s in vain");
    await sleep(100);
  }
}

function isRunning(pid: number): boolean {
  try {
    // A process that nobody has waited for yet still answers to a signal, but runs no more.
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
