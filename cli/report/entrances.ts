import type { FleetOutput } from "../fleet";
import { withoutSecrets } from "../github/hidden";
import { isLogin } from "../verify/public/access";
import { entrancesOf, type VerifiedEntrance } from "../verify/verifyFleet";
import { agentReports } from "./agents";
import type { FleetSeen } from "./fleetSeen";

/** A public name of an agent; undefined is what could not be found out. */
export interface EntranceReport {
  hostname: string;
  url: string;
  agent: string;
  server: string;
  /** Who comes in there: people who log in, or services that call. */
  surface: "operator" | "bot";
  /** When it was last looked at, in ISO 8601. */
  at?: string;
  /** What the name resolves to. */
  addresses?: string[];
  /** What somebody without a login is answered with. */
  status?: number;
  /** TLS version, as "TLSv1.3". */
  protocol?: string;
  /** When its certificate ends, in ISO 8601. */
  certificateEnds?: string;
  /** Why it could not be visited. */
  failure?: string;
  tunnel: TunnelReport;
}

/** Whether a tunnel takes requests, and by what that is known. */
export interface TunnelReport {
  state: "up" | "down" | "unknown";
  seen: string;
}

export function entranceReports(fleet: FleetOutput, seen: FleetSeen): EntranceReport[] {
  const agents = new Map(agentReports(fleet, seen).map((agent) => [agent.agent, agent]));
  return entrancesOf(fleet).map(({ hostname, agent, surface }) => {
    const { url, botUrl, server } = fleet.agents[agent]!;
    const looked = seen.entrances[hostname];
    const connector = agents.get(agent)?.connectors.find((one) => one.surface === surface)?.health ?? "unknown";
    const entrance = { hostname, url: surface === "bot" ? botUrl! : url, agent, server, surface };
    return {
      ...entrance,
      at: looked?.at,
      ...(looked && outsideOf(looked.seen)),
      tunnel: tunnelOf(surface, looked?.seen, connector),
    };
  });
}

function outsideOf({ addresses, visit }: VerifiedEntrance["seen"]) {
  const resolved = "found" in addresses ? addresses.found : undefined;
  if ("failure" in visit) return { addresses: resolved, failure: withoutSecrets(visit.failure) };
  const { status, protocol, certificateEnds } = visit.found;
  return { addresses: resolved, status, protocol, certificateEnds: certificateEnds || undefined };
}

/** Cloudflare's answer when no connector is there to take a request (error 1033). */
const noConnector = 530;

/** From outside as far as that can be seen: at an operator hostname the login comes before the tunnel. */
function tunnelOf(
  surface: EntranceReport["surface"],
  seen: VerifiedEntrance["seen"] | undefined,
  connector: string,
): TunnelReport {
  const visit = seen && "found" in seen.visit ? seen.visit.found : undefined;
  const arrivals = (seen?.arrivals ?? []).flatMap(({ own, visit }) =>
    own && visit && "found" in visit ? [visit.found] : [],
  );
  if ([visit, ...arrivals].some((one) => one?.status === noConnector)) {
    return { state: "down", seen: "Cloudflare finds no connector (530)" };
  }
  if (arrivals.some((one) => !isLogin(one) && one.status < 500 && one.status !== 403)) {
    return { state: "up", seen: "a program of its tenant came through" };
  }
  // The zone's rules refuse with 403; 404 is what the connector says of a path that is not declared.
  if (surface === "bot" && visit?.status === 404) return { state: "up", seen: "its connector answered" };
  if (connector === "healthy") return { state: "up", seen: "its connector is connected" };
  if (connector === "unknown") return { state: "unknown", seen: "not to be seen from outside" };
  return { state: "down", seen: `its connector is ${connector}` };
}
