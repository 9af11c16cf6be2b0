import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/command";
import { describeUnless } from "../requirements";
import { ProviderClient } from "./client";
import { Sshd, sshdMissing } from "./sshd";

const LOCAL = "command:local:Command";
const REMOTE = "command:remote:Command";
const COPY = "command:remote:CopyToRemote";

let client: ProviderClient;
let folder: string;
beforeEach(async () => {
  client = await ProviderClient.start(provider as never);
  folder = mkdtempSync(path.join(tmpdir(), "creel-command-"));
});
afterEach(() => {
  client.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("command.local.Command", () => {
  test("keeps stdout and stderr without their last line break", async () => {
    const { id, outputs } = await client.create(LOCAL, { create: "printf 'a\\nb\\n\\n'; echo c >&2" });
    expect(id).toMatch(/^thing[0-9a-f]{8}$/);
    expect(outputs).toMatchObject({ stdout: "a\nb\n", stderr: "c" });
  });

  test("hands stdin over and closes it", async () => {
    const stdin = "x".repeat(3_000_000);
    const { outputs } = await client.create(LOCAL, { create: "wc -c", stdin });
    expect(String(outputs.stdout).trim()).toBe("3000000");
  });

  test("survives a command that does not read its stdin", async () => {
    const { outputs } = await client.create(LOCAL, { create: "echo done", stdin: "y".repeat(3_000_000) });
    expect(outputs.stdout).toBe("done");
  });

  test("takes megabytes of output", async () => {
    const { outputs } = await client.create(LOCAL, { create: "head -c 6000000 /dev/zero | tr '\\0' 'z'" });
    expect(String(outputs.stdout).length).toBe(6_000_000);
  });

  test("passes the command as one argument to the interpreter", async () => {
    const { outputs } = await client.create(LOCAL, {
      interpreter: ["node", "-e", "console.log(JSON.stringify(process.argv.slice(1)))", "--"],
      create: "two words; $HOME 'quoted'",
    });
    expect(outputs.stdout).toBe(JSON.stringify(["two words; $HOME 'quoted'"]));
  });

  test("runs in dir with the environment", async () => {
    const { outputs } = await client.create(LOCAL, {
      create: 'echo "$PWD $WHO"',
      dir: folder,
      environment: { WHO: "me" },
    });
    expect(outputs.stdout).toBe(`${folder} me`);
  });

  test("an error names the command and shows its output, never its stdin or environment", async () => {
    const failing = client.create(LOCAL, {
      create: 'echo "working"; echo "it broke" >&2; exit 3',
      stdin: "stdin-canary",
      environment: { KEY: "environment-canary" },
    });
    const message = await failing.catch((error: Error) => error.message);
    expect(message).toContain(
      'exit status 3: running "echo \\"working\\"; echo \\"it broke\\" >&2; exit 3":\nworking\nit broke\n',
    );
    expect(message).not.toContain("canary");
  });

  test.each([
    [
      { create: "true", interpreter: ["no-such-program"] },
      /exec: "no-such-program": executable file not found in \$PATH/,
    ],
    [{ create: "true", dir: "/no/such/dir" }, /chdir \/no\/such\/dir: no such file or directory/],
    [{ create: "kill -9 $$" }, /signal: killed: running/],
  ])("cannot run %j", async (inputs, message) => {
    await expect(client.create(LOCAL, inputs)).rejects.toThrow(message);
  });

  test("update runs update, else create, and sees the previous output; delete too", async () => {
    const inputs = { create: "echo first", update: 'echo "after $PULUMI_COMMAND_STDOUT"' };
    const { outputs } = await client.create(LOCAL, inputs);
    const updated = await client.update(LOCAL, "id", outputs, inputs, { ...inputs, stdin: "new" });
    expect(updated.stdout).toBe("after first");
    const withoutUpdate = await client.update(LOCAL, "id", updated, inputs, { create: 'echo "again"' });
    expect(withoutUpdate.stdout).toBe("again");

    const note = path.join(folder, "note");
    await client.delete(LOCAL, "id", { ...updated, delete: `printf '%s' "$PULUMI_COMMAND_STDOUT" > ${note}` });
    expect(readFileSync(note, "utf8")).toBe("after first");
    await client.delete(LOCAL, "id", {
      ...updated,
      addPreviousOutputInEnv: false,
      delete: `printf '%s' "\${PULUMI_COMMAND_STDOUT-none}" > ${note}`,
    });
    expect(readFileSync(note, "utf8")).toBe("none");
  });

  test("a preview runs nothing and leaves the results open", async () => {
    const note = path.join(folder, "note");
    const { outputs } = await client.create(LOCAL, { create: `touch ${note}` }, true);
    expect(existsSync(note)).toBe(false);
    expect(outputs.stdout).toBe("04da6b54-80e4-46f7-96ec-b56ff0331ba9");
    expect(outputs).not.toHaveProperty("environment");
  });

  test("stdin and environment change in place, triggers replace", async () => {
    const olds = { create: "true", stdin: "a", triggers: ["1"] };
    expect(await client.diff(LOCAL, olds, { ...olds, stdin: "b" })).toMatchObject({ changed: true, replaces: [] });
    expect(await client.diff(LOCAL, olds, { ...olds, triggers: ["2"] })).toMatchObject({
      replaces: ["triggers"],
      deleteBeforeReplace: false,
    });
    expect(await client.diff(LOCAL, olds, olds)).toMatchObject({ changed: false });
  });

  test("files come back as assets by pattern", async () => {
    writeFileSync(path.join(folder, "kept.txt"), "kept");
    writeFileSync(path.join(folder, "secret.txt"), "left out");
    const { outputs } = await client.create(LOCAL, {
      create: "mkdir -p sub && echo inner > sub/inner.txt",
      dir: folder,
      assetPaths: ["**.txt", "!**secret*"],
    });
    expect(Object.keys(outputs.assets as object).sort()).toEqual(["kept.txt", "sub/inner.txt"]);
  });

  test("cancelling kills the command and everything it started", async () => {
    const note = path.join(folder, "pid");
    const running = client.create(LOCAL, { create: `sh -c 'echo $$ > ${note}; sleep 60' ; echo never` });
    while (!existsSync(note) || readFileSync(note, "utf8") === "") await wait(20);
    client.stop();
    await expect(running).rejects.toThrow();
    await wait(200);
    expect(isRunning(Number(readFileSync(note, "utf8")))).toBe(false);
  });
});

describe("inputs", () => {
  test("missing, unknown and wrong properties, in the words of Pulumi's own mapper", async () => {
    expect((await client.check(REMOTE, { create: "true" })).reasons).toEqual([
      "Missing required field 'connection' on 'remote.CommandInputs'",
    ]);
    expect((await client.check(LOCAL, { creat: "true" })).reasons).toEqual([
      "Unrecognized field 'creat' on 'local.CommandInputs'",
    ]);
    expect((await client.check(LOCAL, { create: ["a"], environment: "text" })).reasons).toEqual([
      "Field 'create' on 'local.CommandInputs' must be a 'string'; got 'array' instead",
      "Field 'environment' on 'local.CommandInputs' must be a 'object'; got 'string' instead",
    ]);
  });

  test("an unknown property of a connection is refused without showing the key", async () => {
    const { reasons, inputs } = await client.check(REMOTE, {
      create: "true",
      connection: { host: "h", privateKey: "canary", dialErorLimit: 1 },
    });
    expect(reasons).toEqual(["Unrecognized field 'dialErorLimit' on 'remote.Connection'"]);
    expect(inputs.connection).toHaveProperty("4dabf18193072939515e22adb298388d");
  });

  test("a connection's defaults are filled in", async () => {
    const { inputs } = await client.check(REMOTE, { create: "true", connection: { host: "h" } });
    expect((inputs.connection as { value: object }).value).toEqual({
      host: "h",
      user: "root",
      port: 22,
      dialErrorLimit: 10,
      perDialTimeout: 15,
    });
  });
});

describeUnless(sshdMissing(), "command.remote over a real sshd", () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await Sshd.prepare();
    await sshd.start();
  });
  afterAll(() => sshd?.stop());

  const connection = (more: object = {}) => ({
    host: "127.0.0.1",
    port: sshd.port,
    user: "root",
    privateKey: sshd.privateKey("client"),
    hostKey: sshd.publicKey("host"),
    dialErrorLimit: 1,
    ...more,
  });

  test("runs the command, with stdin, and keeps its output", async () => {
    const { outputs } = await client.create(REMOTE, {
      connection: connection(),
      create: "cat; echo err >&2",
      stdin: "hello\n",
    });
    expect(outputs).toMatchObject({ stdout: "hello", stderr: "err" });
  });

  test("megabytes each way", async () => {
    const stdin = "x".repeat(2_000_000);
    const { outputs } = await client.create(REMOTE, { connection: connection(), create: "cat", stdin });
    expect(outputs.stdout).toBe(stdin);
  });

  test("a failing command's error has its status and output, not its stdin", async () => {
    const inputs = { connection: connection(), create: "echo broke; exit 4", stdin: "canary" };
    const message = await client.create(REMOTE, inputs).catch((error: Error) => error.message);
    expect(message).toContain('Process exited with status 4: running "echo broke; exit 4":\nbroke\n');
    expect(message).not.toContain("canary");
  });

  test("a wrong host key is refused after the retries", async () => {
    const started = Date.now();
    const inputs = {
      connection: connection({ hostKey: sshd.publicKey("other"), dialErrorLimit: 2 }),
      create: "echo no",
    };
    await expect(client.create(REMOTE, inputs)).rejects.toThrow(
      "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch",
    );
    // 100 ms and 150 ms between the three dials.
    expect(Date.now() - started).toBeGreaterThan(240);
  });

  test("without a host key any is accepted", async () => {
    const { outputs } = await client.create(REMOTE, {
      connection: connection({ hostKey: undefined }),
      create: "echo in",
    });
    expect(outputs.stdout).toBe("in");
  });

  test("a wrong client key is refused", async () => {
    const inputs = { connection: connection({ privateKey: sshd.privateKey("other") }), create: "echo no" };
    await expect(client.create(REMOTE, inputs)).rejects.toThrow(/after 1 failed attempts: .*unable to authenticate/);
  });

  test("keys that cannot be read are an error at once", async () => {
    const badHostKey = { connection: connection({ hostKey: "nonsense", dialErrorLimit: -1 }), create: "echo no" };
    await expect(client.create(REMOTE, badHostKey)).rejects.toThrow(/failed to parse host key/);
    const badKey = { connection: connection({ privateKey: "nonsense", dialErrorLimit: -1 }), create: "echo no" };
    await expect(client.create(REMOTE, badKey)).rejects.toThrow(/ssh: /);
  });

  test("an environment that sshd does not accept is an error, and the command does not run", async () => {
    const note = path.join(folder, "ran");
    const inputs = {
      connection: connection(),
      create: `touch ${note}; echo $LC_TEST`,
      environment: { LC_TEST: "yes" },
    };
    expect((await client.create(REMOTE, inputs)).outputs.stdout).toBe("yes");
    rmSync(note);
    const refused = { ...inputs, environment: { SECRET: "canary" } };
    const message = await client.create(REMOTE, refused).catch((error: Error) => error.message);
    expect(message).toMatch(/could not set environment variable "SECRET": ssh: setenv failed/);
    expect(message).not.toContain("canary");
    expect(existsSync(note)).toBe(false);
  });

  test("previous output that sshd does not accept is left out", async () => {
    const inputs = { connection: connection(), create: "echo one" };
    const { outputs } = await client.create(REMOTE, inputs);
    const updated = await client.update(REMOTE, "id", { ...outputs, ...inputs }, inputs, {
      ...inputs,
      update: 'echo "[$PULUMI_COMMAND_STDOUT]"',
    });
    expect(updated.stdout).toBe("[]");
  });

  test("a server that comes up later is waited for", async () => {
    const late = await Sshd.prepare();
    const inputs = {
      connection: {
        host: "127.0.0.1",
        port: late.port,
        privateKey: late.privateKey("client"),
        hostKey: late.publicKey("host"),
        dialErrorLimit: 30,
      },
      create: "echo up",
    };
    const creating = client.create(REMOTE, inputs);
    await wait(1500);
    await late.start();
    expect((await creating).outputs.stdout).toBe("up");
    await late.stop();
  });

  test("through a proxy, whose host key is pinned too", async () => {
    const proxied = { ...connection(), proxy: connection() };
    expect((await client.create(REMOTE, { connection: proxied, create: "echo there" })).outputs.stdout).toBe("there");
    const wrong = { ...connection(), proxy: connection({ hostKey: sshd.publicKey("other"), dialErrorLimit: 0 }) };
    await expect(client.create(REMOTE, { connection: wrong, create: "echo no" })).rejects.toThrow(
      /^.*proxy: after 0 failed/,
    );
  });

  test("the connection is secret as a whole, results are not", async () => {
    const { outputs } = await client.create(REMOTE, { connection: connection(), create: "echo open" });
    expect(outputs.connection).toHaveProperty("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270");
    expect(outputs.stdout).toBe("open");
  });

  test("cancelling ends a running command", async () => {
    const note = path.join(folder, "pid");
    const running = client.create(REMOTE, { connection: connection(), create: `echo $$ > ${note}; sleep 60` });
    while (!existsSync(note)) await wait(20);
    client.stop();
    await expect(running).rejects.toThrow();
  });

  test("copies texts, files and folders", async () => {
    const asset = (source: object) => ({
      "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
      ...source,
    });
    const deep = path.join(folder, "new/deep/text");
    await client.create(COPY, { connection: connection(), remotePath: deep, source: asset({ text: "hi" }) });
    expect(readFileSync(deep, "utf8")).toBe("hi");

    writeFileSync(path.join(folder, "file"), "content");
    await client.create(COPY, {
      connection: connection(),
      remotePath: path.join(folder, "new"),
      source: asset({ path: path.join(folder, "file") }),
    });
    expect(readFileSync(path.join(folder, "new/file"), "utf8")).toBe("content");
    await expect(
      client.create(COPY, {
        connection: connection(),
        remotePath: path.join(folder, "new"),
        source: asset({ text: "x" }),
      }),
    ).rejects.toThrow(/is a directory; when using a text asset/);

    const archive = { "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7" };
    await client.create(COPY, {
      connection: connection(),
      remotePath: path.join(folder, "copy"),
      source: { ...archive, path: path.join(folder, "new") },
    });
    expect(readFileSync(path.join(folder, "copy/new/deep/text"), "utf8")).toBe("hi");
    await client.create(COPY, {
      connection: connection(),
      remotePath: path.join(folder, "set"),
      source: { ...archive, assets: { "a/b": asset({ text: "named" }) } },
    });
    expect(readFileSync(path.join(folder, "set/a/b"), "utf8")).toBe("named");
  });
});

/** False also for a process that has ended and waits to be noticed. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
