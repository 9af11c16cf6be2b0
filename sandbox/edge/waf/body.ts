import type { EdgeRequest } from "../request";
import { type SeenBody, splitOnce } from "./facts";

/** As much of a body as fields show on the highest plan, in bytes (fields/reference/http.request.body.raw). */
const mostShown = 128 * 1024;
/** Largest request that Cloudflare takes at all on the plans below Enterprise, in bytes. */
const largest = 100 * 1024 * 1024;

/** The body for rules that use fields of it. */
export async function seenBody(request: EdgeRequest): Promise<SeenBody> {
  const whole = await request.body(largest);
  return {
    raw: whole.subarray(0, mostShown).toString("latin1"),
    size: whole.length,
    truncated: whole.length > mostShown,
  };
}

/** The media type of a content type, without its parameters. */
function mimeOf(contentType: string): string {
  return (contentType.split(";", 1)[0] as string).trim().toLowerCase();
}

/** Fields of an URL-encoded form; of any other body none. */
export function formOf(contentType: string, raw: string): [string, string][] {
  if (mimeOf(contentType) !== "application/x-www-form-urlencoded") return [];
  return raw
    .split("&")
    .filter((part) => part !== "")
    .map((part) => splitOnce(part, "="));
}

/**
 * The body for managed rules: that of a request that says beforehand how long it is, up to what fields show. What comes
 * in chunks of unknown length is not held back for them.
 */
export async function inspectedBody(request: EdgeRequest): Promise<string> {
  const length = Number(request.headers.find(([name]) => name === "content-length")?.[1] ?? 0);
  if (!(length > 0 && length <= mostShown)) return "";
  return (await request.body(mostShown)).toString("latin1");
}
