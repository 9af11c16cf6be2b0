import type { HostProfile } from "../../../profiles/host";
import { settingsFile, type WantedStep } from "../wantedState";

/** Everything that is installed, in one transaction. */
export function packagesStep(profile: HostProfile): WantedStep {
  return {
    name: "packages",
    items: [
      settingsFile(
        "/etc/apt/apt.conf.d/60creel",
        [
          // cloud-init and the providers' own first boot may hold the lock.
          'DPkg::Lock::Timeout "300";',
          'Acquire::Retries "5";',
        ],
        "//",
      ),
      { kind: "packages", ...profile.packages },
    ],
  };
}
