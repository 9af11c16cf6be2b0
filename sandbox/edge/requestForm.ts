import { isIP } from "node:net";
import { type Failure, failures } from "./failures";
import type { EdgeRequest, HeaderList } from "./request";

/** A request as it came in, before anything in it is believed. */
export interface RawRequest {
  method: string;
  /** The request target; of HTTP/2 the `:path`. */
  target: string;
  version: EdgeRequest["version"];
  /** Names in lower case. HTTP/2's `:authority` is the first `host`. */
  headers: HeaderList;
  /** Undefined for plain HTTP. */
  tls: { version: string; serverName: string } | undefined;
  /** Address of the client. */
  address: string;
  /** Whether it asks to leave HTTP for another protocol. */
  upgrade: boolean;
}

/** What a request asks for, once its form is known to be good. */
export interface Asked {
  /** In lower case, without port and final dot. */
  host: string;
  /** Path and query as they were sent. */
  target: string;
  websocket: boolean;
}

/** Longest request target, in bytes: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/4xx-client-error/error-414/. */
export const longestTarget = 32 * 1024;
/** All header fields together, in bytes: https://developers.cloudflare.com/fundamentals/reference/connection-limits/. */
export const longestHeaders = 128 * 1024;
/** Longest `x-forwarded-for`, in characters: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/error-1000/. */
const longestForwardedFor = 100;

type Refused = { failure: Failure; reason: string };

/**
 * Reads host and target, or says why the request is refused.
 *
 * A target in absolute form (RFC 9112, 3.2.2) names the host in place of the `host` field. What is refused as malformed:
 * no or several hosts, anything but letters, digits, `-`, `_` and `.` in one, targets that do not start with `/`, and
 * characters in a target that need percent-encoding.
 */
export function readForm(raw: RawRequest): Asked | Refused {
  const bad = (reason: string): Refused => ({ failure: failures.badRequest, reason });
  if (Buffer.byteLength(raw.target) > longestTarget) return { failure: failures.targetTooLong, reason: "URL too long" };
  const size = raw.headers.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (size > longestHeaders) return { failure: failures.headersTooLarge, reason: "header fields too large" };

  const values = (name: string) => raw.headers.filter(([present]) => present === name).map(([, value]) => value);
  if (raw.method === "CONNECT") return bad("a proxy asked for by CONNECT");
  const absolute = raw.version === "HTTP/2" ? null : /^https?:\/\/([^/?#]*)(.*)$/i.exec(raw.target);
  const hosts = values("host");
  // Of HTTP/2 both an authority and a host may come, if they agree (RFC 9113, 8.3.1).
  const different = raw.version === "HTTP/2" ? new Set(hosts).size : hosts.length;
  if (different > 1) return bad("several hosts");
  const authority = absolute ? absolute[1]! : hosts[0];
  if (!authority) return bad("no host");
  const target = absolute ? `${absolute[2]!.startsWith("/") ? "" : "/"}${absolute[2]}` : raw.target;
  if (!target.startsWith("/")) return bad("a target that is no path");
  if (/[^\x21-\x7e]|#/.test(target)) return bad("characters in the target that need encoding");

  const host = authority
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/(.)\.$/, "$1");
  if (isIP(host.replace(/^\[|\]$/g, ""))) return { failure: failures.directAddress, reason: "an address for a host" };
  if (!/^[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?$/.test(host) || host.includes("..")) return bad("a malformed host");

  const forwarded = values("x-forwarded-for");
  const loops = [
    values("cf-connecting-ip").length > 0 && "cf-connecting-ip",
    forwarded.length > 1 && "several x-forwarded-for",
    (forwarded[0]?.length ?? 0) > longestForwardedFor && "x-forwarded-for too long",
  ].find((reason) => reason !== false);
  if (loops) return { failure: failures.prohibited, reason: loops };

  // Any other coding would reach the origin without the field that names it; HTTP/1.0 knows none (RFC 9112, 6.1).
  const coding = values("transfer-encoding");
  if (coding.length > 0 && (raw.version === "HTTP/1.0" || coding.join().trim().toLowerCase() !== "chunked")) {
    return bad("a transfer encoding other than chunked");
  }
  const upgrade = raw.upgrade && values("upgrade").some((value) => value.toLowerCase() === "websocket");
  if (
    raw.upgrade &&
    (values("content-length").some((value) => value !== "0") || values("transfer-encoding").length > 0)
  ) {
    return bad("a body before a change of protocol");
  }
  return { host, target, websocket: upgrade && raw.method === "GET" };
}
