import { type Html, html } from "../../../sandbox/html";
import { unknown } from "../../duration";
import type { EntranceReport } from "../entrances";
import type { FleetReport } from "../fleetReport";
import { type Mark, marked } from "./marks";
import { table } from "./table";
import { day, foreign, some } from "./text";

const tunnelMarks: Record<EntranceReport["tunnel"]["state"], Mark> = { up: "good", down: "bad", unknown: "unseen" };
const surfaces = { operator: "people, with a login", bot: "services, on declared paths" };

/** The public names, their certificates and the tunnels behind them, as far as that can be seen from here. */
export function names({ entrances, made }: FleetReport): Html {
  const rows = entrances.map((entrance) => [
    html`<a href="${entrance.url}" rel="noreferrer noopener">${entrance.hostname}</a>`,
    html`${entrance.agent}`,
    html`${surfaces[entrance.surface]}`,
    answer(entrance),
    certificate(entrance, made),
    html`${marked(tunnelMarks[entrance.tunnel.state], entrance.tunnel.state)}<br><span class="dim">${foreign(entrance.tunnel.seen)}</span>`,
  ]);
  const head = ["name", "agent", "for", "without a login", { tight: "certificate" }, "tunnel"];
  return table(head, rows, "Public names");
}

function answer({ at, status, addresses, failure }: EntranceReport): Html {
  if (at === undefined) return marked("waiting", "still looking");
  const led = addresses && some(addresses, (address) => html`<code>${foreign(address, 45)}</code>`, 2, "in-line");
  return html`${failure === undefined ? `${status}` : marked("unseen", foreign(failure, 120))}${led ? html`<span class="dim">${led}</span>` : ""}`;
}

/** Fewer days left than this are shown as a warning: Cloudflare renews 30 days ahead. */
const fewDays = 14;

function certificate({ certificateEnds, protocol }: EntranceReport, made: string): Html {
  if (certificateEnds === undefined) return html`${unknown}`;
  const days = Math.floor((Date.parse(certificateEnds) - Date.parse(made)) / 86_400_000);
  const left = html`${day(certificateEnds)}, ${days} days`;
  return html`${days < fewDays ? marked(days < 0 ? "bad" : "warn", left) : left}<br><span class="dim">${foreign(protocol ?? unknown, 20)}</span>`;
}
