import { z } from "zod";
import { headerOf } from "../headers";
import type { EdgeRequest } from "../request";

/** Largest form that is read, in bytes. */
const largest = 16 * 1024;

/**
 * The fields of a form that was sent from one of the team's own pages.
 *
 * @returns undefined when it came from elsewhere, is too large or is no form
 */
export async function formOf(request: EdgeRequest): Promise<URLSearchParams | undefined> {
  const origin = headerOf(request.headers, "origin");
  if (origin !== undefined && origin !== `https://${request.host}`) return undefined;
  const site = headerOf(request.headers, "sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return undefined;
  const type = headerOf(request.headers, "content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return undefined;
  try {
    return new URLSearchParams((await request.body(largest)).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** An email address in lower case, or undefined when it is none. */
export function emailOf(text: string | null): string | undefined {
  const result = z
    .email()
    .max(254)
    .safeParse((text ?? "").trim().toLowerCase());
  return result.success ? result.data : undefined;
}

/** The lines of a text that hold anything. */
export function linesOf(text: string | null): string[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Values by name, from lines of the form `name=value`. */
export function claimsOf(lines: string[]): Record<string, string[]> {
  const claims = new Map<string, string[]>();
  for (const line of lines) {
    const [name = "", ...value] = line.split("=");
    claims.set(name.trim(), [...(claims.get(name.trim()) ?? []), value.join("=").trim()]);
  }
  return Object.fromEntries(claims);
}
