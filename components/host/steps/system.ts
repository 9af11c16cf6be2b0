import type { HostProfile } from "../../../profiles/host";
import { settingsFile, type WantedItem, type WantedStep } from "../wantedState";

export function systemStep(profile: HostProfile): WantedStep {
  const { system } = profile;
  const banner = system.banner.split("\n");
  return {
    name: "system",
    items: [
      { kind: "file", path: "/etc/issue", lines: banner },
      { kind: "file", path: "/etc/issue.net", lines: banner },
      settingsFile("/etc/profile.d/creel.sh", shellLines(system.umask, system.shellTimeout)),
      // LLMNR and multicast DNS answer on every interface.
      settingsFile("/etc/systemd/resolved.conf.d/creel.conf", ["[Resolve]", "LLMNR=no", "MulticastDNS=no"]),
      ...["cron.hourly", "cron.daily", "cron.weekly", "cron.monthly", "cron.d"].map(
        (name): WantedItem => ({ kind: "directory", path: `/etc/${name}`, mode: "0700" }),
      ),
      settingsFile("/etc/cron.allow", ["root"]),
      ...mounts(profile),
    ],
    reload: [{ unit: "systemd-resolved.service", verb: "try-restart" }],
  };
}

function shellLines(umask: string, timeout: number): string[] {
  return [`umask ${umask}`, ...(timeout > 0 ? [`TMOUT=${timeout}`, "readonly TMOUT", "export TMOUT"] : [])];
}

/** In force from the next boot on: mounting over a directory in use would hide what programs have open there. */
function mounts(profile: HostProfile): WantedItem[] {
  const { system } = profile;
  const lines = [
    ...system.noexecMounts.map((path) => `tmpfs ${path} tmpfs rw,nosuid,nodev,noexec,size=50%,mode=1777 0 0`),
    ...(system.hideProcesses ? ["proc /proc proc rw,nosuid,nodev,noexec,relatime,hidepid=invisible 0 0"] : []),
  ];
  if (lines.length === 0) return [];
  return [{ kind: "block", path: "/etc/fstab", marker: "creel", lines, needs: "machine" }];
}
