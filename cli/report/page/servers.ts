import { type Html, html } from "../../../sandbox/html";
import { ago, duration, unknown } from "../../duration";
import type { ServerReport } from "../servers";
import { marked } from "./marks";
import { usage } from "./table";
import { count, foreign, some, time } from "./text";

/** Id of a server's card on the page; names of servers are letters, digits and dashes. */
export function serverCardId(server: string): string {
  return `server-${server}`;
}

/** Everything of one server. */
export function serverCard(row: ServerReport): Html {
  const place = [row.provider, row.location, row.size].filter((word) => word !== undefined).join(" · ");
  const addresses = [row.ipv4, row.ipv6, row.privateIpv4].filter((address) => address !== undefined);
  return html`<header><h3>${row.server}</h3>${state(row)}</header>
<p class="dim">${place ? html`${place}<br>` : ""}${addresses.join(" · ")}</p>
${row.reachable === undefined ? html`<p>Being looked at.</p>` : row.reachable ? answered(row) : silent(row)}
${row.at ? html`<p class="dim at">seen ${time(row.at)}</p>` : ""}`;
}

function state({ reachable, rebootRequired }: ServerReport): Html {
  if (reachable === undefined) return marked("waiting", "asked");
  if (!reachable) return marked("bad", "dead");
  return rebootRequired ? marked("warn", "wants a reboot") : marked("good", "answers");
}

function silent({ failure, unseenContainers }: ServerReport): Html {
  const lost = [
    "whether it is hardened and what has drifted",
    "updates, bans and secrets",
    ...(unseenContainers.length > 0 ? [`how ${count(unseenContainers.length, "container")} on it are`] : []),
  ];
  return html`<p class="failure">${foreign(failure ?? "")}</p>
<p>Unknown because of it:</p>
<ul class="lost">${lost.map((text) => html`<li>${text}</li>`)}</ul>
${unseenContainers.length > 0 ? html`<p class="dim">${unseenContainers.join(", ")}</p>` : ""}`;
}

function answered(row: ServerReport): Html {
  const { memoryMiB, memoryFreeMiB } = row;
  const used = memoryMiB === undefined || memoryFreeMiB === undefined ? undefined : memoryMiB - memoryFreeMiB;
  const memory = used === undefined ? unknown : `${used} of ${memoryMiB} MiB`;
  const facts: [string, Html | string][] = [
    ["Hardened", hardened(row)],
    ["Drift", drift(row.drift)],
    ["Memory", usage(used, memoryMiB, memory)],
    ["Up", row.uptime === undefined ? unknown : html`${duration(row.uptime)}, since ${time(row.lastBoot)}`],
    ["Updates", updates(row)],
    ["Bans", bans(row)],
    ...row.unread.map(({ part, reason }): [string, Html] => ["Not read", html`${part}: ${foreign(reason)}`]),
  ];
  return html`<dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function hardened({ profile, convergeAge, convergeOk, hardened, version }: ServerReport): Html {
  const how = html`${foreign(profile ?? unknown, 40)}, ${ago(convergeAge)}`;
  const details = html`<br><span class="dim">${time(hardened)}${version ? html`, ${foreign(version, 16)}` : ""}</span>`;
  if (convergeOk === undefined) return html`${marked("unseen", how)}${details}`;
  return html`${convergeOk ? how : marked("bad", html`${how}, failed`)}${details}`;
}

function drift(changes: string[] | undefined): Html {
  if (changes === undefined) return html`${unknown}`;
  if (changes.length === 0) return html`none`;
  return html`${marked("bad", count(changes.length, "thing differs", "things differ"))}${some(changes, (text) => foreign(text, 160), 8, "lines")}`;
}

function updates({ updates: all, securityUpdates }: ServerReport): Html {
  if (all === undefined) return html`${unknown}`;
  if (securityUpdates) return marked("warn", `${all} pending, ${securityUpdates} security`);
  return html`${all > 0 ? `${all} pending` : "none pending"}`;
}

function bans({ banned, bans: all }: ServerReport): Html {
  if (banned === undefined || all === undefined) return html`${unknown}`;
  if (all === 0) return html`nobody`;
  const jails = Object.entries(banned).filter(([, addresses]) => addresses.length > 0);
  return html`${count(all, "address", "addresses")}${jails.map(
    ([jail, addresses]) =>
      html`<div class="jail"><span class="dim">${foreign(jail, 40)}</span>${some(addresses, (text) => html`<code>${foreign(text, 45)}</code>`, 6, "in-line")}</div>`,
  )}`;
}
