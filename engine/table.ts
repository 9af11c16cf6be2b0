import pc from "picocolors";
import type { Part } from "./engine";

/** The parts in aligned columns, a heading first. */
export function table(parts: Part[]): string[] {
  const rows = parts.map(({ name, version, origin, path }) => [name, version, origin, path]);
  const heading = ["part", "version", "origin", "path"];
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return [pc.bold(line(heading)), ...rows.map(line)];
}
