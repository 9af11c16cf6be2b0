import type { FleetOutput } from "../fleet";
import type { Verdict } from "../verify/control";
import { type AgentReport, agentReports } from "./agents";
import { allResults, countsOf } from "./controls";
import { type EntranceReport, entranceReports } from "./entrances";
import { type Finding, findingsOf } from "./findings";
import type { FleetSeen } from "./fleetSeen";
import { type MatrixGroup, matrixOf } from "./matrix";
import { type ServerReport, serverReports } from "./servers";

/** Everything that is shown of a fleet; text in it may come from servers and is not fit for any page as it is. */
export interface FleetReport {
  /** Of this form. */
  report: 1;
  /** Name of the stack, or of the file with its outputs. */
  stack: string;
  /** When it was made, in ISO 8601. */
  made: string;
  /** How many controls ended how. What is on a server that does not answer counts as unknown. */
  counts: Record<Verdict, number>;
  /** What is broken or could not be seen; the broken first. */
  findings: Finding[];
  matrix: MatrixGroup[];
  servers: ServerReport[];
  agents: AgentReport[];
  entrances: EntranceReport[];
}

/** Puts together what the stack says and what was seen. @param made when, in ISO 8601 */
export function fleetReport(fleet: FleetOutput, seen: FleetSeen, stack: string, made: string): FleetReport {
  const results = allResults(fleet, seen);
  return {
    report: 1,
    stack,
    made,
    counts: countsOf(results),
    findings: findingsOf(results),
    matrix: matrixOf(fleet, seen, results),
    servers: serverReports(fleet, seen),
    agents: agentReports(fleet, seen),
    entrances: entranceReports(fleet, seen),
  };
}
