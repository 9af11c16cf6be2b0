import type { Outcome } from "./arena";

/** What was tried and who refused it, as a page of the documentation. */
export class Report {
  private readonly sections = new Map<string, string[][]>();
  private readonly layers = new Map<string, Map<string, string>>();

  /** A request and what came of it. */
  add(section: string, title: string, { by, status, arrived }: Outcome): void {
    this.row(section, [title, who(by), `${status}`, arrived.length > 0 ? "yes" : "no"]);
  }

  /** Something else than a request. */
  note(section: string, title: string, by: string, said: string): void {
    this.row(section, [title, who(by), said, "no"]);
  }

  /** What refused a request while layers were away. */
  layer(removed: string, probe: string, { by, status }: Outcome): void {
    const row = this.layers.get(removed) ?? new Map<string, string>();
    this.layers.set(removed, row.set(probe, `${who(by)}, ${status}`));
  }

  markdown(): string {
    const probes = [...new Set([...this.layers.values()].flatMap((row) => [...row.keys()]))];
    const rows = [...this.layers].map(([removed, row]) => [removed, ...probes.map((probe) => row.get(probe) ?? "")]);
    return [
      introduction,
      ...[...this.sections].flatMap(([title, lines]) => [
        `## ${title}\n`,
        table(["attempt", "answered by", "with", "seen by an agent"], lines),
      ]),
      `## With layers taken away\n\n${layersIntroduction}\n`,
      table(["without", ...probes], rows),
    ].join("\n");
  }

  private row(section: string, cells: string[]): void {
    const others = (this.sections.get(section) ?? []).filter(([title]) => title !== cells[0]);
    this.sections.set(section, [...others, cells]);
  }
}

const introduction = `# Attacks, and who refuses them

Made by \`tests/attacks\`, which run every line against the sandbox and fail when it turns out otherwise: the stand-ins for
Cloudflare's network and, where no cloudflared is found, for the connector; everything else is real. Two agents of two
tenants, each with an operator and a bot hostname, on a zone of the free plan. An agent "sees" a request when its own
record, read inside its container, has it.
`;

const layersIntroduction = `Taken away behind Pulumi's back, as a slip of the hand in the dashboard would. The stand-in agent asks for no login of
its own, so that nothing hides a gap in front of it: "the agent, 200" means that only an agent's own login is left.`;

function who(by: string): string {
  return (
    {
      waf: "the zone's rules",
      access: "Access",
      connector: "the connector",
      origin: "the agent",
      edge: "the edge",
      server: "the server",
    }[by] ?? by
  );
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}
