import type { FleetOutput } from "../fleet";
import { isToLookAt, type Verdict } from "../verify/control";
import { entrancesOf } from "../verify/verifyFleet";
import type { PlacedResult } from "./controls";
import { findingKey } from "./findings";
import type { FleetSeen } from "./fleetSeen";

/** How a control is on everything of a server that it is about. */
export interface MatrixCell {
  server: string;
  /** The worst of all; waiting: not everything has been looked at yet; none: there is nothing of the kind there. */
  state: Verdict | "waiting" | "none";
  /** How many things it is about, and how many of them are to look at. */
  of: number;
  bad: number;
  /** Key of what explains it, where it is to look at. */
  finding?: string;
}

export interface MatrixRow {
  /** Name of the control. */
  id: string;
  title: string;
  /** One for each server, in the order of the stack. */
  cells: MatrixCell[];
}

export interface MatrixGroup {
  where: PlacedResult["where"];
  title: string;
  rows: MatrixRow[];
}

const groups: [MatrixGroup["where"], string][] = [
  ["server", "Servers"],
  ["container", "Containers of agents and connectors"],
  ["public", "Public names"],
];

const worstFirst: Verdict[] = ["broken", "unknown", "holds", "inapplicable"];

/** Controls by servers. Controls of containers and names are counted at the server on which their agent is. */
export function matrixOf(fleet: FleetOutput, seen: FleetSeen, results: PlacedResult[]): MatrixGroup[] {
  const servers = Object.keys(fleet.servers);
  return groups.flatMap(([where, title]) => {
    const ofGroup = results.filter((result) => result.where === where && result.id !== "reachable");
    const rows = new Map(ofGroup.filter(({ id }) => id !== "present").map(({ id, title }) => [rowOf(id), title]));
    if (rows.size === 0) return [];
    const cell = (id: string) => (server: string) => {
      const ofCell = ofGroup.filter((result) => result.server === server && rowOf(result.id) === id);
      return cellOf(server, ofCell, isWaiting(where, server, fleet, seen));
    };
    return [{ where, title, rows: [...rows].map(([id, title]) => ({ id, title, cells: servers.map(cell(id)) })) }];
  });
}

/** A container that is not there does not run. */
function rowOf(id: string): string {
  return id === "present" ? "runs" : id;
}

function cellOf(server: string, results: PlacedResult[], isWaiting: boolean): MatrixCell {
  const state = worstFirst.find((verdict) => results.some((result) => result.verdict === verdict));
  if (state === undefined) return { server, state: isWaiting ? "waiting" : "none", of: 0, bad: 0 };
  const bad = results.filter(({ verdict }) => isToLookAt(verdict));
  const explained = bad.find(({ verdict }) => verdict === state);
  const finding = explained && findingKey(state, explained.implied ? "reachable" : explained.id);
  return { server, state, of: results.length, bad: bad.length, finding };
}

function isWaiting(where: MatrixGroup["where"], server: string, fleet: FleetOutput, seen: FleetSeen): boolean {
  if (where !== "public") return seen.servers[server] === undefined;
  const own = entrancesOf(fleet).filter(({ agent }) => fleet.agents[agent]!.server === server);
  return own.some(({ hostname }) => seen.entrances[hostname] === undefined);
}
