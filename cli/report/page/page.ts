import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Html, html } from "../../../sandbox/html";
import { oneLine } from "../../terminal";
import type { FleetReport } from "../fleetReport";
import { agents, secrets } from "./agents";
import { findings } from "./findings";
import { headline, madeLine } from "./headline";
import { markShapes } from "./marks";
import { matrix } from "./matrix";
import { names } from "./names";
import { serverCard, serverCardId } from "./servers";

/** What comes later wins, so widths and paper come last. */
const sheets = ["base", "marks", "headline", "findings", "tables", "matrix", "servers", "narrow", "print"];
const style = sheets.map((name) => readFileSync(path.join(__dirname, "style", `${name}.css`), "utf8")).join("");

/** What a page takes from elsewhere: nothing. @returns the source by which a browser accepts an inline text */
export function sourceOf(inline: string): string {
  return `'sha256-${createHash("sha256").update(inline).digest("base64")}'`;
}

/** Directives that hold for every page: no network, no scripts, no forms, and this style alone. */
export const closedPolicy = [
  "default-src 'none'",
  `style-src ${sourceOf(style)}`,
  "base-uri 'none'",
  "form-action 'none'",
];

/** The parts of a page that change by themselves, by their ids in it. */
export function pageParts(report: FleetReport, live: boolean): Record<string, Html> {
  return {
    made: madeLine(report, live),
    headline: headline(report),
    findings: findings(report),
    matrix: matrix(report),
    ...Object.fromEntries(report.servers.map((row) => [serverCardId(row.server), serverCard(row)])),
    agents: agents(report),
    secrets: secrets(report),
    names: names(report),
  };
}

/** A script that keeps a page current, and where its events come from. */
export interface LivePage {
  script: string;
}

/** A whole page that needs nothing else: one file to keep, send and print. */
export function reportPage(report: FleetReport, live?: LivePage): string {
  const parts = pageParts(report, live !== undefined);
  const part = (id: string) => html`<div id="${id}">${parts[id]}</div>`;
  const cards = report.servers.map(({ server, reachable }) => {
    const id = serverCardId(server);
    return html`<article class="card${reachable === false ? " dead" : ""}" id="${id}">${parts[id]}</article>\n`;
  });
  const title = `Fleet ${oneLine(report.stack)}`;
  const section = (id: string, heading: string, body: Html) =>
    html`<section aria-labelledby="h-${id}"><h2 id="h-${id}">${heading}</h2>\n${body}\n</section>\n`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
${live === undefined ? html`<meta http-equiv="Content-Security-Policy" content="${closedPolicy.join("; ")}">\n` : ""}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${markShapes}
<header class="top"><h1><span class="brand">creel</span> ${report.stack}</h1>${live ? html`<p id="link" role="status">live</p>` : ""}${part("made")}</header>
<main>
${part("headline")}
<nav aria-label="Parts of this page">${sections.map(([id, heading]) => html`<a href="#h-${id}">${heading}</a>`)}</nav>
${section("findings", "To look at", part("findings"))}
${section("matrix", "Controls", part("matrix"))}
${section("servers", "Servers", html`<div class="grid">\n${cards}</div>`)}
${section("agents", "Agents", part("agents"))}
${section("secrets", "Secrets, and how long ago each was delivered", part("secrets"))}
${section("names", "Public names", part("names"))}
</main>
<footer><p>What is told here was seen over SSH and from the computer that made this page. No value of a secret is in it.</p></footer>
${live ? html`<script>${new Html(live.script)}</script>\n` : ""}</body>
</html>
`.text;
}

const sections: [string, string][] = [
  ["findings", "To look at"],
  ["matrix", "Controls"],
  ["servers", "Servers"],
  ["agents", "Agents"],
  ["secrets", "Secrets"],
  ["names", "Public names"],
];
