import { type Html, html } from "../../../sandbox/html";

/** A column of a table; the cells of a tight one stay on one line where there is room. */
export type Column = string | { tight: string };

/** A table that becomes a list of cards where there is no room: each cell then says its column. */
export function table(columns: Column[], rows: Html[][], caption: string): Html {
  const titles = columns.map((column) => (typeof column === "string" ? column : column.tight));
  const kind = columns.map((column) => (typeof column === "string" ? "" : "tight"));
  const cells = (row: Html[]) =>
    row.map((cell, at) =>
      at === 0
        ? html`<th scope="row" class="${kind[at]!}">${cell}</th>`
        : html`<td data-column="${titles[at]!}" class="${kind[at]!}"><div>${cell}</div></td>`,
    );
  return html`<table class="cards">
<caption class="hidden">${caption}</caption>
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody>
</table>`;
}

/** How much of something is used, as a bar with words. @param of 0 for no limit */
export function usage(used: number | undefined, of: number | undefined, words: string): Html {
  if (used === undefined) return html`${words}`;
  const share = of ? Math.min(100, Math.round((used / of) * 100)) : 0;
  const bar = html`<svg class="bar${share >= 90 ? " full" : ""}" aria-hidden="true"><rect class="track" width="100%" height="100%"/><rect class="used" width="${share}%" height="100%"/></svg>`;
  return html`<span class="usage"><span>${words}</span>${of ? bar : undefined}</span>`;
}
