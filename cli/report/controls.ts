import type { FleetOutput } from "../fleet";
import { withoutSecrets } from "../github/hidden";
import { containerControls } from "../verify/container";
import type { Control, Verdict } from "../verify/control";
import { serverControls } from "../verify/server";
import { containersOn, entrancesOf, type Result } from "../verify/verifyFleet";
import type { FleetSeen } from "./fleetSeen";

/** One control on one thing, and the server on which that thing is. */
export interface PlacedResult extends Result {
  server: string;
  /** It follows from a server that does not answer, or from a part of its answer that is missing. */
  implied?: boolean;
}

/** Every control of what has been looked at, with those that could not be judged because a server said nothing. */
export function allResults(fleet: FleetOutput, seen: FleetSeen): PlacedResult[] {
  const servers = Object.keys(fleet.servers).flatMap((server) => serverResults(server, fleet, seen));
  const entrances = entrancesOf(fleet).flatMap(({ hostname, agent }) => {
    const { server } = fleet.agents[agent]!;
    return (seen.entrances[hostname]?.results ?? []).map((result) => ({ ...result, server }));
  });
  return [...servers, ...entrances].map((result) => ({ ...result, seen: withoutSecrets(result.seen) }));
}

function serverResults(server: string, fleet: FleetOutput, { servers }: FleetSeen): PlacedResult[] {
  const looked = servers[server];
  if (looked === undefined) return [];
  const judged = looked.results;
  const isJudged = (where: Result["where"], subject: string) =>
    judged.some((result) => result.where === where && result.subject === subject && result.id !== "reachable");
  const containers = containersOn(server, fleet).map(({ container }) => container);
  return [
    ...judged,
    ...(isJudged("server", server) ? [] : unjudged("server", server, serverControls)),
    ...containers.flatMap((name) =>
      isJudged("container", name) ? [] : unjudged("container", name, containerControls),
    ),
  ].map((result) => ({ ...result, server }));
}

function unjudged<S>(where: Result["where"], subject: string, controls: Control<S>[]) {
  return controls.map(({ id, title, allowed }) => {
    const seen = "the server did not say";
    return { where, subject, id, title, allowed, verdict: "unknown" as const, seen, implied: true };
  });
}

/** How many ended how. */
export function countsOf(results: PlacedResult[]): Record<Verdict, number> {
  const counts = { holds: 0, broken: 0, unknown: 0, inapplicable: 0 };
  // That a server does not answer is told by everything that is unknown for it.
  for (const { verdict, id } of results) if (id !== "reachable") counts[verdict] += 1;
  return counts;
}
