import type { HostProfile } from "../../../profiles/host";
import { type HostFacts, settingsFile, type UfwRule, type WantedStep } from "../wantedState";

export function firewallStep(profile: HostProfile, facts: HostFacts): WantedStep {
  return {
    name: "firewall",
    items: [
      settingsFile("/etc/default/ufw", [
        "IPV6=yes",
        'DEFAULT_INPUT_POLICY="DROP"',
        'DEFAULT_OUTPUT_POLICY="ACCEPT"',
        // Docker leaves the policy of the forward chain alone once forwarding is on, so UFW has to set it.
        'DEFAULT_FORWARD_POLICY="DROP"',
        'DEFAULT_APPLICATION_POLICY="SKIP"',
        'MANAGE_BUILTINS="no"',
        // UFW's own sysctl file would undo ours at each start.
        'IPT_SYSCTL=""',
        'IPT_MODULES=""',
      ]),
      { kind: "ufw", rules: ufwRules(profile, facts), logging: profile.firewall.logging },
      { kind: "unit", name: "ufw.service", enabled: true, active: true },
    ],
    reload: [{ unit: "ufw.service", argv: ["ufw", "reload"] }],
  };
}

export function ufwRules(profile: HostProfile, facts: HostFacts): UfwRule[] {
  return [
    ...facts.adminCidrs.map((from) => ({ port: facts.sshPort ?? 22, proto: "tcp", from, comment: "ssh admin" })),
    ...profile.firewall.openTcpPorts.map((port) => ({ port, proto: "tcp", from: "any", comment: "open to everyone" })),
  ];
}
