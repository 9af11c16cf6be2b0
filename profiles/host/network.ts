import type { BanSettings, FirewallSettings, GuardSettings } from "./types";

/**
 * Nothing but SSH from the admin CIDRs, on whatever interface: Hetzner's own firewall does not look at private networks.
 */
export const closedFirewall: FirewallSettings = { openTcpPorts: [], logging: "low" };

/**
 * UFW alone leaves containers reachable from outside by a routed packet, and lets them reach cloud metadata, private
 * ranges, mail servers and other people's SSH. One nftables table ahead of everyone else's chains closes all of that.
 */
export const openGuard: GuardSettings = {
  // Docker's own names (docker0, docker_gwbridge, br-ID) and those of the agents' networks.
  bridges: ["docker*", "br-*", "ag-*"],
  deniedRanges4: [
    "0.0.0.0/8",
    // With the next ones of RFC 1918, every private network that a server is in, asked for or not: each droplet is in a
    // VPC, and has an address of DigitalOcean's own at its public interface.
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    // Cloud metadata, user-data included, answers here to anyone on the machine.
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ],
  deniedRanges6: [
    "::/127",
    // IPv4 addresses in IPv6 clothes, the denied ones among them: mapped, translated (NAT64) and 6to4.
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
  ],
  // Mail, remote logins and file shares: what a captured agent is used for first.
  deniedTcpPorts: [22, 23, 25, 135, 139, 445, 465, 587, 2525, 3389],
};

/** The web, names, and the port on which cloudflared dials out. */
export const narrowGuard: GuardSettings = {
  ...openGuard,
  allowedTcpPorts: [53, 80, 443, 7844],
  allowedUdpPorts: [53, 443, 7844],
};

/** Enough to stop password guessing; with keys only and SSH open to the admin CIDRs alone it is the second line. */
export const patientBans: BanSettings = { maxRetry: 5, findTime: "10m", banTime: "1h", recidive: false };

/** Longer each time, and everywhere for those who come back. */
export const growingBans: BanSettings = { ...patientBans, maxBanTime: "1w", recidive: true };
