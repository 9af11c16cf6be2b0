import type { AuditSettings } from "../../../profiles/host";
import { settingsFile, type WantedStep } from "../wantedState";

/** auditd belongs to the kernel, so in a container the whole step is not applicable. */
export function auditStep(audit: AuditSettings): WantedStep {
  const rules = auditRules(audit);
  return {
    name: "audit",
    items: [
      { ...settingsFile("/etc/audit/rules.d/creel.rules", rules), mode: "0640", needs: "machine" },
      { kind: "unit", name: "auditd.service", enabled: true, active: true, needs: "machine" },
    ],
    reload: [{ unit: "auditd.service", argv: ["augenrules", "--load"] }],
    // The last key, because an error in the middle stops the loading there.
    probes: [
      {
        label: "audit rules are loaded",
        argv: ["auditctl", "-l"],
        expect: rules.flatMap((rule) => / -k (\S+)$/.exec(rule)?.[1] ?? []).at(-1),
        needs: "machine",
      },
    ],
  };
}

export function auditRules(audit: AuditSettings): string[] {
  return [
    // Without it one path that does not exist yet stops the loading of all that follows, unseen.
    "-i",
    "-b 8192",
    "-f 1",
    ...watches(audit.watches, "wa"),
    ...watches(audit.readWatches, "rwa"),
    ...audit.rules,
    ...(audit.immutable ? ["-e 2"] : []),
  ];
}

function watches(pathsByKey: Record<string, string[]>, access: string): string[] {
  return Object.entries(pathsByKey).flatMap(([key, paths]) => paths.map((path) => `-w ${path} -p ${access} -k ${key}`));
}
