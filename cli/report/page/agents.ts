import { type Html, html } from "../../../sandbox/html";
import { duration, unknown } from "../../duration";
import { shortImage } from "../../shortImage";
import type { AgentReport, SecretReport } from "../agents";
import type { FleetReport } from "../fleetReport";
import { type Mark, mark, marked } from "./marks";
import { table, usage } from "./table";
import { age, foreign } from "./text";

const marks: Record<string, Mark> = { healthy: "good", starting: "waiting", unknown: "unseen" };

export function agents({ agents: all }: FleetReport): Html {
  const rows = all.map((row) => [
    html`<strong>${row.agent}</strong>${row.tenant ? html`<br><span class="dim">${row.tenant}</span>` : ""}`,
    html`${row.server}`,
    html`${marked(marks[row.health] ?? "bad", foreign(row.health, 20))}${row.connectors.map(({ surface, health }) =>
      health === "healthy"
        ? ""
        : html`<br>${marked(marks[health] ?? "bad", html`<span class="dim">${surface} connector ${foreign(health, 20)}</span>`)}`,
    )}`,
    image(row),
    usage(row.memoryMiB, row.memoryLimitMiB, memory(row)),
    html`${row.restarts ?? unknown}`,
    html`${duration(row.uptime)}`,
    html`${link(row.url)}${row.botUrl ? html`<br>${link(row.botUrl)}` : ""}`,
  ]);
  const head = [
    "agent",
    { tight: "server" },
    "health",
    "image",
    { tight: "memory" },
    "restarts",
    { tight: "up" },
    "addresses",
  ];
  return table(head, rows, "Agents");
}

function image({ image: runs, imageExpected, deployed }: AgentReport): Html {
  if (runs === undefined) return html`<span class="dim">deployed <code>${shortImage(deployed)}</code></span>`;
  const shown = html`<code>${foreign(shortImage(runs), 60)}</code>`;
  if (imageExpected !== false) return shown;
  return html`${marked("bad", shown)}<br><span class="dim">deployed <code>${shortImage(deployed)}</code></span>`;
}

function memory({ memoryMiB, memoryLimitMiB }: AgentReport): string {
  if (memoryMiB === undefined) return unknown;
  return memoryLimitMiB ? `${memoryMiB} of ${memoryLimitMiB} MiB` : `${memoryMiB} MiB`;
}

function link(url: string): Html {
  return html`<a href="${url}" rel="noreferrer noopener">${new URL(url).hostname}</a>`;
}

/** The names and ages of every agent's secrets; the oldest first. */
export function secrets({ agents: all }: FleetReport): Html {
  const rows = all.map(({ agent, server, secrets: kept, secretsUnread }) => [
    html`<strong>${agent}</strong>`,
    html`${server}`,
    html`${secretsUnread ? marked("unseen", foreign(secretsUnread)) : ""}${
      kept.length === 0 && !secretsUnread
        ? html`<span class="dim">none seen</span>`
        : html`<ul class="chips">${kept.map(secret)}</ul>`
    }`,
  ]);
  return table(["agent", { tight: "server" }, "delivered"], rows, "Ages of secrets");
}

function secret({ name, connector, age: seconds, missing }: SecretReport): Html {
  const whose = connector === undefined ? "" : html` <span class="dim">${connector} connector</span>`;
  const since = missing ? html`${mark("bad", "broken")} not there` : age(seconds);
  return html`<li><code>${foreign(name, 60)}</code>${whose} <span class="age">${since}</span></li>`;
}
