import type { Failure } from "./failures";
import type { EdgeResponse } from "./request";

/**
 * The answer that tells of a failure: a page for browsers, for other clients the one line `error code: 1033` where there
 * is a number.
 *
 * @param accept the request's `accept` field
 */
export function failurePage(failure: Failure, { ray, accept = "" }: { ray: string; accept?: string }): EdgeResponse {
  const { status, code, title, text } = failure;
  const common: [string, string][] = [
    ["cache-control", "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0"],
    ["referrer-policy", "same-origin"],
    ["x-frame-options", "SAMEORIGIN"],
  ];
  if (text === undefined) return { status, headers: [["content-type", "text/html"]], body: unstyled(title) };
  const number = code ?? status;
  if (!accept.includes("text/html")) {
    return {
      status,
      headers: [["content-type", "text/plain; charset=UTF-8"], ...common],
      body: `error code: ${number}`,
    };
  }
  const body = `<!DOCTYPE html>
<html lang="en-US">
<head><meta charset="UTF-8"><title>${title}</title></head>
<body>
<h1>Error ${number}</h1>
<h2>${title}</h2>
<p>${text}</p>
<p>Cloudflare Ray ID: <strong>${ray}</strong></p>
</body>
</html>
`;
  return { status, headers: [["content-type", "text/html; charset=UTF-8"], ...common], body };
}

function unstyled(title: string): string {
  return `<html>
<head><title>${title}</title></head>
<body>
<center><h1>${title}</h1></center>
<hr><center>cloudflare</center>
</body>
</html>
`;
}
