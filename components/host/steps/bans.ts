import type { HostProfile } from "../../../profiles/host";
import { type HostFacts, settingsFile, trustedRanges, type WantedStep } from "../wantedState";

export function bansStep(profile: HostProfile, facts: HostFacts): WantedStep {
  const jails = ["sshd", ...(profile.bans.recidive ? ["recidive"] : [])];
  return {
    name: "bans",
    items: [
      settingsFile("/etc/fail2ban/jail.d/creel.local", jailLines(profile, facts)),
      { kind: "unit", name: "fail2ban.service", enabled: true, active: true },
    ],
    validate: [["fail2ban-client", "--test"]],
    reload: [{ unit: "fail2ban.service", verb: "reload" }],
    probes: jails.map((jail) => ({ label: `fail2ban jail ${jail}`, argv: ["fail2ban-client", "status", jail] })),
  };
}

export function jailLines(profile: HostProfile, facts: HostFacts): string[] {
  const { bans } = profile;
  return [
    "[DEFAULT]",
    // Debian 12 has no auth.log, and stock fail2ban does not start without it.
    "backend = systemd",
    "banaction = nftables",
    "banaction_allports = nftables[type=allports]",
    // A deployment that is retried looks like an attack.
    `ignoreip = ${["127.0.0.1/8", "::1", ...trustedRanges(facts)].join(" ")}`,
    `maxretry = ${bans.maxRetry}`,
    `findtime = ${bans.findTime}`,
    `bantime = ${bans.banTime}`,
    ...(bans.maxBanTime ? ["bantime.increment = true", `bantime.maxtime = ${bans.maxBanTime}`] : []),
    "",
    "[sshd]",
    "enabled = true",
    // "aggressive" also counts connections that were merely cut off.
    "mode = normal",
    ...(facts.sshPort === undefined ? [] : [`port = ${facts.sshPort}`]),
    ...(bans.recidive ? recidive : []),
  ];
}

const recidive = [
  "",
  "[recidive]",
  "enabled = true",
  // fail2ban writes its own record to a file; through the journal this jail would see nothing.
  "backend = auto",
  "logpath = /var/log/fail2ban.log",
  "banaction = nftables[type=allports]",
  "bantime = 1w",
  "findtime = 1d",
  "maxretry = 3",
];
