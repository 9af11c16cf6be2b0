import type { FleetReport } from "../report/fleetReport";
import { pageParts } from "../report/page/page";

/** A part of the page that has changed, as the page's script takes it. */
export interface PartChange {
  /** Id of the element. */
  id: string;
  html: string;
  /** Whether it tells of a server that does not answer. */
  dead: boolean;
}

/** What has changed on a page, from one look to the next. */
export class LiveParts {
  private last = new Map<string, string>();

  /** The parts of a report that differ from those of the last one. */
  changes(report: FleetReport): PartChange[] {
    const now = new Map(allParts(report).map((part) => [part.id, part]));
    const changed = [...now.values()].filter(({ id, html }) => this.last.get(id) !== html);
    this.last = new Map([...now].map(([id, { html }]) => [id, html]));
    return changed;
  }
}

/** Every part of a report, for a browser that comes back. */
export function allParts(report: FleetReport): PartChange[] {
  const dead = new Set(report.servers.filter(({ reachable }) => reachable === false).map(({ server }) => server));
  return Object.entries(pageParts(report, true)).map(([id, { text }]) => {
    return { id, html: text, dead: id.startsWith("server-") && dead.has(id.slice("server-".length)) };
  });
}
