import type { FleetOutput } from "../fleet";
import { fleetStatus, found, type ServerRow } from "../fleetStatus";
import { withoutSecrets } from "../github/hidden";
import type { DeepSurvey, Surveyed } from "../survey";
import { containersOn } from "../verify/verifyFleet";
import type { FleetSeen } from "./fleetSeen";

/** A server of the report; undefined is what could not be found out. */
export interface ServerReport extends ServerRow {
  provider?: string;
  location?: string;
  size?: string;
  ipv4: string;
  ipv6?: string;
  privateIpv4?: string;
  /** When it was last looked at, in ISO 8601. */
  at?: string;
  /** When it was last hardened, in the server's own words, and by which version of the program. */
  hardened?: string;
  version?: string;
  /** What differs from its profile. */
  drift?: string[];
  /** Addresses that are banned now, by fail2ban's jail. */
  banned?: Record<string, string[]>;
  /** Parts of its answer that it could not give, and why. */
  unread: { part: string; reason: string }[];
  /** Containers of which nobody knows how they are, because it does not answer. */
  unseenContainers: string[];
}

const parts = {
  system: "memory and time",
  converge: "last hardening",
  updates: "pending updates",
  bans: "bans",
  containers: "containers",
  sshd: "settings of sshd",
  firewall: "firewall",
  guard: "packet filter",
  drift: "drift",
  secrets: "secrets",
  audit: "audit",
} satisfies Record<Exclude<keyof DeepSurvey, "survey">, string>;

export function serverReports(fleet: FleetOutput, seen: FleetSeen): ServerReport[] {
  return fleetStatus(fleet, answersOf(seen)).servers.map((row) => {
    const { provider, location, size, ipv4, ipv6, privateIpv4 } = fleet.servers[row.server]!;
    const facts = { ...row, provider, location, size, ipv4, ipv6, privateIpv4, unread: [], unseenContainers: [] };
    const looked = seen.servers[row.server];
    if (looked === undefined) return facts;
    const { at, answer } = looked;
    if ("failure" in answer) {
      const failure = withoutSecrets(answer.failure);
      return {
        ...facts,
        failure,
        at,
        unseenContainers: containersOn(row.server, fleet).map(({ container }) => container),
      };
    }
    return { ...facts, at, ...answered(answer.survey) };
  });
}

/** What the servers answered. */
export function answersOf({ servers }: FleetSeen): Record<string, Surveyed<DeepSurvey>> {
  return Object.fromEntries(Object.entries(servers).map(([name, { answer }]) => [name, answer]));
}

function answered(survey: DeepSurvey) {
  const converge = found(survey.converge);
  return {
    hardened: converge?.finished ?? undefined,
    version: converge?.version,
    drift: found(survey.drift)?.map(withoutSecrets),
    banned: found(survey.bans),
    unread: Object.entries(parts).flatMap(([key, part]) => {
      const section = survey[key as keyof typeof parts];
      return "error" in section ? [{ part, reason: withoutSecrets(section.error) }] : [];
    }),
  };
}
