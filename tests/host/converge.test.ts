import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { convergeProgram } from "../../components/host/program";
import { wantedState } from "../../components/host/render";
import type { HostFacts } from "../../components/host/wantedState";
import { type HostProfile, production } from "../../profiles/host";
import { describeUnless } from "../requirements";
import { FakeMachine } from "./fakeMachine";
import { ed25519Key } from "./keys";
import { programMissing } from "./programs";

const facts: HostFacts = {
  serverName: "reef",
  user: "deploy",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32"],
};
const profile: HostProfile = {
  ...production,
  // Making a key of 4096 bits is not what is tested here.
  ssh: { ...production.ssh, rsaHostKeyBits: 0 },
  kernel: {
    ...production.kernel,
    sysctl: { "kernel.kptr_restrict": "2", "net.ipv4.tcp_syncookies": "1", "net.core.nothing": "1" },
  },
  packages: { install: ["ufw", "fail2ban"], installOnMachines: ["auditd"], remove: ["telnet"] },
};

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

function converge(some: Partial<HostFacts> = {}, ...words: string[]) {
  const program = convergeProgram(wantedState(profile, { ...facts, ...some }));
  const { status, stdout, stderr } = machine.python(program, ["--root", machine.root, ...words]);
  return { status, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
}

/** Another admin range, which several steps notice. */
const moved = { adminCidrs: ["198.51.100.8/32"] };

describeUnless(programMissing("python3", "--version"), "converge", () => {
  it("changes everything once, and nothing the second time", () => {
    const first = converge();
    expect(first.stderr).toContain("13/13 system");
    expect(first.status).toBe(0);
    expect(first.report.changed).toEqual(
      expect.arrayContaining(["package ufw", "user deploy", "ufw enforcing", "nftables table inet agent_guard"]),
    );
    expect(machine.state.ufw.rules).toEqual([
      "ufw allow from 198.51.100.7 to any port 22 proto tcp comment 'ssh admin'",
    ]);
    expect(machine.read("/etc/ssh/moduli")).toBe("# comment\n1 2 6 100 4095 2 BB\n");
    expect(machine.read("/proc/sys/net/ipv4/tcp_syncookies")).toBe("1");
    expect(JSON.parse(machine.read("/var/lib/creel/status.json"))).toMatchObject({
      ok: true,
      step: null,
      profile: "production",
    });

    machine.calls();
    const second = converge();
    expect(second.report.changed).toEqual([]);
    expect(second.report.unchanged).toBeGreaterThan(50);
    expect(machine.calls().filter((call) => /reload|restart|start|enable|install|update/.test(call))).toEqual([]);
  });

  it("reports drift and touches nothing", () => {
    converge();
    machine.write("/etc/docker/daemon.json", "{}");
    machine.remember({ nft: "flushed", ufw: { ...machine.state.ufw, active: false } });
    const before = machine.state;
    const { status, report } = converge({}, "--check");
    expect(status).toBe(2);
    expect(report.drift).toEqual(["nftables table inet agent_guard", "ufw enforcing", "file /etc/docker/daemon.json"]);
    expect(machine.read("/etc/docker/daemon.json")).toBe("{}");
    expect({ ...machine.state, calls: [] }).toEqual({ ...before, calls: [] });

    expect(converge().report.changed).toEqual(report.drift);
    expect(converge({}, "--check")).toMatchObject({ status: 0, report: { drift: [] } });
  });

  it("follows the admin ranges, the new one before the old one goes", () => {
    converge();
    machine.calls();
    expect(converge(moved).report.changed).toEqual([
      "ufw 22/tcp from 198.51.100.8/32",
      "no rule of its own: ufw allow from 198.51.100.7 to any port 22 proto tcp comment 'ssh admin'",
      "file /etc/fail2ban/jail.d/creel.local",
    ]);
    const told = machine.calls().filter((call) => /^ufw .*(allow|delete)|reload/.test(call));
    expect(told.map((call) => call.split(" from ")[0])).toEqual([
      "ufw allow proto tcp",
      "ufw --force delete allow",
      "ufw reload",
      "systemctl reload fail2ban.service",
    ]);
  });

  it("keeps SSH open to all when that is what is wanted, however UFW prints it", () => {
    const open = { adminCidrs: ["0.0.0.0/0", "::/0"] };
    converge();
    expect(converge(open).status).toBe(0);
    expect(machine.state.ufw.rules).toEqual(["ufw allow 22/tcp comment 'ssh admin'"]);
    expect(converge(open).report.changed).toEqual([]);
    expect(converge().status).toBe(0);
    expect(machine.state.ufw.rules).toEqual([
      "ufw allow from 198.51.100.7 to any port 22 proto tcp comment 'ssh admin'",
    ]);
  });

  it("takes no rule away while UFW does not show its own", () => {
    converge();
    const rules = ["ufw allow ssh/quic", "ufw route allow in on eth0 out on eth1"];
    machine.remember({ ufw: { ...machine.state.ufw, rules }, broken: { "ufw allow": "forgets" } });
    const { status, stderr } = converge();
    expect(status).toBe(1);
    expect(stderr).toContain(
      "UFW does not show the rule for port 22 from 198.51.100.7/32, so 'ufw allow ssh/quic' stays",
    );
    expect(machine.state.ufw.rules).toEqual(rules);

    machine.remember({ broken: {} });
    expect(converge().status).toBe(0);
    expect(machine.state.ufw.rules).toHaveLength(1);
  });

  it("keeps Debian's nftables.service from flushing everyone's rules at the next boot", () => {
    converge();
    machine.remember({ units: { ...machine.state.units, "nftables.service": { enabled: true, active: true } } });
    expect(converge().report.changed).toEqual(["unit nftables.service disabled"]);
    expect(machine.state.units["nftables.service"]).toEqual({ enabled: false, active: true });
  });

  it("in a container leaves the kernel alone and says so", () => {
    machine.remember({ broken: { container: "docker" } });
    const { report } = converge();
    const reason = "this server is a container (docker); its kernel belongs to the host";
    expect(report.notApplicable).toEqual([
      {
        reason,
        items: expect.arrayContaining(["package auditd", "sysctl kernel.kptr_restrict", "unit auditd.service"]),
      },
      { reason: "this kernel has no such setting here", items: ["sysctl net.core.nothing"] },
    ]);
    expect(machine.read("/proc/sys/kernel/kptr_restrict")).toBe("0\n");
    expect(machine.read("/etc/sysctl.d/99-zz-creel.conf")).not.toContain("kernel.");
    expect(machine.state.packages).toEqual(["ufw", "fail2ban"]);
    expect(machine.read("/etc/fstab")).not.toContain("creel");
  });

  it("on a machine of its own sets all of it", () => {
    machine.remember({ packages: ["telnet"] });
    converge();
    expect(machine.read("/proc/sys/kernel/kptr_restrict")).toBe("2");
    expect(machine.state.packages).toEqual(["ufw", "fail2ban", "auditd"]);
    expect(machine.read("/etc/fstab")).toMatch(/^\/dev\/sda1.*# creel begin\ntmpfs \/tmp .*# creel end\n$/s);
  });

  it("holds services back while packages are installed, and not a moment longer", () => {
    converge();
    expect((machine.state as unknown as { policy: boolean }).policy).toBe(true);
    expect(existsSync(path.join(machine.root, "/usr/sbin/policy-rc.d"))).toBe(false);
  });

  it("lets services start again after a run that was killed while it installed packages", () => {
    converge();
    const left = "#!/bin/sh\n# creel: services start once they are configured\nexit 101\n";
    machine.write("/usr/sbin/policy-rc.d", left);
    expect(converge({}, "--check")).toMatchObject({ status: 2, report: { drift: ["no /usr/sbin/policy-rc.d"] } });
    expect(machine.read("/usr/sbin/policy-rc.d")).toBe(left);
    expect(converge().report.changed).toEqual(["no /usr/sbin/policy-rc.d"]);
    expect(existsSync(path.join(machine.root, "/usr/sbin/policy-rc.d"))).toBe(false);

    machine.write("/usr/sbin/policy-rc.d", "somebody else's\n");
    expect(converge().report.changed).toEqual([]);
    expect(machine.read("/usr/sbin/policy-rc.d")).toBe("somebody else's\n");
  });

  it("puts a file back that its own program refuses, and names the step", () => {
    converge();
    const before = machine.read("/etc/ssh/sshd_config.d/00-creel.conf");
    machine.write("/etc/ssh/sshd_config.d/00-creel.conf", "edited by hand\n");
    machine.remember({ broken: { sshd: "yes" } });
    const { status, stderr, report } = converge();
    expect({ status, report }).toEqual({ status: 1, report: undefined });
    expect(stderr).toContain("step ssh failed: sshd -t ended with 1\nsshd is broken");
    expect(machine.read("/etc/ssh/sshd_config.d/00-creel.conf")).toBe("edited by hand\n");
    expect(JSON.parse(machine.read("/var/lib/creel/status.json"))).toMatchObject({ ok: false, step: "ssh" });

    machine.remember({ broken: {} });
    expect(converge().status).toBe(0);
    expect(machine.read("/etc/ssh/sshd_config.d/00-creel.conf")).toBe(before);
  });

  it("finishes what was interrupted between writing and reloading", () => {
    converge();
    machine.write("/var/lib/creel/pending/ssh", "");
    expect(converge({}, "--check").report.drift).toEqual(["ssh: an interrupted run"]);
    machine.calls();
    expect(converge().report.changed).toEqual([]);
    expect(machine.calls()).toContain("systemctl reload ssh.service");
    expect(converge({}, "--check").report.drift).toEqual([]);
  });

  it("keeps itself on the server, readable by root alone", () => {
    converge();
    const kept = path.join(machine.root, "/usr/local/sbin/creel-converge");
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(machine.read("/usr/local/sbin/creel-converge")).toBe(convergeProgram(wantedState(profile, facts)));
  });
});
