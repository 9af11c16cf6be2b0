import type { EdgeRequest } from "../request";
import { formOf } from "./body";
import { isInEuropeanUnion } from "./europeanUnion";
import { normalisedPath } from "./normalise";

/** Values of a key, in the order in which they came. */
export type Multimap = Map<string, string[]>;

/** A value of the rules language; strings are bytes, one to a character. */
export type Fact = string | number | boolean | Address | string[] | number[] | boolean[] | Multimap;

export interface Address {
  address: string;
}

/** Values of fields by name. */
export interface Facts {
  get(field: string): Fact | undefined;
}

/** The body as far as rules see it. */
export interface SeenBody {
  /** Its first bytes. */
  raw: string;
  /** Its whole length in bytes. */
  size: number;
  truncated: boolean;
}

type Reader = (facts: Source) => Fact;

interface Source {
  request: EdgeRequest;
  body: SeenBody | undefined;
  /** Milliseconds since 1970. */
  now: number;
  path: string;
  rawPath: string;
  query: string;
}

const readers: Record<string, Reader> = {
  "http.cookie": ({ request }) => joined(request, "cookie", "; "),
  "http.host": ({ request }) => request.host,
  "http.referer": ({ request }) => joined(request, "referer"),
  "http.request.full_uri": (source) => `${origin(source.request)}${uri(source.path, source)}`,
  "http.request.method": ({ request }) => request.method,
  "http.request.uri": (source) => uri(source.path, source),
  "http.request.uri.path": ({ path }) => path,
  "http.request.uri.path.extension": ({ path }) => extension(path),
  "http.request.uri.query": ({ query }) => query,
  "http.request.version": ({ request }) => request.version,
  "http.user_agent": ({ request }) => joined(request, "user-agent"),
  "http.x_forwarded_for": ({ request }) => joined(request, "x-forwarded-for"),
  "raw.http.request.full_uri": ({ request }) => `${origin(request)}${request.target}`,
  "raw.http.request.uri": ({ request }) => request.target,
  "raw.http.request.uri.path": ({ rawPath }) => rawPath,
  "raw.http.request.uri.path.extension": ({ rawPath }) => extension(rawPath),
  "raw.http.request.uri.query": ({ query }) => query,
  "ip.src.country": ({ request }) => request.client.country,
  "cf.ray_id": ({ request }) => request.ray,
  "cf.tls_version": ({ request }) => request.tls ?? "",
  "cf.zone.name": ({ request }) => request.zone?.name ?? "",
  "cf.edge.server_port": ({ request }) => (request.tls ? 443 : 80),
  "http.request.timestamp.sec": ({ now }) => Math.floor(now / 1000),
  "http.request.timestamp.msec": ({ now }) => Math.floor(now) % 1000,
  "ip.src": ({ request }) => ({ address: request.client.address }),
  "ip.src.is_in_european_union": ({ request }) => isInEuropeanUnion(request.client.country),
  ssl: ({ request }) => request.tls !== undefined,
  "http.request.headers.names": ({ request }) => seenHeaders(request).map(([name]) => name),
  "http.request.headers.values": ({ request }) => seenHeaders(request).map(([, value]) => value),
  "http.request.headers": ({ request }) => multimap(seenHeaders(request)),
  "http.request.cookies": ({ request }) => multimap(cookies(joined(request, "cookie", "; "))),
  "http.request.uri.args": ({ query }) => multimap(pairs(query)),
  "http.request.uri.args.names": ({ query }) => pairs(query).map(([name]) => name),
  "http.request.uri.args.values": ({ query }) => pairs(query).map(([, value]) => value),
  "http.request.body.raw": ({ body }) => body?.raw ?? "",
  "http.request.body.size": ({ body }) => body?.size ?? 0,
  "http.request.body.truncated": ({ body }) => body?.truncated ?? false,
  "http.request.body.form": ({ request, body }) => multimap(formOf(joined(request, "content-type"), body?.raw ?? "")),
  "http.request.body.form.names": ({ request, body }) =>
    formOf(joined(request, "content-type"), body?.raw ?? "").map(([name]) => name),
  "http.request.body.form.values": ({ request, body }) =>
    formOf(joined(request, "content-type"), body?.raw ?? "").map(([, value]) => value),
};

/** Fields under another name. */
const aliases: Record<string, string> = {
  "ip.geoip.country": "ip.src.country",
  "ip.geoip.is_in_european_union": "ip.src.is_in_european_union",
  "raw.http.request.uri.args": "http.request.uri.args",
  "raw.http.request.uri.args.names": "http.request.uri.args.names",
  "raw.http.request.uri.args.values": "http.request.uri.args.values",
};

/** What is always so here: no bot is verified, no client has a certificate, no worker runs, and no score is computed. */
const constants: Record<string, Fact> = {
  "cf.bot_management.verified_bot": false,
  "cf.client.bot": false,
  "cf.threat_score": 0,
  "cf.tls_client_auth.cert_presented": false,
  "cf.tls_client_auth.cert_revoked": false,
  "cf.tls_client_auth.cert_verified": false,
  "cf.verified_bot_category": "",
  "cf.worker.upstream_zone": "",
  "http.request.headers.truncated": false,
};

/** Names of the fields that have a value here. */
export const knownFields: string[] = [...Object.keys(readers), ...Object.keys(aliases), ...Object.keys(constants)];

/**
 * What rules can know of a request.
 *
 * @param body needed only by rules that use a field of it
 * @param now milliseconds since 1970
 */
export function factsOf(request: EdgeRequest, body: SeenBody | undefined, now: number): Facts {
  const [rawPath = "", query = ""] = splitOnce(request.target.split("#", 1)[0] as string, "?");
  const source: Source = { request, body, now, path: normalisedPath(rawPath), rawPath, query };
  const known = new Map<string, Fact>(Object.entries(constants));
  return {
    get(field) {
      const name = aliases[field] ?? field;
      if (!known.has(name) && Object.hasOwn(readers, name)) known.set(name, (readers[name] as Reader)(source));
      return known.get(name);
    },
  };
}

function origin(request: EdgeRequest): string {
  return `${request.tls ? "https" : "http"}://${request.host}`;
}

function uri(path: string, { request, query }: Source): string {
  return request.target.includes("?") ? `${path}?${query}` : path;
}

/** Header fields as rules see them: with those by which a client asks for a WebSocket. */
function seenHeaders({ headers, websocket }: EdgeRequest): [string, string][] {
  if (!websocket || headers.some(([name]) => name === "upgrade")) return headers;
  return [...headers, ["connection", "Upgrade"], ["upgrade", "websocket"]];
}

/** A header's values as one; empty when there is none. */
function joined({ headers }: EdgeRequest, wanted: string, separator = ", "): string {
  return headers
    .filter(([name]) => name === wanted)
    .map(([, value]) => value)
    .join(separator);
}

/** What follows the last dot of the last segment, unless the segment begins with that dot; in lower case. */
function extension(path: string): string {
  const segment = path.slice(path.lastIndexOf("/") + 1);
  const dot = segment.lastIndexOf(".");
  return dot > 0 ? segment.slice(dot + 1).toLowerCase() : "";
}

/** Arguments of a query as they stand there. */
function pairs(query: string): [string, string][] {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => splitOnce(part, "="));
}

/** Cookies, their names decoded, their values as they stand there. */
function cookies(header: string): [string, string][] {
  return header
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => splitOnce(part, "="))
    .map(([name, value]) => [percentDecoded(name), value]);
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function multimap(list: [string, string][]): Multimap {
  const map: Multimap = new Map();
  for (const [name, value] of list) {
    const present = map.get(name);
    if (present) present.push(value);
    else map.set(name, [value]);
  }
  return map;
}

export function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
