import { withoutSecrets } from "./hidden";

/** What GitHub takes as the text of a comment, an issue or a pull request, in characters. */
export const mostCharacters = 65_536;

/** Characters that turn text around or cannot be seen, by which one text passes for another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/**
 * Text that somebody else chose, as code in Markdown: within it nothing is a link, a mention, an image, HTML or the end of
 * a table's cell. Secrets and line breaks are left out.
 *
 * @param most characters after which it is cut. Default: 120
 */
export function code(text: string, most = 120): string {
  const plain = shortened(withoutSecrets(text).replace(/\s+/g, " ").replace(unseen, "").trim(), most);
  if (plain === "") return "` `";
  const fence = "`".repeat(longestRun(plain) + 1);
  const space = plain.startsWith("`") || plain.endsWith("`") ? " " : "";
  return `${fence}${space}${plain}${space}${fence}`;
}

/** The same for lines that are kept as they are, as a block of its own. */
export function codeBlock(text: string, most: number): string {
  const lines = withoutSecrets(text).replace(/\r\n?/g, "\n").replace(unseen, "").trimEnd();
  const plain = shortened(lines, most);
  const fence = "`".repeat(Math.max(3, longestRun(plain) + 1));
  return `${fence}\n${plain}\n${fence}`;
}

/** The same inside HTML, for the line by which something is opened. */
export function htmlCode(text: string): string {
  const plain = shortened(withoutSecrets(text).replace(/\s+/g, " ").replace(unseen, "").trim(), 120);
  const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return `<code>${plain.replace(/[&<>"']/g, (character) => escapes[character]!)}</code>`;
}

/** A part that is closed until somebody opens it. */
export function foldedPart(summaryHtml: string, markdown: string): string {
  return `<details><summary>${summaryHtml}</summary>\n\n${markdown}\n\n</details>`;
}

/**
 * The first line of a text that is kept current, by which it is found again; it is not shown.
 *
 * @param purpose word for what is told
 * @param of what it is told of; anything but letters, digits and `._/-` is left out
 */
export function markerLine(purpose: string, of: string): string {
  return `<!-- creel:${purpose} ${of.replace(/[^\w./-]/g, "")} -->`;
}

/** The marker in the first line of a text, or undefined where there is none. */
export function markerOf(text: string): string | undefined {
  return /^<!-- creel:[\w-]+ [\w./-]* -->(?=\r?\n|$)/.exec(text)?.[0];
}

/**
 * As many parts as fit, in their order, and how many were left out.
 *
 * @param head what is always there
 */
export function fitted(head: string[], parts: string[], most = mostCharacters): string {
  const room = most - 200;
  let length = head.join("\n\n").length;
  const kept: string[] = [];
  for (const part of parts) {
    if (length + part.length + 2 > room) continue;
    kept.push(part);
    length += part.length + 2;
  }
  const left = parts.length - kept.length;
  const remark = left === 0 ? [] : [`Left out because a comment holds no more: ${left} of ${parts.length} parts.`];
  return `${[...head, ...kept, ...remark].join("\n\n")}\n`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
