import type { Surface } from "./agentNames";
import type { Fault } from "./faults";

/**
 * Which certificates a zone has: those that come with it and cover one label below it, or advanced ones, which have to be
 * ordered at Cloudflare for the deeper names in use.
 */
export type Certificates = "universal" | "advanced";

/** A name under which something of an agent is opened. */
export interface PublicName {
  agent: string;
  surface: Surface;
  hostname: string;
  /** Where it is written, or would be. */
  path: string;
}

/** What is wrong with the name of a zone. */
export function zoneNameFaults(path: string, zone: string): Fault[] {
  if (typeof zone === "string" && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])$/.test(zone))
    return [];
  return [{ path, value: zone, reason: "is not a zone", remedy: "write its name as Cloudflare shows it: example.com" }];
}

/** The zone that a hostname lies in: of several, the one nearest to it. */
export function zoneOf(hostname: string, zones: string[]): string | undefined {
  return zones.filter((zone) => hostname.endsWith(`.${zone}`)).sort((a, b) => b.length - a.length)[0];
}

/** The hostname that an agent gets when none is written. Two agents may get the same; {@link sharedNameFaults} tells. */
export function defaultHostname(agent: string, tenant: string, zone: string): string {
  return `${agent}-${tenant}.${zone}`;
}

/**
 * What is wrong with a hostname that is to be opened through Cloudflare. Above all it has to stand directly below one of
 * the zones, unless that zone has certificates for more.
 *
 * Limits are those of DNS (RFC 1035: 63 characters a label, 253 in all); two dashes in third and fourth place are
 * reserved (RFC 5891), and names that read otherwise than they are written start that way.
 */
export function hostnameFaults(path: string, hostname: string, zones: Record<string, Certificates>): Fault[] {
  const fault = (reason: string, remedy: string): Fault[] => [{ path, value: hostname, reason, remedy }];
  if (typeof hostname !== "string") {
    return [{ path, reason: "is not a text that is known from the start", remedy: "write it out: atlas.example.com" }];
  }
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(hostname)) {
    const plain = hostname.toLowerCase();
    const remedy = "write lower-case letters, digits and dashes between dots, such as atlas.example.com";
    return fault("is not a hostname", /^[a-z0-9.-]+$/.test(plain) && plain !== hostname ? `write ${plain}` : remedy);
  }
  if (hostname.length > 253) return fault(`has ${hostname.length} characters`, "write at most 253");
  const names = Object.keys(zones);
  if (names.includes(hostname)) {
    return fault("is a zone itself", `write one label in front of it, such as atlas.${hostname}`);
  }
  const zone = zoneOf(hostname, names);
  if (zone === undefined) {
    return fault(
      "is not inside a zone",
      `write one label in front of a zone (zones: ${names.join(", ") || "none yet"})`,
    );
  }
  const labels = hostname.slice(0, -zone.length - 1).split(".");
  for (const label of labels) {
    if (label.length > 63) return fault(`has a label of ${label.length} characters`, "write at most 63");
    if (label.startsWith("-") || label.endsWith("-")) {
      return fault("has a label with a dash at its end", "begin and end each label with a letter or digit");
    }
    if (label.startsWith("--", 2)) {
      return fault(`has a reserved label, ${label.slice(0, 4)}…`, "write no two dashes in third and fourth place");
    }
  }
  if (labels.length === 1 || zones[zone] === "advanced") return [];
  return fault(
    `is ${labels.length} labels below ${zone}`,
    `write ${labels.join("-")}.${zone}, because the zone's certificate covers one label below it`,
  );
}

/**
 * The names of a fleet that another one stands in the way of: the same, or one that lies above it, whose cookies would
 * reach it. Of two the later one is told, and bot hostnames come after all others.
 */
export function sharedNameFaults(names: PublicName[]): Fault[] {
  const ordered = [...names].sort((a, b) => Number(a.surface === "bot") - Number(b.surface === "bot"));
  return ordered.flatMap((name, i): Fault[] => {
    const { path, hostname: value, surface } = name;
    const same = ordered.slice(0, i).find(({ hostname }) => hostname === value);
    if (same !== undefined) {
      const owner = `the ${same.surface} hostname of agents.${same.agent}`;
      if (surface === same.surface) {
        return [{ path, value, reason: `is ${owner} already`, remedy: "give each agent its own" }];
      }
      const remedy = "give webhooks a hostname of their own, because nobody logs in there";
      return [{ path, value, reason: `is ${owner}`, remedy }];
    }
    const above = ordered.find(({ hostname }) => value.endsWith(`.${hostname}`));
    if (above === undefined) return [];
    const reason = `lies below the ${above.surface} hostname of agents.${above.agent}, whose cookies reach it`;
    return [{ path, value, reason, remedy: "write a name beside it" }];
  });
}
