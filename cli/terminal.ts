import Table from "cli-table3";
import pc from "picocolors";

/** Whether a person is looking. */
export function isTerminal(): boolean {
  return process.stdout.isTTY === true;
}

/** Colours for standard output: none when it is no terminal, with NO_COLOR, or with --no-color. */
export function colours() {
  const asked = !process.env.NO_COLOR && !process.argv.includes("--no-color") && process.env.TERM !== "dumb";
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
 * A text from a server or from the network, fit for a terminal: no line breaks and no control sequences, so that it
 * cannot pass for another line of ours.
 */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
