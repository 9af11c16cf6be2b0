import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { callOfMain, slimPython } from "../../components/host/program";
import { describeUnless } from "../requirements";
import { prepare } from "./existingMachine";
import { FakeMachine } from "./fakeMachine";
import { ed25519Key } from "./keys";
import { programMissing } from "./programs";

const source = readFileSync(path.join(__dirname, "..", "..", "components", "host", "existing_server.py"), "utf8");
const wanted = {
  owner: "shop/live/reef",
  user: userInfo().username,
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.0/24", "2001:db8::/48"],
  sshPort: 22,
  openTcpPorts: [80],
  images: ["debian-12"],
};
const connection = "198.51.100.7 50000 203.0.113.5 22";

let machine: FakeMachine;
beforeEach(() => {
  machine = prepare(new FakeMachine());
});
afterEach(() => machine.remove());

const there = (file: string) => existsSync(path.join(machine.root, file));

function run(task: string, data: object, ...words: string[]) {
  const program = `${slimPython(source).replace('ROOT = "/"', `ROOT = "${machine.root}"`)}\n\n\n${callOfMain(data)}`;
  return machine.python(program, [task, ...words]);
}

const takeOver = (change: object = {}, way = connection) => run("take-over", { ...wanted, ...change }, way);

/** What stands in the way, line by line; nothing has been changed then. */
function faults(change: object = {}, way = connection): string[] {
  const { status, stdout, stderr } = takeOver(change, way);
  expect([status, stdout, there("/etc/sudoers.d/creel")]).toEqual([1, "", false]);
  const [title, ...lines] = stderr.trimEnd().split("\n");
  expect(title).toBe("creel cannot take over this server");
  return lines.map((line) => line.trim());
}

const missing = programMissing("python3", "--version") ?? (process.getuid?.() === 0 ? undefined : "needs root");

describeUnless(missing, "a server that is to be taken over", () => {
  it("gets a login, and a mark that it keeps", () => {
    const first = takeOver();
    expect(first.stderr).toBe("");
    expect(first.stdout).toMatch(/^[0-9a-f]{32}\n$/);
    expect(machine.read(`${userInfo().homedir}/.ssh/authorized_keys`)).toBe(`${ed25519Key}\n`);
    expect(machine.read("/etc/sudoers.d/creel")).toBe(`${wanted.user} ALL=(ALL:ALL) NOPASSWD: ALL\n`);
    expect(takeOver({}, "2001:db8::7 50000 2001:db8:9::1 22").stdout).toBe(first.stdout);
    const mark = first.stdout.trim();
    expect(run("check", { mark }).status).toBe(0);
    expect(run("check", { mark: "another" }).stderr).toMatch(/it is another server/);
  });

  it("is refused for all that is in the way, at once", () => {
    machine.write("/etc/os-release", 'ID=ubuntu\nVERSION_ID="24.04"\n');
    machine.remember({
      sshd: "allowusers admin ops",
      containers: [" /shop", "agents-atlas.slice /atlas"],
      packages: ["docker-ce"],
      listening: [
        'LISTEN 0 511 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=7,fd=6))',
        "LISTEN 0 511 [::]:22 [::]:*",
        "LISTEN 0 511 *:80 *:*",
        "LISTEN 0 511 127.0.0.53%lo:53 0.0.0.0:*",
        "LISTEN 0 511 [::1]:25 [::]:*",
      ],
    });
    expect(faults({}, "203.0.113.9 50000 10.0.0.2 2222")).toEqual([
      "the system is ubuntu-24.04; only debian-12 can be hardened",
      "docker-ce is installed: remove it; Debian's docker.io takes its place",
      "you come from 203.0.113.9, which is in none of adminCidrs, and would be shut out",
      "its sshd listens on port 2222, not 22: reach it without a forwarded port",
      `its sshd admits admin, ops only: add ${wanted.user} to AllowUsers`,
      "the container shop runs here: agents want a Docker of their own",
      "port 443 (nginx) is open and would be closed: stop it, or name it in hostProfile.firewall.openTcpPorts",
    ]);
  });

  it("is refused to a second stack, and where a HardenedServer keeps it", () => {
    machine.write("/var/lib/creel/host-key-activated", "ssh-ed25519 AAAA");
    expect(faults()).toEqual(["a HardenedServer has made it, and keeps it as it is"]);
    machine.write("/var/lib/creel/owner.json", JSON.stringify({ owner: "shop/test/reef", mark: "1" }));
    expect(faults()).toEqual([expect.stringMatching(/^it belongs to shop\/test\/reef: destroy that first, or remove/)]);
  });
});

describeUnless(missing, "a server that is given back", () => {
  const left = ["/etc/agent-secrets/atlas", "/run/agent-secrets/atlas", "/var/lib/agents/atlas/data"];

  function given(removeState: boolean) {
    const mark = takeOver().stdout.trim();
    for (const folder of left) machine.write(`${folder}/KEY`, "CANARY");
    machine.write("/etc/systemd/system/agents-atlas.slice", "[Slice]\n");
    return { mark, removeState };
  }

  it("has no secrets and limits of agents any more; their state goes when asked for", () => {
    expect(run("release", given(false)).stderr).toBe("");
    expect(left.map(there)).toEqual([false, false, true]);
    expect(there("/etc/systemd/system/agents-atlas.slice")).toBe(false);
    expect(run("release", given(true)).status).toBe(0);
    expect(left.map(there)).toEqual([false, false, false]);
    // The login and the hardening stay.
    expect(there("/etc/sudoers.d/creel")).toBe(true);
  });

  it("keeps everything while an agent of others runs there", () => {
    const order = given(true);
    machine.remember({ containers: ["agents-bora.slice /bora", " /shop"] });
    expect(run("release", order).stderr).toBe(
      "creel cannot release this server\n  the container bora is still here: destroy what has made it first\n",
    );
    expect(left.map(there)).toEqual([true, true, true]);
  });

  it("says so when something cannot be removed", () => {
    const order = given(false);
    mkdirSync(path.join(machine.root, "etc/agent-secrets"), { recursive: true });
    machine.write("/etc/agent-secrets/stray", "CANARY");
    expect(run("release", order).stderr).toMatch(/\/etc\/agent-secrets is not empty/);
    expect(there("/var/lib/creel/owner.json")).toBe(true);
  });
});
