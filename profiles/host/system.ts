import type { JournalSettings, PackageSettings, SystemSettings, UpdateSettings } from "./types";

/** Long enough, and with the words that a scanner looks for. */
const banner = [
  "This is a private system. Access is for authorized users only.",
  "Every use is monitored and recorded; unauthorized use is prohibited and is",
  "handled under company policy and the law.",
].join("\n");

export const plainSystem: SystemSettings = {
  banner,
  umask: "022",
  shellTimeout: 0,
  noexecMounts: [],
  hideProcesses: false,
};

/** noexec takes the usual places where a break-in drops its tools. */
export const strictSystem: SystemSettings = {
  banner,
  umask: "027",
  shellTimeout: 900,
  noexecMounts: ["/tmp", "/dev/shm"],
  hideProcesses: true,
};

/** Bounded, and kept over a reboot. */
export const boundedJournal: JournalSettings = {
  options: { Storage: "persistent", SystemMaxUse: "500M", SystemMaxFileSize: "50M" },
};

export const monthlyJournal: JournalSettings = {
  options: { ...boundedJournal.options, MaxRetentionSec: "1month" },
};

/** Security updates, and reboots left to the operator. */
export const updatesOnly: UpdateSettings = { reboot: false, windowStartHour: 2, windowMinutes: 240 };

/** A kernel update counts only after a reboot; agents come back by themselves. */
export const updatesWithReboot: UpdateSettings = { ...updatesOnly, reboot: true };

/** Debian only recommends some of what makes these safe, so each is named. */
export const packages: PackageSettings = {
  install: [
    "ufw",
    "iptables",
    "nftables",
    "fail2ban",
    // fail2ban reads the journal with it; Debian 12 writes no auth.log.
    "python3-systemd",
    "docker.io",
    // Without its parser containers run without the docker-default profile.
    "apparmor",
    "unattended-upgrades",
    "needrestart",
    "sudo",
    "openssh-server",
    "ca-certificates",
  ],
  installOnMachines: ["systemd-timesyncd"],
  remove: [],
};

export const productionPackages: PackageSettings = {
  install: [...packages.install, "libpam-tmpdir"],
  installOnMachines: [...packages.installOnMachines, "auditd"],
  // Hetzner's guest agent resets passwords from the console, DigitalOcean's opens a root shell there and its other one
  // reports what runs; the rest send passwords in clear.
  remove: ["qemu-guest-agent", "droplet-agent", "do-agent", "telnet", "ftp", "rsh-client"],
};
