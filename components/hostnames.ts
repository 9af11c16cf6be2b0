import type { Fault } from "./faults";

/** The zone that a hostname lies in: of several, the one nearest to it. */
export function zoneOf(hostname: string, zones: string[]): string | undefined {
  return zones.filter((zone) => hostname.endsWith(`.${zone}`)).sort((a, b) => b.length - a.length)[0];
}

/**
 * What is wrong with a hostname that is to be opened through Cloudflare: it has to stand directly below one of the
 * zones, because the certificates that come with a zone cover one label and no more.
 */
export function hostnameFaults(path: string, hostname: string, zones: string[]): Fault[] {
  const label = "([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)";
  if (!new RegExp(`^${label}(\\.${label})+$`).test(hostname)) {
    const remedy = "write lower-case letters, digits and dashes between dots, such as atlas.example.com";
    return [{ path, value: hostname, reason: "is not a hostname", remedy }];
  }
  const zone = zoneOf(hostname, zones);
  if (zone === undefined) {
    const remedy = `write one label in front of a zone (zones: ${zones.join(", ") || "none yet"})`;
    return [{ path, value: hostname, reason: "is not inside a zone", remedy }];
  }
  const labels = hostname.slice(0, -zone.length - 1).split(".");
  if (labels.length === 1) return [];
  const remedy = `write ${labels.join("-")}.${zone}: the zone's certificate covers one label below it`;
  return [{ path, value: hostname, reason: `is ${labels.length} labels below ${zone}`, remedy }];
}
