import type { Account, DnsRecord, Tunnel, Zone } from "../clouds/cloudflare/model";
import { authDomain, type CloudflareWorld } from "../clouds/cloudflare/world";
import { type Failure, failures } from "./failures";

/** Where a hostname leads: to a tunnel, or nowhere that the edge can reach. */
export type Route = { tunnel: Tunnel } | { failure: Failure; reason: string };

const tunnelDomain = ".cfargotunnel.com";
/** Aliases followed one after another before it is taken for a loop. */
const longestChain = 8;

/** The zone a hostname lies in, of whichever account; the longest when several do. */
export function zoneOfHost(world: CloudflareWorld, host: string): Zone | undefined {
  return world.zones
    .filter((zone) => host === zone.name || host.endsWith(`.${zone.name}`))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

/** Whether a hostname is the zone itself or one label below it. */
export function firstLevelOf(zone: Zone, host: string): boolean {
  return host === zone.name || !host.slice(0, -zone.name.length - 1).includes(".");
}

/** The account whose team's login pages a hostname is for, and the team's name. */
export function teamOf(world: CloudflareWorld, host: string): { account: Account; team: string } | undefined {
  const account = world.accounts.find((candidate) => authDomain(candidate) === host);
  return account && { account, team: host.split(".", 1)[0]! };
}

/**
 * Where a hostname of a zone leads, by the zone's records as they are now.
 *
 * A name without a record would not resolve on the Internet, and an unproxied one not to the edge. What Cloudflare
 * answers to those who ask the edge all the same is documented for origins that do not resolve (1016) and for names that
 * are not on its network (1001); that these are the cases meant could not be confirmed.
 */
export function route(world: CloudflareWorld, zone: Zone, host: string): Route {
  let name = host;
  for (let step = 0; step < longestChain; step++) {
    const zoneHere = step === 0 ? zone : zoneOfHost(world, name);
    const record = zoneHere && recordFor(world, zoneHere, name);
    if (!record) return { failure: failures.noOrigin, reason: `no record for ${name}` };
    if (step === 0 && !record.proxied) {
      return { failure: failures.noSuchSite, reason: `the record of ${record.name} is not proxied` };
    }
    if (record.type !== "CNAME") {
      return { failure: failures.connectionTimedOut, reason: `${record.type} record: no origin in the sandbox` };
    }
    const target = record.content.toLowerCase().replace(/\.$/, "");
    if (target.endsWith(tunnelDomain)) return tunnelBehind(world, zone, target.slice(0, -tunnelDomain.length));
    name = target;
  }
  return { failure: failures.noOrigin, reason: `the aliases of ${host} go in circles` };
}

/**
 * A tunnel serves names of its own account alone:
 * https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/routing-to-tunnel/dns/.
 */
function tunnelBehind(world: CloudflareWorld, zone: Zone, id: string): Route {
  const tunnel = world.state.tunnels[id];
  if (!tunnel) return { failure: failures.noTunnel, reason: "the record points to no tunnel" };
  if (tunnel.account_tag !== zone.accountId) {
    return { failure: failures.noTunnel, reason: "the record points to a tunnel of another account" };
  }
  if (tunnel.deleted_at !== null) return { failure: failures.noTunnel, reason: "the tunnel was deleted" };
  return { tunnel };
}

/** The record of exactly this name, or the wildcard that stands for it (RFC 4592). */
function recordFor(world: CloudflareWorld, zone: Zone, host: string): DnsRecord | undefined {
  const records = Object.values(world.state.dns_records).filter((record) => record.zone_id === zone.id);
  const at = (name: string) =>
    records.find((record) => record.name === name && ["CNAME", "A", "AAAA"].includes(record.type));
  const exact = at(host);
  if (exact || host === zone.name) return exact;
  const exists = (name: string) => records.some((record) => record.name === name || record.name.endsWith(`.${name}`));
  if (exists(host)) return undefined;
  let parent = host.slice(host.indexOf(".") + 1);
  while (parent !== zone.name && !exists(parent)) parent = parent.slice(parent.indexOf(".") + 1);
  return at(`*.${parent}`);
}
