import { type Html, html } from "../../../sandbox/html";
import { type Finding, findingKey } from "../findings";
import type { FleetReport } from "../fleetReport";
import { mark } from "./marks";
import { count, foreign } from "./text";

/** Cases of one finding that are shown. */
const most = 20;

/** What is broken or could not be seen, and what to do about each. */
export function findings({ findings: all }: FleetReport): Html {
  if (all.length === 0) return html`<p class="dim">Nothing is broken, and nothing was hidden from view.</p>`;
  return html`${all.map(finding)}`;
}

function finding({ verdict, id, title, allowed, remedy, cases }: Finding): Html {
  const state = verdict === "broken" ? "broken" : "not seen";
  const shown = cases
    .slice(0, most)
    .map(
      ({ subject, server, seen }) =>
        html`<li><strong>${foreign(subject)}</strong>${subject === server ? "" : html` <span class="dim">on ${server}</span>`}: ${foreign(seen)}</li>\n`,
    );
  const rest = cases.length > most ? html`<li class="dim">and ${cases.length - most} more</li>` : undefined;
  return html`<article class="finding ${verdict}" id="${findingKey(verdict, id)}">
${mark(verdict === "broken" ? "bad" : "unseen", state)}
<div>
<h3><code>${id}</code> <span>${title}</span> <small>${state}${cases.length > 1 ? ` ${count(cases.length, "time")}` : ""}</small></h3>
<ul class="cases">${shown}${rest}</ul>
<dl>
<dt>Allowed</dt><dd>${allowed}</dd>
<dt>Remedy</dt><dd>${remedyText(remedy)}</dd>
</dl>
</div>
</article>
`;
}

/** Commands in a remedy stand between backquotes. */
function remedyText(remedy: string): Html {
  return html`${remedy.split("`").map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}
