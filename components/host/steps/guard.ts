import type { GuardSettings, HostProfile } from "../../../profiles/host";
import type { FileItem, WantedStep } from "../wantedState";

const table = "inet agent_guard";
const rules = "/etc/creel/agent-guard.nft";

/** A drop in any chain is final whatever iptables says later, so this table stands ahead of UFW's and Docker's. */
export function guardStep(profile: HostProfile): WantedStep {
  return {
    name: "agent-guard",
    items: [
      { kind: "directory", path: "/etc/creel", mode: "0755" },
      { kind: "file", path: rules, lines: guardRules(profile.guard), mode: "0644" },
      guardUnit,
      // Debian's own rule file begins with "flush ruleset". Only disabled: to stop the unit flushes as well.
      { kind: "unit", name: "nftables.service", enabled: false },
      { kind: "unit", name: "agent-guard.service", enabled: true, active: true },
      { kind: "nftTable", table, path: rules, record: "/var/lib/creel/agent-guard.loaded" },
    ],
    validate: [["nft", "--check", "--file", rules]],
  };
}

const guardUnit: FileItem = {
  kind: "file",
  path: "/etc/systemd/system/agent-guard.service",
  lines: [
    "[Unit]",
    "Description=What containers may reach, and what may reach them",
    "DefaultDependencies=no",
    "Before=network-pre.target docker.service shutdown.target",
    "Wants=network-pre.target",
    "After=local-fs.target",
    "Conflicts=shutdown.target",
    "",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=/usr/sbin/nft --file ${rules}`,
    `ExecReload=/usr/sbin/nft --file ${rules}`,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "RequiredBy=docker.service",
  ],
};

/** The rule file: loading it again replaces the table in one move. */
export function guardRules(guard: GuardSettings): string[] {
  const bridges = `{ ${guard.bridges.map((name) => `"${name}"`).join(", ")} }`;
  const reject = "counter reject with icmpx admin-prohibited";
  return [
    "# Written by creel-converge; changes made here are undone.",
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...rangeSet("denied4", "ipv4_addr", guard.deniedRanges4),
    ...rangeSet("denied6", "ipv6_addr", guard.deniedRanges6),
    "  chain forward {",
    "    type filter hook forward priority filter - 10; policy accept;",
    `    iifname != ${bridges} oifname != ${bridges} return`,
    "    ct state established,related accept",
    "    ct state invalid drop",
    "    # nothing is routed in to a container",
    `    iifname != ${bridges} counter drop`,
    "    # between bridges Docker's own isolation decides",
    `    oifname ${bridges} return`,
    `    ip daddr @denied4 ${reject}`,
    `    ip6 daddr @denied6 ${reject}`,
    `    tcp dport ${portSet(guard.deniedTcpPorts)} ${reject}`,
    ...allowance("tcp", guard.allowedTcpPorts, reject),
    ...allowance("udp", guard.allowedUdpPorts, reject),
    ...otherProtocols(guard, reject),
    "  }",
    "  chain input {",
    "    type filter hook input priority filter - 10; policy accept;",
    `    iifname ${bridges} ct state established,related accept`,
    "    # no container reaches a service of the server",
    `    iifname ${bridges} counter drop`,
    "  }",
    "}",
  ];
}

function rangeSet(name: string, type: string, ranges: string[]): string[] {
  return [
    `  set ${name} {`,
    `    type ${type}; flags interval; auto-merge;`,
    `    elements = { ${ranges.join(", ")} }`,
    "  }",
  ];
}

function allowance(protocol: string, ports: number[] | undefined, reject: string): string[] {
  if (ports === undefined) return [];
  if (ports.length === 0) return [`    meta l4proto ${protocol} ${reject}`];
  return [`    ${protocol} dport != ${portSet(ports)} ${reject}`];
}

/** A list of ports says what is allowed, and a protocol without ports (GRE, SCTP, IP in IP) would be a way around it. */
function otherProtocols(guard: GuardSettings, reject: string): string[] {
  if (guard.allowedTcpPorts === undefined && guard.allowedUdpPorts === undefined) return [];
  return [`    meta l4proto != { tcp, udp, icmp, ipv6-icmp } ${reject}`];
}

function portSet(ports: number[]): string {
  return `{ ${ports.join(", ")} }`;
}
