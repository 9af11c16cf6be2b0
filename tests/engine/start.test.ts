import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa, type Options } from "execa";
import { describe, expect, it } from "vitest";
import { packageFolder } from "../../engine/paths";
import { script, temporaryFolder } from "./folders";

/** A checkout with one source file, a compiler that only notes that it ran, and an npm that does the same. */
class Checkout {
  readonly folder = temporaryFolder();

  constructor() {
    for (const file of ["start.mjs", "assets.mjs"]) {
      mkdirSync(this.at("cli"), { recursive: true });
      copyFileSync(path.join(packageFolder, "cli", file), this.at("cli", file));
    }
    this.write("engine/main.ts", "");
    this.write("stacks/schema/write.ts", "");
    this.write("tsconfig.json", "{}");
    this.write("tsconfig.build.json", "{}");
    this.write("package-lock.json", JSON.stringify({ packages: { "": {}, "node_modules/a": { version: "1.0.0" } } }));
    this.installed("1.0.0");
    this.compiler("process.exit(0)");
    script(this.at("bin", "npm"), `echo "$@" >> ${this.at("npm.log")}`);
  }

  at(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text);
  }

  /** Lets node_modules hold the package "a" in a version. */
  installed(version: string): void {
    this.write("node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/a": { version } } }));
  }

  /** Lets the compiled command be a script, put into dist by the compiler, which then does something more. */
  compiler(more: string, command = "console.log(JSON.stringify([process.argv.slice(2), process.env.CI]))"): void {
    this.write(
      "node_modules/typescript/bin/tsc",
      `const fs = require("node:fs");
       fs.appendFileSync("tsc.log", "ran\\n");
       fs.mkdirSync("dist/engine", { recursive: true });
       fs.writeFileSync("dist/engine/main.js", ${JSON.stringify(command)});
       fs.mkdirSync("dist/stacks/schema", { recursive: true });
       fs.writeFileSync("dist/stacks/schema/write.js", "");
       ${more}`,
    );
  }

  start(args: string[], options: Options = {}) {
    return execa(process.execPath, [this.at("cli", "start.mjs"), ...args], {
      cwd: "/",
      env: { PATH: `${this.at("bin")}:${process.env.PATH}` },
      stdin: "ignore",
      reject: false,
      ...options,
    });
  }

  ran(log: "tsc.log" | "npm.log"): number {
    return existsSync(this.at(log)) ? readFileSync(this.at(log), "utf8").trim().split("\n").length : 0;
  }
}

describe("npm scripts", () => {
  it("compile once, and again when a source has changed, come or gone", async () => {
    const checkout = new Checkout();
    await checkout.start(["engine"]);
    await checkout.start(["engine"]);
    expect(checkout.ran("tsc.log")).toBe(1);
    utimesSync(checkout.at("engine/main.ts"), new Date(), new Date(Date.now() + 5_000));
    await checkout.start(["engine"]);
    expect(checkout.ran("tsc.log")).toBe(2);
    checkout.write("sandbox/new.ts", "");
    await checkout.start(["engine"]);
    rmSync(checkout.at("sandbox/new.ts"));
    await checkout.start(["engine"]);
    rmSync(checkout.at("dist"), { recursive: true });
    await checkout.start(["engine"]);
    expect(checkout.ran("tsc.log")).toBe(5);
  });

  it("hand on arguments and CI, and keep stdout to the command", async () => {
    const { stdout, stderr } = await new Checkout().start(["engine", "--json", "a b"], { env: { CI: "true" } });
    expect(JSON.parse(stdout as string)).toEqual([["--json", "a b"], "true"]);
    expect(stderr).toContain("compiling");
  });

  it("end with the command's exit code", async () => {
    const checkout = new Checkout();
    checkout.compiler("", "process.exit(7)");
    expect((await checkout.start(["engine"])).exitCode).toBe(7);
  });

  it("run nothing when compiling fails, and compile again the next time", async () => {
    const checkout = new Checkout();
    checkout.compiler('console.log("main.ts(1,1): error TS1"); process.exit(2)');
    const { exitCode, stdout, stderr } = await checkout.start(["engine"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain("main.ts(1,1): error TS1");
    await checkout.start(["engine"]);
    expect(checkout.ran("tsc.log")).toBe(2);
  });

  it("compile once for two that start at the same time", async () => {
    const checkout = new Checkout();
    checkout.compiler("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)");
    const both = await Promise.all([checkout.start(["engine"]), checkout.start(["engine"])]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(checkout.ran("tsc.log")).toBe(1);
  });

  it("install when a package is missing or of another version, and only then", async () => {
    const checkout = new Checkout();
    await checkout.start(["engine"]);
    expect(checkout.ran("npm.log")).toBe(0);
    checkout.installed("0.9.0");
    await checkout.start(["engine"]);
    expect(checkout.ran("npm.log")).toBe(1);
    rmSync(checkout.at("node_modules/.package-lock.json"));
    await checkout.start(["engine"]);
    expect(readFileSync(checkout.at("npm.log"), "utf8")).toMatch(/^(ci .*\n){2}$/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("hand %s on to the command", async (signal) => {
    const checkout = new Checkout();
    checkout.compiler("", `require("node:fs").writeFileSync("pid", String(process.pid)); setInterval(() => {}, 1000)`);
    const running = checkout.start(["engine"]);
    while (!existsSync(checkout.at("pid"))) await sleep(50);
    running.kill(signal);
    expect((await running).exitCode).toBe(signal === "SIGINT" ? 130 : 143);
    expect(() => process.kill(Number(readFileSync(checkout.at("pid"), "utf8")), 0)).toThrow("ESRCH");
  });

  it("name the commands when asked for another", async () => {
    const { exitCode, stderr } = await new Checkout().start(["deploy"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("check|engine|demo|creel|test");
  });
});

describe("assets", () => {
  it("are copied beside the compiled code, and output without a source goes", async () => {
    const checkout = new Checkout();
    checkout.write("sandbox/images/Dockerfile", "FROM scratch");
    checkout.write("sandbox/images/notes.md", "for readers");
    checkout.write("dist/sandbox/images/gone/old.js", "");
    checkout.write("dist/sandbox/images/gone/old.d.ts", "");
    await checkout.start(["engine"]);
    expect(readFileSync(checkout.at("dist/sandbox/images/Dockerfile"), "utf8")).toBe("FROM scratch");
    expect(existsSync(checkout.at("dist/sandbox/images/notes.md"))).toBe(false);
    expect(existsSync(checkout.at("dist/sandbox/images/gone"))).toBe(false);
    expect(existsSync(checkout.at("dist/engine/main.js"))).toBe(true);
  });
});
