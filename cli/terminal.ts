import Table from "cli-table3";
import pc from "picocolors";

/** Whether a person is looking, at a terminal that can do more than print lines. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true && process.env.TERM !== "dumb";
}

/** Colours for standard output: none when it is no terminal, with NO_COLOR, or with --no-color. */
export function colours() {
  const asked = !process.env.NO_COLOR && !process.argv.includes("--no-color");
  return pc.createColors(isTerminal() && asked);
}

/** Rows below a head: a table for a person, and for a program one line per row with tabs between the cells. */
export function tableText(head: string[], rows: string[][]): string {
  if (!isTerminal()) return [head, ...rows].map((row) => row.map(oneLine).join("\t")).join("\n");
  const c = colours();
  const table = new Table({ head: head.map((cell) => c.bold(cell)), style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
}

/**
 * A text from a server or from the network, fit for a line of ours: no line breaks, no control sequences and nothing
 * that turns letters around or cannot be seen, so that it cannot pass for another line or another name.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
