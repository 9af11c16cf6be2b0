import { createHash } from "node:crypto";
import type { HostProfile, UpdateSettings } from "../../../profiles/host";
import { type HostFacts, settingsFile, type WantedStep } from "../wantedState";

/** Minutes between the start of the updates and the reboot. */
const updateMinutes = 45;

export function updatesStep(profile: HostProfile, facts: HostFacts): WantedStep {
  const times = updateTimes(profile.updates, facts.serverName);
  return {
    name: "updates",
    items: [
      settingsFile(
        "/etc/apt/apt.conf.d/20auto-upgrades",
        ['APT::Periodic::Update-Package-Lists "1";', 'APT::Periodic::Unattended-Upgrade "1";'],
        "//",
      ),
      // The distribution's 50unattended-upgrades stays: its pattern is what selects the security updates.
      settingsFile(
        "/etc/apt/apt.conf.d/52unattended-upgrades-creel",
        upgradeLines(profile.updates, times.reboot),
        "//",
      ),
      timer("apt-daily.timer", times.lists),
      timer("apt-daily-upgrade.timer", times.upgrade),
      { kind: "unit", name: "apt-daily.timer", enabled: true, active: true },
      { kind: "unit", name: "apt-daily-upgrade.timer", enabled: true, active: true },
      settingsFile("/etc/needrestart/conf.d/creel.conf", [
        "$nrconf{restart} = 'a';",
        "$nrconf{kernelhints} = 0;",
        // Containers run on through an upgrade of the daemon; a restart in the middle of the day gains nothing.
        "$nrconf{override_rc}{qr(^docker)} = 0;",
        "$nrconf{override_rc}{qr(^containerd)} = 0;",
      ]),
    ],
    reload: [
      { unit: "apt-daily.timer", verb: "restart" },
      { unit: "apt-daily-upgrade.timer", verb: "restart" },
    ],
  };
}

function upgradeLines(updates: UpdateSettings, rebootAt: string): string[] {
  const settings = {
    "Remove-Unused-Kernel-Packages": "true",
    "Remove-New-Unused-Dependencies": "true",
    MinimalSteps: "true",
    SyslogEnable: "true",
    "Automatic-Reboot": `${updates.reboot}`,
    // An operator's forgotten session must not keep an old kernel running.
    "Automatic-Reboot-WithUsers": "true",
    "Automatic-Reboot-Time": rebootAt,
  };
  return Object.entries(settings).map(([key, value]) => `Unattended-Upgrade::${key} "${value}";`);
}

function timer(name: string, at: string) {
  return settingsFile(`/etc/systemd/system/${name}.d/creel.conf`, [
    "[Timer]",
    "OnCalendar=",
    `OnCalendar=*-*-* ${at}:00 UTC`,
    "RandomizedDelaySec=0",
  ]);
}

/**
 * When a server fetches lists, upgrades and reboots, as HH:MM in UTC.
 *
 * The minute follows from the server's name, so that a fleet does not reboot all at once and each server keeps its time.
 */
export function updateTimes(updates: UpdateSettings, serverName: string) {
  const room = Math.max(1, updates.windowMinutes - updateMinutes);
  const minute = createHash("sha256").update(serverName).digest().readUInt32BE(0) % room;
  const reboot = updates.windowStartHour * 60 + updateMinutes + minute;
  return { lists: clock(reboot - 2 * updateMinutes), upgrade: clock(reboot - updateMinutes), reboot: clock(reboot) };
}

function clock(minutes: number): string {
  const inDay = ((minutes % 1440) + 1440) % 1440;
  const two = (n: number) => `${n}`.padStart(2, "0");
  return `${two(Math.floor(inDay / 60))}:${two(inDay % 60)}`;
}
