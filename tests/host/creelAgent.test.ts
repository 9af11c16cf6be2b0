import { existsSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeUnless } from "../requirements";
import { FakeMachine } from "./fakeMachine";
import { programMissing } from "./programs";

const source = readFileSync(path.join(__dirname, "..", "..", "components", "host", "creel_agent.py"), "utf8");

const missing = programMissing("python3", "--version");

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.remember({ broken: {} });
});
afterEach(() => machine.remove());

function helper(words: string[], input: unknown = "") {
  const program = source.replace('ROOT = "/"', `ROOT = ${JSON.stringify(machine.root)}`);
  return machine.python(program, words, typeof input === "string" ? input : JSON.stringify(input));
}

function order(secrets: Record<string, string>, more: object = {}) {
  const encoded = Object.entries(secrets).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return { uid: 20001, memoryMiB: 256, tasksMax: 128, state: ["data"], secrets: Object.fromEntries(encoded), ...more };
}

const inMemory = (file: string) => machine.read(`/run/agent-secrets/${file}`);
const mode = (file: string) => (statSync(path.join(machine.root, file)).mode & 0o777).toString(8);
const there = (file: string) => existsSync(path.join(machine.root, file));

/** Every text that the run left behind or showed, but the secrets' own place in memory. */
function traces(result: { stdout: string; stderr: string }): string {
  const files = readdirSync(machine.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("run/agent-secrets"))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1"));
  return [...files, ...machine.state.calls, result.stdout, result.stderr].join("\n");
}

describeUnless(missing, "creel-agent apply", () => {
  it("prepares limits, state and secrets, and prints names alone", () => {
    const result = helper(["apply", "atlas-one"], order({ B: "CANARY-B", API_KEY: "CANARY-A\n" }));
    expect(result.stderr).toBe("");
    expect(JSON.parse(result.stdout)).toEqual({
      slice: { name: "agents-atlas_one.slice", memoryMiB: 256, tasksMax: 128 },
      secrets: ["API_KEY", "B"],
      secretsDirectory: "/run/agent-secrets/atlas-one",
      stateDirectories: ["/var/lib/agents/atlas-one/data"],
    });
    expect(machine.read("/etc/systemd/system/agents-atlas_one.slice")).toContain(
      "[Slice]\nMemoryMax=256M\nMemorySwapMax=0\nTasksMax=128\n",
    );
    expect(inMemory("atlas-one/API_KEY")).toBe("CANARY-A\n");
    expect(traces(result)).not.toContain("CANARY");
    expect([
      mode("/run/agent-secrets"),
      mode("/run/agent-secrets/atlas-one"),
      mode("/run/agent-secrets/atlas-one/B"),
    ]).toEqual(["711", "550", "400"]);
    expect([mode("/etc/agent-secrets/atlas-one"), mode("/etc/agent-secrets/atlas-one/B.cred")]).toEqual(["700", "600"]);
    expect([mode("/var/lib/agents/atlas-one"), mode("/var/lib/agents/atlas-one/data")]).toEqual(["700", "700"]);
    expect(machine.calls().filter((call) => call.startsWith("logger"))).toHaveLength(2);
  });

  it("does nothing the second time", () => {
    helper(["apply", "atlas"], order({ A: "1" }));
    machine.calls();
    const before = statSync(path.join(machine.root, "/run/agent-secrets/atlas/A")).ino;
    helper(["apply", "atlas"], order({ A: "1" }, { onChange: "restart" }));
    const calls = machine.calls();
    expect(calls.filter((call) => /encrypt|daemon-reload|docker|logger/.test(call))).toEqual([]);
    expect(statSync(path.join(machine.root, "/run/agent-secrets/atlas/A")).ino).toBe(before);
  });

  it("renames a new value into the same directory, and takes away what is no longer wanted", () => {
    helper(["apply", "atlas"], order({ A: "1", OLD: "2" }));
    const directory = path.join(machine.root, "/run/agent-secrets/atlas");
    const before = statSync(directory).ino;
    helper(["apply", "atlas"], order({ A: "changed" }));
    expect(statSync(directory).ino).toBe(before);
    expect(readdirSync(directory)).toEqual(["A"]);
    expect(inMemory("atlas/A")).toBe("changed");
    expect(readdirSync(path.join(machine.root, "/etc/agent-secrets/atlas")).sort()).toEqual(["A.cred", "agent.json"]);
  });

  it("has a directory for an agent without secrets or state", () => {
    const { status, stdout } = helper(["apply", "atlas"], order({}, { state: [] }));
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ secrets: [], stateDirectories: [] });
    expect(there("/run/agent-secrets/atlas")).toBe(true);
    expect(there("/var/lib/agents/atlas")).toBe(false);
  });

  it("restarts the agent for a new value, also in the run after one that was cut off", () => {
    const restarts = () => machine.calls().filter((call) => call.startsWith("docker ps")).length;
    const restarting = (value: string) => helper(["apply", "atlas"], order({ A: value }, { onChange: "restart" }));
    restarting("1");
    restarts();
    machine.remember({ broken: { docker: "yes" } });
    expect(restarting("2").status).toBe(1);
    expect(restarts()).toBe(1);
    machine.remember({ broken: {} });
    expect(restarting("2").status).toBe(0);
    expect(restarts()).toBe(1);
    restarting("2");
    expect(restarts()).toBe(0);
  });

  it("fails when a limit does not hold", () => {
    machine.remember({ broken: { TasksMax: "infinity" } });
    const { status, stderr } = helper(["apply", "atlas"], order({}));
    expect(status).toBe(1);
    expect(stderr).toBe("creel-agent: agents-atlas.slice: systemd says TasksMax=infinity instead of 128\n");
  });

  it("gives no two agents one user", () => {
    helper(["apply", "atlas"], order({}));
    expect(helper(["apply", "other"], order({})).stderr).toBe("creel-agent: uid 20001 belongs to agent atlas\n");
  });

  it.each<[string, unknown, string]>([
    ["no JSON", "CANARY", "standard input is not JSON"],
    ["a list", ["CANARY"], "standard input is not a JSON object"],
    ["an unknown field", order({}, { uidd: "CANARY" }), "unknown field 'uidd'"],
    ["root", order({}, { uid: 0 }), "uid is not a whole number from 20000 to 99999"],
    ["a fraction", order({}, { tasksMax: 16.5 }), "tasksMax is not a whole number from 16 to 65536"],
    ["true for a number", order({}, { memoryMiB: true }), "memoryMiB is not a whole number from 16 to 4194304"],
    ["a way out of the state", order({}, { state: ["../x"] }), "state is not a list of names in lower case"],
    ["a strange restart", order({}, { onChange: "reboot" }), 'onChange is neither "none" nor "restart"'],
    [
      "a way out of the secrets",
      order({ "../../etc/CANARY": "x" }),
      "the name of a secret is letters, digits and _, at most 64, and no digit first",
    ],
    ["no base64", order({}, { secrets: { A: "CANARY!" } }), "secret A is not base64"],
    ["a number", order({}, { secrets: { A: 1 } }), "secret A is not base64"],
  ])("refuses %s without repeating it", (_, input, message) => {
    const result = helper(["apply", "atlas"], input);
    expect(result.status).toBe(1);
    expect(result.stderr).toBe(`creel-agent: ${message}\n`);
    expect(result.stdout + result.stderr).not.toContain("CANARY");
    expect(there("/etc/agent-secrets/atlas")).toBe(false);
  });

  it.each(["../x", "Atlas", "a--b", "-a", "a b", "a".repeat(41), ""])("refuses the name %j", (name) => {
    const { status, stderr } = helper(["apply", name], order({}));
    expect(status).toBe(2);
    expect(stderr).toMatch(/lower-case words joined by single dashes|required: name|expected/);
  });
});

describeUnless(missing, "creel-agent boot", () => {
  it("puts every secret back, bound to its agent and name", () => {
    helper(["apply", "atlas"], order({ A: "one" }));
    helper(["apply", "other"], order({ A: "two" }, { uid: 20002 }));
    writeFileSync(path.join(machine.root, "/run/agent-secrets/atlas/A"), "gone");
    expect(JSON.parse(helper(["boot"]).stdout)).toEqual({ agents: ["atlas", "other"], failed: [] });
    expect([inMemory("atlas/A"), inMemory("other/A")]).toEqual(["one", "two"]);
  });

  it("leaves an agent without a directory whose secrets are another's, and the others alone", () => {
    helper(["apply", "atlas"], order({ A: "one" }));
    helper(["apply", "other"], order({ A: "two" }, { uid: 20002 }));
    machine.write("/etc/agent-secrets/other/A.cred", machine.read("/etc/agent-secrets/atlas/A.cred"));
    const { status, stdout } = helper(["boot"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ agents: ["atlas"], failed: ["other"] });
    expect(there("/run/agent-secrets/other")).toBe(false);
  });

  it("makes the empty room when there are no agents", () => {
    expect(helper(["boot"]).status).toBe(0);
    expect(mode("/run/agent-secrets")).toBe("711");
  });
});

describeUnless(missing, "creel-agent remove", () => {
  it("takes secrets and limits away and keeps the state, unless told otherwise", () => {
    helper(["apply", "atlas"], order({ A: "one" }));
    expect(helper(["remove", "atlas"]).status).toBe(0);
    expect(
      ["/run/agent-secrets/atlas", "/etc/agent-secrets/atlas", "/etc/systemd/system/agents-atlas.slice"].map(there),
    ).toEqual([false, false, false]);
    expect(there("/var/lib/agents/atlas/data")).toBe(true);
    helper(["remove", "atlas", "--purge"]);
    expect(there("/var/lib/agents/atlas")).toBe(false);
  });

  it("fails when something is left", () => {
    helper(["apply", "atlas"], order({ A: "one" }));
    renameSync(path.join(machine.root, "/etc/agent-secrets/atlas"), path.join(machine.root, "/etc/elsewhere"));
    symlinkSync("../elsewhere", path.join(machine.root, "/etc/agent-secrets/atlas"));
    const { status, stdout, stderr } = helper(["remove", "atlas"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^creel-agent: OSError/);
    expect(there("/etc/elsewhere/A.cred")).toBe(true);
  });

  it("has nothing against an agent that is not there", () => {
    expect(helper(["remove", "atlas"])).toMatchObject({ status: 0, stdout: '{"purged": false, "removed": "atlas"}\n' });
  });
});
