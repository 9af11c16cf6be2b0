import type { HostProfile } from "../../../profiles/host";
import { settingsFile, type WantedStep } from "../wantedState";

export function kernelStep(profile: HostProfile): WantedStep {
  return {
    name: "kernel",
    items: [
      // Debian's 99-protect-links.conf would win over any earlier name.
      { kind: "sysctl", path: "/etc/sysctl.d/99-zz-creel.conf", settings: profile.kernel.sysctl },
      {
        ...settingsFile(
          "/etc/modprobe.d/creel.conf",
          // Scanners want the install line, and want it to say true; the blacklist line also stops aliases.
          profile.kernel.blockedModules.flatMap((name) => [`install ${name} /bin/true`, `blacklist ${name}`]),
        ),
        needs: "machine",
      },
      settingsFile("/etc/security/limits.d/creel.conf", ["* hard core 0"]),
      settingsFile("/etc/systemd/coredump.conf.d/creel.conf", ["[Coredump]", "Storage=none", "ProcessSizeMax=0"]),
    ],
  };
}
