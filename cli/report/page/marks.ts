import { type Html, html } from "../../../sandbox/html";

/** How something is: each has a shape of its own, and words for who does not see it. */
export type Mark = "good" | "bad" | "unseen" | "none" | "waiting" | "warn";

const shapes: Record<Mark, Html> = {
  good: html`<circle cx="8" cy="8" r="7" class="fill"/><path d="M4.7 8.3 7 10.6l4.3-4.9" class="cut"/>`,
  bad: html`<path d="M5.1.9h5.8l4.2 4.2v5.8l-4.2 4.2H5.1L.9 10.9V5.1z" class="fill"/><path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" class="cut"/>`,
  unseen: html`<circle cx="8" cy="8" r="6.3" class="ring"/><path d="M6 6.2c.2-2.6 4.2-2.4 4 .1C9.900 7.700 8 7.700 8 9.400" class="line"/><circle cx="8" cy="11.700" r=".9" class="fill"/>`,
  none: html`<path d="M4.500 8h7" class="line"/>`,
  waiting: html`<circle cx="3.500" cy="8" r="1.300" class="fill"/><circle cx="8" cy="8" r="1.300" class="fill"/><circle cx="12.500" cy="8" r="1.300" class="fill"/>`,
  warn: html`<path d="M8 1.200 15.300 14H.7z" class="fill"/><path d="M8 5.800v3.700m0 2v.1" class="cut"/>`,
};

/** The shapes, once for a page. */
export const markShapes = html`<svg class="hidden" aria-hidden="true">${Object.entries(shapes).map(
  ([name, shape]) => html`<symbol id="mark-${name}" viewBox="0 0 16 16">${shape}</symbol>`,
)}</svg>`;

/** A mark, with what it says in words. */
export function mark(kind: Mark, words: string): Html {
  return html`<svg class="mark ${kind}" role="img" aria-label="${words}"><use href="#mark-${kind}"/></svg>`;
}

/** A mark beside words that say the same. */
export function marked(kind: Mark, words: Html | string): Html {
  return html`<span class="marked ${kind}"><svg class="mark ${kind}" aria-hidden="true"><use href="#mark-${kind}"/></svg><span>${words}</span></span>`;
}
