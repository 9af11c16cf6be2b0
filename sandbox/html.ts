/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

/** What may stand in a template: HTML as it is, everything else as text; nothing for undefined. */
export type Inserted = string | number | Html | undefined | Inserted[];

const references: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** HTML whose inserted values are escaped, unless they are HTML themselves. Values of attributes need their quotes. */
export function html(parts: TemplateStringsArray, ...values: Inserted[]): Html {
  return new Html(parts.reduce((text, part, index) => text + inserted(values[index - 1]) + part));
}

function inserted(value: Inserted): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map(inserted).join("");
  return value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, (character) => references[character]!);
}
