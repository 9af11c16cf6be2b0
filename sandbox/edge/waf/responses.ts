import type { EdgeRequest, EdgeResponse, HeaderList } from "../request";

/** What Cloudflare's own pages carry, so that nobody keeps or frames them. */
const pageHeaders: HeaderList = [
  ["content-type", "text/html; charset=UTF-8"],
  ["cache-control", "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0"],
  ["expires", "Thu, 01 Jan 1970 00:00:01 GMT"],
  ["referrer-policy", "same-origin"],
  ["x-frame-options", "SAMEORIGIN"],
];

/** The page for a request that a rule blocks. */
export function blocked(request: EdgeRequest): EdgeResponse {
  const body = page(request, "Sorry, you have been blocked", `You are unable to access ${escaped(request.host)}.`);
  return { status: 403, headers: [...pageHeaders], body };
}

/** The page for a client whose headers Browser Integrity Check bans: error 1010. */
export function banned(request: EdgeRequest): EdgeResponse {
  const text = "Error 1010: the owner of this website has banned your access based on your browser's signature.";
  return { status: 403, headers: [...pageHeaders], body: page(request, "Access denied", text) };
}

/**
 * The page for a client over a rate limit: error 1015.
 *
 * @param seconds until it may come again
 */
export function limited(request: EdgeRequest, seconds: number): EdgeResponse {
  const text = `Error 1015: you are being rate limited by ${escaped(request.host)}.`;
  const headers: HeaderList = [...pageHeaders, ["retry-after", String(seconds)]];
  return { status: 429, headers, body: page(request, "You are being rate limited", text) };
}

/** The page with a challenge: the header tells a program that it got no answer of the site. Nothing here can pass it. */
export function challenged(request: EdgeRequest): EdgeResponse {
  const text = "Enable JavaScript and cookies to continue. Challenges cannot be passed in the sandbox.";
  const headers: HeaderList = [...pageHeaders, ["cf-mitigated", "challenge"]];
  return { status: 403, headers, body: page(request, "Just a moment...", text) };
}

/** What a rule itself says to a request that it blocks. */
export interface CustomResponse {
  status_code?: number;
  content?: string;
  content_type?: string;
}

/** @param otherwise status when the rule gives none */
export function custom(response: CustomResponse, otherwise: number): EdgeResponse {
  const type = response.content_type ?? "text/html";
  return {
    status: response.status_code ?? otherwise,
    headers: [["content-type", `${type}; charset=UTF-8`], ...pageHeaders.slice(1)],
    body: response.content ?? "",
  };
}

function page(request: EdgeRequest, title: string, text: string): string {
  return [
    "<!DOCTYPE html>",
    `<html lang="en-US"><head><title>${title}</title><meta name="robots" content="noindex, nofollow"></head>`,
    `<body><h1>${title}</h1><p>${text}</p>`,
    `<p>Cloudflare Ray ID: <strong>${escaped(request.ray)}</strong></p></body></html>`,
    "",
  ].join("\n");
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
