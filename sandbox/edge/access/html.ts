import { createHash } from "node:crypto";
import { Html, html } from "../../html";
import type { EdgeResponse, HeaderList } from "../request";

const style = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { margin: 0 auto; max-width: 38rem; padding: 2rem 1rem }
h1 { font-size: 1.5rem }
h2 { font-size: 1.15rem }
label, fieldset, button { display: block; margin-block: .75rem }
input, textarea, button { box-sizing: border-box; font: inherit; padding: .5rem; width: 100% }
input[type=checkbox], input[type=radio] { width: auto }
.code { font-family: ui-monospace, monospace; font-size: 1.25rem; letter-spacing: .15em }
[role=alert] { border-inline-start: .25rem solid #b00020; padding-inline-start: .75rem }
table { border-collapse: collapse; width: 100% }
th, td { border-block-end: 1px solid; padding: .4rem; text-align: start }
`;
const styleHash = createHash("sha256").update(style).digest("base64");

/** Nobody keeps these answers, frames them or learns from where one came. */
export const privateHeaders: HeaderList = [
  ["cache-control", "private, max-age=0, no-store, no-cache, must-revalidate"],
  ["referrer-policy", "same-origin"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];

/** Forms may lead to the application, which is another origin: browsers hold `form-action` against redirects too. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "form-action 'self' https:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface Page {
  title: string;
  body: Html;
  /** Seconds until it loads again. Default: it does not. */
  refresh?: number;
}

export function page(status: number, { title, body, refresh }: Page, headers: HeaderList = []): EdgeResponse {
  const text = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh === undefined ? "" : html`<meta http-equiv="refresh" content="${refresh}">\n`}<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  const common: HeaderList = [
    ["content-type", "text/html; charset=utf-8"],
    ["content-security-policy", policy],
    ...privateHeaders,
  ];
  return { status, headers: [...common, ...headers], body: text.text };
}

export function json(status: number, value: unknown, headers: HeaderList = []): EdgeResponse {
  const common: HeaderList = [["content-type", "application/json"], ...privateHeaders];
  return { status, headers: [...common, ...headers], body: `${JSON.stringify(value)}\n` };
}

/** 302. @param location an absolute URL, or a path on the same host */
export function redirect(location: string, headers: HeaderList = []): EdgeResponse {
  return { status: 302, headers: [["location", location], ...privateHeaders, ...headers], body: "" };
}
