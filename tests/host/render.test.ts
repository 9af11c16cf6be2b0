import { describe, expect, it } from "vitest";
import { wantedState } from "../../components/host/render";
import { auditRules } from "../../components/host/steps/audit";
import { jailLines } from "../../components/host/steps/bans";
import { ufwRules } from "../../components/host/steps/firewall";
import { guardRules } from "../../components/host/steps/guard";
import { sshdSettings } from "../../components/host/steps/ssh";
import { updateTimes } from "../../components/host/steps/updates";
import type { FileItem, HostFacts } from "../../components/host/wantedState";
import { baseline, hostProfiles, production } from "../../profiles/host";
import { ed25519Key } from "./keys";

const facts: HostFacts = {
  serverName: "reef",
  user: "deploy",
  adminKeys: [ed25519Key],
  adminCidrs: ["198.51.100.7/32", "2001:db8::/48"],
};

/** The text of a wanted file. */
function file(path: string, profile = production): string {
  const items = wantedState(profile, facts).steps.flatMap((step) => step.items);
  const found = items.filter((item): item is FileItem => item.kind === "file" && item.path === path);
  expect(found).toHaveLength(1);
  return found[0]!.lines.join("\n");
}

describe("the order of steps", () => {
  it("has filters and secrets in place before Docker starts", () => {
    expect(wantedState(production, facts).steps.map(({ name }) => name)).toEqual([
      "access",
      "packages",
      "kernel",
      "agent-guard",
      "firewall",
      "ssh",
      "bans",
      "agents",
      "docker",
      "updates",
      "journal",
      "audit",
      "system",
    ]);
  });

  it("has no audit in a profile without it", () => {
    expect(wantedState(baseline, facts).steps.map(({ name }) => name)).not.toContain("audit");
  });

  it.each(Object.values(hostProfiles))("writes no file twice in $name", (profile) => {
    const paths = wantedState(profile, facts)
      .steps.flatMap((step) => step.items)
      .flatMap((item) => ("path" in item ? [item.path] : []))
      .filter((path) => path !== "/etc/creel/agent-guard.nft");
    expect(new Set(paths).size).toBe(paths.length);
  });
});

describe("sshd", () => {
  it("is what ssh-audit's policy Hardened Debian 12 (version 3) asks for, keys and one user only", () => {
    expect(sshdSettings(production, facts).lines).toMatchInlineSnapshot(`
      [
        "# Written by creel-converge; changes made here are undone.",
        "HostKey /etc/ssh/ssh_host_ed25519_key",
        "HostKey /etc/ssh/ssh_host_rsa_key",
        "KexAlgorithms sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256",
        "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-gcm@openssh.com,aes128-ctr",
        "MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com",
        "HostKeyAlgorithms sk-ssh-ed25519-cert-v01@openssh.com,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
        "PubkeyAcceptedAlgorithms sk-ssh-ed25519-cert-v01@openssh.com,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
        "CASignatureAlgorithms sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
        "AllowUsers deploy",
        "RequiredRSASize 3072",
        "PermitRootLogin no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "AuthenticationMethods publickey",
        "PermitEmptyPasswords no",
        "AuthorizedKeysFile .ssh/authorized_keys",
        "HostbasedAuthentication no",
        "IgnoreRhosts yes",
        "GSSAPIAuthentication no",
        "KerberosAuthentication no",
        "PermitUserEnvironment no",
        "LoginGraceTime 30",
        "MaxAuthTries 3",
        "MaxStartups 100:30:200",
        "MaxSessions 100",
        "ClientAliveInterval 300",
        "ClientAliveCountMax 2",
        "TCPKeepAlive no",
        "AllowTcpForwarding no",
        "AllowStreamLocalForwarding no",
        "AllowAgentForwarding no",
        "GatewayPorts no",
        "PermitTunnel no",
        "X11Forwarding no",
        "Compression no",
        "UseDNS no",
        "DebianBanner no",
        "Banner /etc/issue.net",
        "LogLevel VERBOSE",
      ]
    `);
  });

  it("has no RSA key in baseline", () => {
    expect(sshdSettings(baseline, facts).lines.filter((line) => line.startsWith("HostKey "))).toEqual([
      "HostKey /etc/ssh/ssh_host_ed25519_key",
    ]);
  });
});

describe("agent-guard", () => {
  it("lets containers reach the web, names and the tunnel, and nothing reach them", () => {
    expect(guardRules(production.guard).join("\n")).toMatchInlineSnapshot(`
      "# Written by creel-converge; changes made here are undone.
      table inet agent_guard
      delete table inet agent_guard
      table inet agent_guard {
        set denied4 {
          type ipv4_addr; flags interval; auto-merge;
          elements = { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/4, 240.0.0.0/4 }
        }
        set denied6 {
          type ipv6_addr; flags interval; auto-merge;
          elements = { ::/127, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, 2002::/16, fc00::/7, fe80::/10, ff00::/8 }
        }
        chain forward {
          type filter hook forward priority filter - 10; policy accept;
          iifname != { "docker*", "br-*", "ag-*" } oifname != { "docker*", "br-*", "ag-*" } return
          ct state established,related accept
          ct state invalid drop
          # nothing is routed in to a container
          iifname != { "docker*", "br-*", "ag-*" } counter drop
          # between bridges Docker's own isolation decides
          oifname { "docker*", "br-*", "ag-*" } return
          ip daddr @denied4 counter reject with icmpx admin-prohibited
          ip6 daddr @denied6 counter reject with icmpx admin-prohibited
          tcp dport { 22, 23, 25, 135, 139, 445, 465, 587, 2525, 3389 } counter reject with icmpx admin-prohibited
          tcp dport != { 53, 80, 443, 7844 } counter reject with icmpx admin-prohibited
          udp dport != { 53, 443, 7844 } counter reject with icmpx admin-prohibited
          meta l4proto != { tcp, udp, icmp, ipv6-icmp } counter reject with icmpx admin-prohibited
        }
        chain input {
          type filter hook input priority filter - 10; policy accept;
          iifname { "docker*", "br-*", "ag-*" } ct state established,related accept
          # no container reaches a service of the server
          iifname { "docker*", "br-*", "ag-*" } counter drop
        }
      }"
    `);
  });

  it("leaves all but the denied open in baseline", () => {
    const rules = guardRules(baseline.guard).join("\n");
    expect(rules).not.toContain("!= { tcp");
    expect(rules).not.toContain("dport !=");
    expect(rules).toContain("tcp dport { 22, 23, 25, 135, 139, 445, 465, 587, 2525, 3389 } counter reject");
  });

  it("can refuse a whole protocol", () => {
    expect(guardRules({ ...production.guard, allowedUdpPorts: [] })).toContain(
      "    meta l4proto udp counter reject with icmpx admin-prohibited",
    );
  });
});

describe("UFW", () => {
  it("opens SSH to the admin ranges", () => {
    expect(ufwRules(production, facts)).toEqual([
      { port: 22, proto: "tcp", from: "198.51.100.7/32", comment: "ssh admin" },
      { port: 22, proto: "tcp", from: "2001:db8::/48", comment: "ssh admin" },
    ]);
  });

  it("opens to everyone only what the profile names", () => {
    const profile = { ...production, firewall: { ...production.firewall, openTcpPorts: [443] } };
    expect(ufwRules(profile, facts).at(-1)).toEqual({
      port: 443,
      proto: "tcp",
      from: "any",
      comment: "open to everyone",
    });
  });

  it("drops by default, forwarded packets too, and leaves sysctl alone", () => {
    expect(file("/etc/default/ufw")).toMatchInlineSnapshot(`
      "# Written by creel-converge; changes made here are undone.
      IPV6=yes
      DEFAULT_INPUT_POLICY="DROP"
      DEFAULT_OUTPUT_POLICY="ACCEPT"
      DEFAULT_FORWARD_POLICY="DROP"
      DEFAULT_APPLICATION_POLICY="SKIP"
      MANAGE_BUILTINS="no"
      IPT_SYSCTL=""
      IPT_MODULES="""
    `);
  });
});

describe("fail2ban", () => {
  it("reads the journal, spares the administrators, and bans longer each time", () => {
    expect(jailLines(production, facts).join("\n")).toMatchInlineSnapshot(`
      "[DEFAULT]
      backend = systemd
      banaction = nftables
      banaction_allports = nftables[type=allports]
      ignoreip = 127.0.0.1/8 ::1 198.51.100.7/32 2001:db8::/48
      maxretry = 5
      findtime = 10m
      bantime = 1h
      bantime.increment = true
      bantime.maxtime = 1w

      [sshd]
      enabled = true
      mode = normal

      [recidive]
      enabled = true
      backend = auto
      logpath = /var/log/fail2ban.log
      banaction = nftables[type=allports]
      bantime = 1w
      findtime = 1d
      maxretry = 3"
    `);
  });
});

describe("SSH that is open to everybody", () => {
  const open = { ...facts, adminCidrs: ["0.0.0.0/0", "198.51.100.7/32", "::/0"] };

  it("spares only who has a range of his own", () => {
    expect(jailLines(production, open)).toContain("ignoreip = 127.0.0.1/8 ::1 198.51.100.7/32");
    const penalties = (adminCidrs: string[]) =>
      wantedState(production, { ...facts, adminCidrs })
        .steps.flatMap((step) => step.items)
        .flatMap((item) => ("path" in item && item.path.endsWith("01-creel-penalties.conf") ? [item] : []))
        .flatMap((item) => ("lines" in item ? item.lines.slice(1) : []));
    expect(penalties(open.adminCidrs)).toEqual(["PerSourcePenaltyExemptList 198.51.100.7/32"]);
    expect(penalties(["0.0.0.0/0"])).toEqual([]);
  });
});

describe("Docker", () => {
  it("gets its settings as JSON", () => {
    expect(JSON.parse(file("/etc/docker/daemon.json"))).toEqual(production.docker.daemon);
    expect(production.docker.daemon).toMatchObject({
      "exec-opts": ["native.cgroupdriver=systemd"],
      icc: false,
      "no-new-privileges": true,
      "userland-proxy": false,
    });
  });

  it("waits for secrets and filters", () => {
    expect(file("/etc/systemd/system/agent-secrets.service")).toMatch(
      /Before=docker\.service.*RequiredBy=docker\.service/s,
    );
    expect(file("/etc/systemd/system/agent-guard.service")).toMatch(
      /Before=[^\n]*docker\.service.*RequiredBy=docker\.service/s,
    );
  });
});

describe("auditd", () => {
  it("goes on after a path that is not there, and watches secrets", () => {
    const rules = auditRules(production.audit!);
    expect(rules[0]).toBe("-i");
    expect(rules).toContain("-w /run/agent-secrets -p rwa -k agent-secrets");
    expect(rules).not.toContain("-e 2");
    expect(auditRules({ ...production.audit!, immutable: true }).at(-1)).toBe("-e 2");
    expect(file("/etc/tmpfiles.d/creel.conf")).toContain("d /run/agent-secrets 0711 root root");
  });

  it("has its last rule looked for, because an error stops the loading there", () => {
    const step = wantedState({ ...production, audit: { ...production.audit!, immutable: true } }, facts).steps.find(
      ({ name }) => name === "audit",
    );
    expect(step?.probes?.map(({ expect: text }) => text)).toEqual(["privilege"]);
  });
});

describe("updateTimes", () => {
  const window = { reboot: true, windowStartHour: 23, windowMinutes: 180 };
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

  it("spreads a fleet over the window, over midnight too", () => {
    const reboots = Array.from({ length: 200 }, (_, i) => updateTimes(window, `reef-${i}`).reboot);
    expect(new Set(reboots).size).toBeGreaterThan(80);
    for (const reboot of reboots) {
      const intoWindow = (minutes(reboot) - 23 * 60 + 1440) % 1440;
      expect(intoWindow).toBeGreaterThanOrEqual(45);
      expect(intoWindow).toBeLessThan(180);
    }
  });

  it("keeps a server's time, with updates well before the reboot", () => {
    expect(updateTimes(window, "reef")).toEqual(updateTimes(window, "reef"));
    const { lists, upgrade, reboot } = updateTimes(window, "reef");
    expect((minutes(reboot) - minutes(upgrade) + 1440) % 1440).toBe(45);
    expect((minutes(upgrade) - minutes(lists) + 1440) % 1440).toBe(45);
  });
});
