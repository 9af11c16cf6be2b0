import { type Html, html } from "../../../sandbox/html";
import { duration } from "../../duration";
import type { FleetReport } from "../fleetReport";
import { type Mark, mark } from "./marks";
import { count, listed, time } from "./text";

/** What the page is about and how it ends, in one look. */
export function headline(report: FleetReport): Html {
  const { kind, verdict, more } = verdictOf(report);
  return html`<div class="verdict ${kind}">
${mark(kind, kindWords[kind])}
<div><p class="said">${verdict}</p>${more.map((text) => html`<p>${text}</p>`)}</div>
</div>
${bar(report)}
<dl class="figures">${figures(report)}</dl>`;
}

/** The line below the title. */
export function madeLine({ made, servers, agents }: FleetReport, live: boolean): Html {
  const what = `${count(servers.length, "server")}, ${count(agents.length, "agent")}`;
  return html`<p class="made">${what} · ${live ? "newest look " : "seen "}${time(made)}</p>`;
}

const kindWords: Record<Mark, string> = {
  good: "all is well",
  bad: "something is broken",
  warn: "not everything could be seen",
  unseen: "not everything could be seen",
  waiting: "still looking",
  none: "",
};

function verdictOf(report: FleetReport): { kind: Mark; verdict: string; more: string[] } {
  const { broken, unknown, holds } = report.counts;
  const dead = report.servers.filter(({ reachable }) => reachable === false).map(({ server }) => server);
  const waiting = [...report.servers, ...report.entrances].filter(({ at }) => at === undefined).length;
  const more = [
    ...(dead.length > 0 ? [`${listed(dead)} ${dead.length === 1 ? "does" : "do"} not answer.`] : []),
    ...(waiting > 0 ? [`Still looking: ${count(waiting, "server or name", "servers and names")} to come.`] : []),
  ];
  const unseen = unknown > 0 ? `${unknown} could not be seen` : "";
  if (broken > 0) {
    const verdict = `${count(broken, "control is", "controls are")} broken${unseen && `, ${unseen}`}`;
    return { kind: "bad", verdict: `${verdict}.`, more };
  }
  if (unknown > 0) return { kind: "unseen", verdict: `No control is known to be broken, but ${unseen}.`, more };
  if (waiting > 0) return { kind: "waiting", verdict: "Nothing is known to be broken so far.", more };
  return { kind: "good", verdict: `All ${holds} controls hold.`, more };
}

/** How the controls divide, as lengths. */
function bar({ counts }: FleetReport): Html {
  const all = counts.holds + counts.broken + counts.unknown;
  if (all === 0) return html``;
  let from = 0;
  const parts = (["broken", "unknown", "holds"] as const).map((verdict) => {
    const share = (counts[verdict] / all) * 100;
    const part = html`<rect class="${verdict}" x="${from.toFixed(2)}%" width="${share.toFixed(2)}%" height="100%"/>`;
    from += share;
    return part;
  });
  return html`<svg class="share" aria-hidden="true">${parts}</svg>`;
}

function figures({ counts, servers, agents }: FleetReport): Html[] {
  const answering = servers.filter(({ reachable }) => reachable).length;
  const healthy = agents.filter(({ health }) => health === "healthy").length;
  const sum = (numbers: (number | undefined)[]) => numbers.reduce<number>((all, one) => all + (one ?? 0), 0);
  const security = sum(servers.map(({ securityUpdates }) => securityUpdates));
  const reboots = servers.filter(({ rebootRequired }) => rebootRequired).length;
  const oldest = Math.max(-1, ...agents.flatMap(({ secrets }) => secrets.map(({ age }) => age ?? -1)));
  const figure = (value: Html | string, name: string, kind?: "bad" | "warn") =>
    html`<div class="${kind ?? ""}"><dd>${value}</dd><dt>${name}</dt></div>`;
  const ofAll = (part: number, all: number) => html`${part}<small> of ${all}</small>`;
  return [
    figure(`${counts.holds}`, "controls hold"),
    figure(`${counts.broken}`, "broken", counts.broken > 0 ? "bad" : undefined),
    figure(`${counts.unknown}`, "not seen", counts.unknown > 0 ? "warn" : undefined),
    figure(ofAll(answering, servers.length), "servers answer", answering < servers.length ? "bad" : undefined),
    figure(ofAll(healthy, agents.length), "agents healthy", healthy < agents.length ? "bad" : undefined),
    figure(
      html`${sum(servers.map(({ updates }) => updates))}<small>${security > 0 ? `, ${security} security` : ""}</small>`,
      "updates pending",
      security > 0 ? "warn" : undefined,
    ),
    figure(
      `${reboots}`,
      reboots === 1 ? "server wants a reboot" : "servers want a reboot",
      reboots > 0 ? "warn" : undefined,
    ),
    figure(`${sum(servers.map(({ bans }) => bans))}`, "addresses banned"),
    figure(oldest < 0 ? "?" : duration(oldest), "oldest secret"),
  ];
}
