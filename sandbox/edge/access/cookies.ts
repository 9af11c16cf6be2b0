import { createHmac } from "node:crypto";
import type { AccessSession } from "../../clouds/cloudflare/model";
import type { HeaderList } from "../request";

/** Cookies of Access: https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/. */
export const cookieNames = {
  authorization: "CF_Authorization",
  binding: "CF_Binding",
  /** Ties a login to the browser that began it: on the application's hostname, for 24 hours. */
  appSession: "CF_AppSession",
  /** The same on the team's hostname, for 4 hours. */
  teamSession: "CF_Session",
} as const;

/** Most cookies of one name that are looked at. */
const mostOfOneName = 8;

/** All values a client sent for a cookie, in its order: there may be several for different paths. */
export function cookieValues(headers: HeaderList, name: string): string[] {
  return pairs(headers)
    .filter(([present]) => present === name)
    .map(([, value]) => value)
    .slice(0, mostOfOneName);
}

/** The client's cookies without some, from all its `cookie` fields: as they came when it has none of those. */
export function cookiesWithout(headers: HeaderList, names: readonly string[]): string {
  const all = pairs(headers);
  const kept = all.filter(([name]) => !names.includes(name));
  if (kept.length < all.length) return kept.map(([name, value]) => `${name}=${value}`).join("; ");
  return headers
    .filter(([name]) => name === "cookie")
    .map(([, value]) => value)
    .join("; ");
}

function pairs(headers: HeaderList): [string, string][] {
  const text = headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  return text
    .flatMap((value) => value.split(";"))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? ["", pair] : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
    });
}

export interface CookieAttributes {
  /** Path as in a URI. Default: `/`. */
  path?: string;
  /** When it ends, in milliseconds since 1970. Default: with the browser. */
  expires?: number;
  /** Whether scripts see it. Default: they do not. */
  httpOnly?: boolean;
  /** Default: the browser's. */
  sameSite?: "none" | "lax" | "strict";
}

/** A `set-cookie` field of a cookie for this hostname alone and TLS only. */
export function setCookie(name: string, value: string, attributes: CookieAttributes): [string, string] {
  const { path = "/", expires, httpOnly = true, sameSite } = attributes;
  const parts = [
    `${name}=${value}`,
    ...(expires === undefined ? [] : [`Expires=${new Date(expires).toUTCString()}`]),
    `Path=${/^\/[\w\-./~%!$&'()+:@=]*$/.test(path) ? path : "/"}`,
    "Secure",
    ...(httpOnly ? ["HttpOnly"] : []),
    ...(sameSite ? [`SameSite=${sameSite[0]!.toUpperCase()}${sameSite.slice(1)}`] : []),
  ];
  return ["set-cookie", parts.join("; ")];
}

export function clearCookie(name: string, path = "/"): [string, string] {
  return setCookie(name, "", { path, expires: 0 });
}

/** The binding cookie that belongs to a token: nobody can make it without the session's key. */
export function bindingOf(session: AccessSession, token: string): string {
  return createHmac("sha256", Buffer.from(session.binding_key, "base64")).update(token).digest("base64url");
}
