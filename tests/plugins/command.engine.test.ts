import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeUnless } from "../requirements";
import { Sshd, sshdMissing } from "./sshd";
import { ProgramStack } from "./stack";

/** Every file below a folder that holds a text; state, backups and history are all in there. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"));
  const paths = files.map((entry) => path.join(entry.parentPath, entry.name));
  const contents = await Promise.all(paths.map((file) => readFile(file, "utf8")));
  return paths.filter((file, index) => !file.endsWith("index.js") && contents[index]!.includes(text));
}

describe("command.local.Command", () => {
  let stack: ProgramStack;
  beforeAll(async () => {
    stack = await ProgramStack.open();
  });
  afterAll(async () => {
    await stack?.close();
  });

  const program = (inputs: string, options = "{}") => `
    const thing = new command.local.Command("thing", ${inputs}, ${options});
    exports.stdout = thing.stdout;
    exports.stderr = thing.stderr;
  `;

  test("a secret on stdin reaches the command and nothing else", async () => {
    const canary = "canary-4a7d1c";
    const output = await stack.up(
      program(`{
        interpreter: ["sh", "-c"],
        create: "wc -c; echo seen >&2; echo line-one; echo line-two",
        stdin: pulumi.secret("${canary}"),
        triggers: ["one"],
      }`),
    );
    expect(await stack.outputs()).toEqual({ stdout: "13\nline-one\nline-two", stderr: "seen" });
    expect(output).toContain("line-two");
    expect(output).not.toContain(canary);
    expect(await filesWith(stack.folder, canary)).toEqual([]);
    expect((await stack.resource("thing")).inputs?.stdin).toMatchObject({ plaintext: JSON.stringify(canary) });
    await stack.expectSettled();
  });

  test("changed stdin runs update in place", async () => {
    const inputs = `{
      create: "cat",
      update: 'echo "was $PULUMI_COMMAND_STDOUT, is $(cat)"',
      delete: "true",
      triggers: ["one"],
      stdin: "STDIN",
    }`;
    const before = (await stack.resource("thing")).id;
    await stack.up(program(inputs.replace("STDIN", "a")));
    await stack.up(program(inputs.replace("STDIN", "b")));
    expect((await stack.outputs()).stdout).toMatch(/^was was .*is a, is b$/s);
    expect((await stack.resource("thing")).id).toBe(before);
    await stack.expectSettled();
  });

  test("changed triggers replace, creating first and deleting after", async () => {
    const log = path.join(stack.folder, "order.log");
    const inputs = (trigger: string) =>
      `{ create: "echo create-${trigger} >> ${log}", delete: "echo delete-${trigger} >> ${log}", triggers: ["${trigger}"] }`;
    await stack.up(program(inputs("two")));
    const before = (await stack.resource("thing")).id;
    await stack.up(program(inputs("three")));
    expect((await stack.resource("thing")).id).not.toBe(before);
    expect(readFileSync(log, "utf8").trim().split("\n").slice(-2)).toEqual(["create-three", "delete-two"]);
    await stack.expectSettled();
  });

  test("a failing command shows its output, and the resource is not created", async () => {
    await stack.program(`
      new command.local.Command("broken", {
        create: "echo half-way; echo the-cause >&2; exit 7",
        stdin: pulumi.secret("canary-77"),
        logging: "none",
      });
      ${program('{ create: "true", triggers: ["three"] }')}
    `);
    const run = await stack.run("up", "--yes", "--skip-preview");
    expect(run.ok).toBe(false);
    expect(run.output).toMatch(/exit status 7: running "echo half-way; .*half-way\s+the-cause/s);
    expect(run.output).not.toContain("canary-77");
    await expect(stack.resource("broken")).rejects.toThrow();
  });

  test("values of a wrong type fail in the preview", async () => {
    for (const [inputs, message] of [
      ['{ create: "true", environment: "text" }', /environment/],
      ["{ create: ['a'] }", /create/],
    ] as const) {
      await stack.program(program(inputs));
      const run = await stack.run("preview");
      expect(run.ok, inputs).toBe(false);
      expect(run.output).toMatch(message);
    }
  });

  test("files come back as assets", async () => {
    await stack.up(`
      const files = new command.local.Command("files", {
        create: "mkdir -p out && echo one > out/one.txt && echo two > out/two.txt",
        assetPaths: ["out/**", "!out/two*"],
        archivePaths: ["out/*.txt"],
      });
      exports.files = files.assets.apply((assets) => Object.keys(assets));
    `);
    expect((await stack.outputs()).files).toEqual(["out/one.txt"]);
    // No refresh here: it makes the official plugin, and so this one, lose the assets' paths (pulumi-command#537).
    await stack.must("preview", "--expect-no-changes");
  });

  test("interrupting the deployment kills a running command", async () => {
    const note = path.join(stack.folder, "pid");
    await stack.program(`new command.local.Command("slow", { create: "echo $$ > ${note}; exec sleep 120" });`);
    const running = stack.start("up", "--yes", "--skip-preview");
    await until(() => existsSync(note) && readFileSync(note, "utf8").trim() !== "");
    running.kill("SIGINT");
    await running;
    const pid = Number(readFileSync(note, "utf8"));
    await until(() => !isRunning(pid));
    await stack.must("cancel", "--yes").catch(() => undefined);
    await stack.up('new command.local.Command("thing", { create: "true" });');
    await stack.expectSettled();
  });
});

describeUnless(sshdMissing(), "command.remote.Command over a real sshd", () => {
  let stack: ProgramStack;
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await Sshd.prepare();
    await sshd.start();
    stack = await ProgramStack.open();
  });
  afterAll(async () => {
    await stack?.close();
    await sshd?.stop();
  });

  const program = (more: string, hostKey = sshd.publicKey("host")) => `
    const connection = {
      host: "127.0.0.1",
      port: ${sshd.port},
      privateKey: require("fs").readFileSync("${sshd.folder}/client", "utf8"),
      hostKey: "${hostKey}",
      dialErrorLimit: 2,
    };
    const thing = new command.remote.Command("thing", { connection, ${more} });
    exports.stdout = thing.stdout;
  `;

  test("secrets of connection and stdin are encrypted in state", async () => {
    await stack.up(program('create: "wc -c", stdin: pulumi.secret("canary-91"), addPreviousOutputInEnv: false'));
    expect((await stack.outputs()).stdout).toBe("9");
    expect(await filesWith(stack.folder, "canary-91")).toEqual([]);
    expect(await filesWith(stack.folder, sshd.privateKey("client").split("\n")[1]!)).toEqual([]);
    await stack.expectSettled();
  });

  test("changed stdin updates in place, changed triggers replace", async () => {
    const before = (await stack.resource("thing")).id;
    await stack.up(program('create: "wc -c", stdin: "four", addPreviousOutputInEnv: false'));
    expect((await stack.outputs()).stdout).toBe("4");
    expect((await stack.resource("thing")).id).toBe(before);
    await stack.up(program('create: "wc -c", stdin: "four", triggers: [1], addPreviousOutputInEnv: false'));
    expect((await stack.resource("thing")).id).not.toBe(before);
    await stack.expectSettled();
  });

  test("a wrong host key stops the deployment", async () => {
    await stack.program(program('create: "echo reached", triggers: [2]', sshd.publicKey("other")));
    const run = await stack.run("up", "--yes", "--skip-preview");
    expect(run.ok).toBe(false);
    expect(run.output).toMatch(/after 2 failed attempts: .*host key mismatch/);
    expect(run.output).not.toContain("reached");
    await stack.up(program('create: "echo right", triggers: [2], addPreviousOutputInEnv: false'));
    await stack.expectSettled();
  });

  test("copies a file, again when it changes", async () => {
    const copy = (text: string) => `
      ${program('create: "echo right", triggers: [2], addPreviousOutputInEnv: false')}
      require("fs").writeFileSync("${stack.folder}/source", "${text}");
      new command.remote.CopyToRemote("copy", {
        connection,
        source: new pulumi.asset.FileAsset("${stack.folder}/source"),
        remotePath: "${stack.folder}/copied/here",
      });
    `;
    await stack.up(copy("one"));
    expect(readFileSync(path.join(stack.folder, "copied/here"), "utf8")).toBe("one");
    await stack.must("preview", "--expect-no-changes");
    await stack.up(copy("two"));
    expect(readFileSync(path.join(stack.folder, "copied/here"), "utf8")).toBe("two");
    await stack.expectSettled();
  });

  test("the system's ssh as interpreter does the same", async () => {
    const options = [
      "-p",
      String(sshd.port),
      "-i",
      `${sshd.folder}/client`,
      ...["IdentitiesOnly=yes", "BatchMode=yes", "UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes"],
      `KnownHostsCommand=/bin/echo [127.0.0.1]:${sshd.port} ${sshd.publicKey("host")}`,
    ].flatMap((option) => (option.includes("=") && !option.startsWith("/") ? ["-o", option] : [option]));
    await stack.up(`
      const thing = new command.local.Command("over", {
        interpreter: ${JSON.stringify(["ssh", ...options, "root@127.0.0.1"])},
        create: "cat; echo over-ssh",
        stdin: pulumi.secret("x".repeat(200000) + "\\n"),
        logging: "stderr",
      });
      exports.length = thing.stdout.apply((text) => text.length);
      exports.end = thing.stdout.apply((text) => text.slice(-8));
    `);
    expect(await stack.outputs()).toEqual({ length: 200_009, end: "over-ssh" });
    await stack.expectSettled();
  });
});

async function until(condition: () => boolean, seconds = 30): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > seconds * 20) throw new Error("waited in vain");
    await wait(50);
  }
}

/** False also for a process that has ended and waits to be noticed. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

describe("a plugin's process", () => {
  const main = path.resolve(__dirname, "../../dist/sandbox/plugins/main.js");

  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [main, "command"], { stdio: ["pipe", "pipe", "inherit"] });
    const [port] = await new Promise<Buffer[]>((resolve) =>
      child.stdout!.once("data", (chunk: Buffer) => resolve([chunk])),
    );
    expect(port!.toString()).toMatch(/^\d+\n$/);
    return child;
  };

  test.each([
    ["SIGTERM", (child: ChildProcess) => child.kill("SIGTERM")],
    ["the engine's end of stdin closing", (child: ChildProcess) => child.stdin!.end()],
  ])("ends on %s", async (_, end) => {
    const child = await start();
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    end(child);
    expect(await ended).toBe(0);
  });

  test("ends when its parent is killed", async () => {
    const script = `
      const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(main)}, "random"],
        { stdio: ["ignore", "pipe", "inherit"], detached: true });
      child.stdout.once("data", () => console.log(child.pid));
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout!.once("data", resolve)));
    expect(isRunning(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !isRunning(pid), 5);
  });
});
