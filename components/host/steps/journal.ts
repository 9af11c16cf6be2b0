import type { HostProfile } from "../../../profiles/host";
import { settingsFile, type WantedStep } from "../wantedState";

export function journalStep(profile: HostProfile): WantedStep {
  const settings = Object.entries(profile.journal.options).map(([key, value]) => `${key}=${value}`);
  return {
    name: "journal",
    items: [
      settingsFile("/etc/systemd/journald.conf.d/creel.conf", ["[Journal]", ...settings]),
      { kind: "unit", name: "systemd-journald.service", active: true },
    ],
    reload: [{ unit: "systemd-journald.service", verb: "restart" }],
  };
}
