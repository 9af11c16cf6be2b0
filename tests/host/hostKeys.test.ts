import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeUnless } from "../requirements";
import { FakeMachine } from "./fakeMachine";
import { programMissing } from "./programs";

const source = readFileSync(path.join(__dirname, "..", "..", "components", "host", "host_keys.py"), "utf8");
const keyFile = "/etc/ssh/ssh_host_ed25519_key";

const missing = programMissing("python3", "--version");

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.write(keyFile, "bootstrap\n");
  machine.write(`${keyFile}.pub`, "ssh-ed25519 AAAABootstrap\n");
});
afterEach(() => machine.remove());

function handOver(step: string) {
  const program = source.replaceAll(/^([A-Z_]+ = )"\//gm, `$1"${machine.root}/`);
  return machine.python(program, [step]);
}

function firstBoot(status: object): void {
  machine.write("/var/lib/creel/status.json", JSON.stringify({ step: "packages", ok: null, error: null, ...status }));
}

const newKey = "ssh-ed25519 AAAAKey1\n";

describeUnless(missing, "the hand-over of the host key", () => {
  it("makes a key, prints it, and changes nothing yet", () => {
    firstBoot({ ok: true });
    expect(handOver("stage")).toMatchObject({ status: 0, stdout: newKey });
    expect(machine.read(keyFile)).toBe("bootstrap\n");
    expect(handOver("stage").stdout).toBe(newKey);
    expect(machine.calls().filter((call) => call.startsWith("systemctl"))).toEqual([]);
  });

  it("puts it in the old one's place and has sshd read it, as often as it is asked", () => {
    firstBoot({ ok: true });
    handOver("stage");
    machine.calls();
    expect(handOver("activate")).toMatchObject({ status: 0, stdout: newKey });
    expect(machine.calls()).toEqual(["sshd -t", "systemctl reload ssh"]);
    expect(machine.read(keyFile)).toBe("private\n");
    expect(existsSync(path.join(machine.root, "/etc/ssh/creel_next_ed25519_key"))).toBe(false);

    expect(handOver("activate")).toMatchObject({ status: 0, stdout: newKey });
    expect(handOver("stage")).toMatchObject({ status: 0, stdout: newKey });
    expect(machine.calls()).toEqual([]);
  });

  it("makes another key where the bootstrap key has come back", () => {
    firstBoot({ ok: true });
    handOver("stage");
    handOver("activate");
    machine.write(keyFile, "bootstrap\n");
    machine.write(`${keyFile}.pub`, "ssh-ed25519 AAAABootstrap\n");
    const another = newKey.replace("Key1", "Key2");
    expect(handOver("stage").stdout).toBe(another);
    expect(handOver("activate").stdout).toBe(another);
    expect(handOver("stage").stdout).toBe(another);
  });

  it("finishes an activation that was cut off before sshd read the key", () => {
    firstBoot({ ok: true });
    handOver("stage");
    machine.remember({ broken: { systemctl: "yes" } });
    expect(handOver("activate").status).toBe(1);
    machine.remember({ broken: {} });
    expect(handOver("stage").stdout).toBe(newKey);
    machine.calls();
    expect(handOver("activate").stdout).toBe(newKey);
    expect(machine.calls()).toContain("systemctl reload ssh");
  });
});

describeUnless(missing, "waiting for the first boot", () => {
  it("names the step that failed, after one more try", () => {
    firstBoot({ ok: false, error: "apt-get update ended with 100\nno route" });
    const { status, stdout, stderr } = handOver("stage");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      "first boot had failed in step packages; trying again\n" +
        "first boot failed in step packages:\napt-get update ended with 100\nno route\n",
    );
    expect(machine.calls()).toEqual([path.join(machine.root, "/usr/local/sbin/creel-converge")]);
  });

  it("finishes one that was cut off, once", () => {
    firstBoot({});
    machine.write("/var/log/creel-converge.log", "last words\n");
    const { status, stderr } = handOver("stage");
    expect(status).toBe(1);
    expect(stderr).toContain("first boot had been cut off in step packages; trying again");
    expect(stderr).toContain("first boot was cut off twice in step packages\nlast words");
  });

  it("says when cloud-init has ended without it", () => {
    machine.remember({ broken: { "cloud-init-status": "error" } });
    machine.write("/var/log/cloud-init-output.log", "bad user-data\n");
    const { status, stderr } = handOver("stage");
    expect(status).toBe(1);
    expect(stderr).toBe("first boot ended without starting converge; cloud-init says:\nstatus: error\nbad user-data\n");
  });
});
