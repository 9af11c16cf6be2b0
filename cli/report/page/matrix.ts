import { type Html, html } from "../../../sandbox/html";
import type { FleetReport } from "../fleetReport";
import type { MatrixCell, MatrixRow } from "../matrix";
import { type Mark, mark, marked } from "./marks";

const marks: Record<MatrixCell["state"], [Mark, string]> = {
  holds: ["good", "holds"],
  broken: ["bad", "broken"],
  unknown: ["unseen", "not seen"],
  inapplicable: ["none", "not applicable"],
  waiting: ["waiting", "still looking"],
  none: ["none", "nothing of the kind"],
};

/** Controls by servers. Where there is no room, every control is followed by its servers instead. */
export function matrix({ matrix: groups, servers, findings }: FleetReport): Html {
  if (groups.length === 0) return html`<p class="dim">Nothing has been looked at yet.</p>`;
  const keys = new Set(findings.map(({ verdict, id }) => `${verdict}-${id}`));
  const heads = servers.map(
    ({ server, reachable }) =>
      html`<th scope="col" class="${reachable === false ? "dead" : ""}"><span>${server}${reachable === false ? html`<small>dead</small>` : ""}</span></th>`,
  );
  const bodies = groups.map(
    ({ title, rows }) => html`<tbody>
<tr class="group"><th scope="rowgroup" colspan="${servers.length + 1}">${title}</th></tr>
${rows.map((row) => controlRow(row, keys))}</tbody>
`,
  );
  return html`<table class="matrix${servers.length > 8 ? " many" : ""}">
<caption class="hidden">Controls by servers</caption>
<thead><tr><th scope="col"><span>control</span></th>${heads}</tr></thead>
${bodies}</table>
${legend}`;
}

function controlRow({ id, title, cells }: MatrixRow, keys: Set<string>): Html {
  return html`<tr><th scope="row"><code>${id}</code> <span>${title}</span></th>${cells.map((cell) => matrixCell(cell, keys))}</tr>
`;
}

function matrixCell({ server, state, of, bad, finding }: MatrixCell, keys: Set<string>): Html {
  const [kind, words] = marks[state];
  const number = of > 1 ? html`<small>${bad > 0 ? `${bad} of ${of}` : of}</small>` : undefined;
  const shown = html`${mark(kind, `${server}: ${words}`)}<span class="server" aria-hidden="true">${server}</span>${number}`;
  const isExplained = finding !== undefined && keys.has(finding);
  return html`<td class="${state}">${isExplained ? html`<a class="cell" href="#${finding}">${shown}</a>` : html`<span class="cell">${shown}</span>`}</td>`;
}

const legend = html`<p class="legend">${(["holds", "broken", "unknown", "inapplicable"] as const).map((state) =>
  marked(...marks[state]),
)}<span>A number says of how many containers or names.</span></p>`;
