import type { FastifyRequest } from "fastify";
import { CloudflareError, noRoute } from "./errors";
import type { Account, CloudflareState, Owner, Zone } from "./model";

/** The accounts and zones there are, and what was made in them. */
export interface CloudflareWorld {
  state: CloudflareState;
  accounts: Account[];
  zones: Zone[];
}

const hexIdPattern = /^[0-9a-f]{32}$/;

/**
 * The account a request's path names.
 *
 * @throws CloudflareError 404 / 7003 when the id has not the form of one, 403 / 10000 when it is not ours: the token has
 *   no rights there.
 */
export function accountOf(world: CloudflareWorld, request: FastifyRequest): Account {
  const { account: id = "" } = request.params as { account?: string };
  if (!hexIdPattern.test(id)) throw noRoute(pathOf(request));
  const account = world.accounts.find((candidate) => candidate.id === id);
  if (!account) throw new CloudflareError(403, 10000, "Authentication error");
  return account;
}

/** The zone a request's path names. @throws CloudflareError 404 / 7003, or 403 / 10000 when it is not ours. */
export function zoneOf(world: CloudflareWorld, request: FastifyRequest): Zone {
  const { zone: id = "" } = request.params as { zone?: string };
  if (!hexIdPattern.test(id)) throw noRoute(pathOf(request));
  const zone = world.zones.find((candidate) => candidate.id === id);
  if (!zone) throw new CloudflareError(403, 10000, "Authentication error");
  return zone;
}

/** Account or zone, for what can belong to either. */
export function ownerOf(world: CloudflareWorld, request: FastifyRequest): Owner {
  return "account" in (request.params as object)
    ? `accounts/${accountOf(world, request).id}`
    : `zones/${zoneOf(world, request).id}`;
}

/** The account behind an owner: a zone's objects count for its account. */
export function accountBehind(world: CloudflareWorld, owner: Owner): Account {
  const [kind, id] = owner.split("/");
  const accountId = kind === "zones" ? world.zones.find((zone) => zone.id === id)?.accountId : id;
  return world.accounts.find((account) => account.id === accountId) as Account;
}

/** The zone of an account that a hostname lies in, the longest when several do. */
export function zoneFor(world: CloudflareWorld, accountId: string, hostname: string): Zone | undefined {
  return world.zones
    .filter((zone) => zone.accountId === accountId)
    .filter((zone) => hostname === zone.name || hostname.endsWith(`.${zone.name}`))
    .sort((a, b) => b.name.length - a.name.length)[0];
}

/** `<team>.cloudflareaccess.com` of an account. */
export function authDomain(account: Account): string {
  const team =
    account.team ??
    account.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
  return `${team || "team"}.cloudflareaccess.com`;
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?")[0] ?? "";
}
