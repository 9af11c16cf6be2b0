import type { AuditSettings } from "../../../profiles/host";
import { settingsFile, type WantedStep } from "../wantedState";

/** auditd belongs to the kernel, so in a container the whole step is not applicable. */
export function auditStep(audit: AuditSettings): WantedStep {
  return {
    name: "audit",
    items: [
      { ...settingsFile("/etc/audit/rules.d/creel.rules", auditRules(audit)), mode: "0640", needs: "machine" },
      { kind: "unit", name: "auditd.service", enabled: true, active: true, needs: "machine" },
    ],
    reload: [{ unit: "auditd.service", argv: ["augenrules", "--load"] }],
    // The last key, because an error in the middle stops the loading there.
    probes: [
      {
        label: "audit rules are loaded",
        argv: ["auditctl", "-l"],
        expect: Object.keys(audit.watches).at(-1),
        needs: "machine",
      },
    ],
  };
}

export function auditRules(audit: AuditSettings): string[] {
  const watches = Object.entries(audit.watches).flatMap(([key, paths]) =>
    paths.map((path) => `-w ${path} -p wa -k ${key}`),
  );
  return [
    // Without it one path that does not exist yet stops the loading of all that follows, unseen.
    "-i",
    "-b 8192",
    "-f 1",
    ...watches,
    ...audit.rules,
    ...(audit.immutable ? ["-e 2"] : []),
  ];
}
