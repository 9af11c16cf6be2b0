import { type Html, html } from "../../../sandbox/html";
import { duration, unknown } from "../../duration";
import { oneLine } from "../../terminal";

/** Longest text of a server's that is shown, in characters. */
const most = 400;

/**
 * A text from a server or the network, as nothing but text: on one line, without what cannot be seen, cut to a length, and
 * kept from turning the letters around it.
 */
export function foreign(text: string, longest = most): Html {
  const characters = [...oneLine(text)];
  const shown = characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : characters.join("");
  return html`<bdi>${shown}</bdi>`;
}

/**
 * A few of many texts, and how many more there are.
 *
 * @param layout each on a line of its own, or one after the other
 */
export function some(texts: string[], show: (text: string) => Html, limit: number, layout: "lines" | "in-line"): Html {
  const shown = texts.slice(0, limit).map((text) => html`<li>${show(text)}</li>`);
  const rest = texts.length - limit;
  return html`<ul class="plain ${layout}">${shown}${rest > 0 ? html`<li class="dim">and ${rest} more</li>` : undefined}</ul>`;
}

/** A time, as "2027-01-15 08:00 UTC". */
export function time(iso: string | undefined): Html {
  const at = Date.parse(iso ?? "");
  if (Number.isNaN(at)) return html`${unknown}`;
  const exact = new Date(at).toISOString();
  return html`<time datetime="${exact}">${exact.slice(0, 16).replace("T", " ")} UTC</time>`;
}

/** The same without its hour. */
export function day(iso: string | undefined): Html {
  const at = Date.parse(iso ?? "");
  if (Number.isNaN(at)) return html`${unknown}`;
  const exact = new Date(at).toISOString();
  return html`<time datetime="${exact}">${exact.slice(0, 10)}</time>`;
}

/** As "3 controls" or "1 control". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** How old something is, with its exact number of seconds for a program. */
export function age(seconds: number | undefined): Html {
  return seconds === undefined ? html`${unknown}` : html`<data value="${seconds}">${duration(seconds)}</data>`;
}

/** Names as "a, b and c". */
export function listed(names: string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
