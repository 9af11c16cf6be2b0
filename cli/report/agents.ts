import type { FleetOutput } from "../fleet";
import { type AgentRow, fleetStatus, found, healthOf } from "../fleetStatus";
import { withoutSecrets } from "../github/hidden";
import type { DeepSurvey } from "../survey";
import { containersOn } from "../verify/verifyFleet";
import type { FleetSeen } from "./fleetSeen";
import { answersOf } from "./servers";

/** An agent of the report; undefined is what could not be found out. */
export interface AgentReport extends AgentRow {
  botUrl?: string;
  /** Image that was deployed. */
  deployed: string;
  /** Its connectors to Cloudflare. */
  connectors: ConnectorReport[];
  /** What its server keeps secret for it and its connectors. */
  secrets: SecretReport[];
  /** Why its secrets could not be looked at. */
  secretsUnread?: string;
}

export interface ConnectorReport {
  surface: "operator" | "bot";
  /** As for an agent; healthy is one that is connected. */
  health: string;
}

/** A secret by its name; the value is nowhere. */
export interface SecretReport {
  name: string;
  /** Whose it is, when it is not the agent's own but a connector's. */
  connector?: ConnectorReport["surface"];
  /** Seconds since its server was given this value. */
  age?: number;
  /** The stack has it, and its server does not. */
  missing?: boolean;
}

export function agentReports(fleet: FleetOutput, seen: FleetSeen): AgentReport[] {
  return fleetStatus(fleet, answersOf(seen)).agents.map((row) => {
    const { container, botUrl, image, secretNames = [] } = fleet.agents[row.agent]!;
    const looked = seen.servers[row.server];
    const survey = looked && "survey" in looked.answer ? looked.answer.survey : undefined;
    const connectors = connectorsOf(row.agent, row.server, fleet);
    return {
      ...row,
      botUrl,
      deployed: image,
      connectors: connectors.map(({ container, surface }) => ({ surface, health: healthIn(survey, container) })),
      ...secretsOf(container, connectors, secretNames, survey),
    };
  });
}

interface Connector {
  container: string;
  surface: ConnectorReport["surface"];
}

function connectorsOf(agent: string, server: string, fleet: FleetOutput): Connector[] {
  const { container: own } = fleet.agents[agent]!;
  return containersOn(server, fleet)
    .filter((one) => one.agent === agent && one.container !== own)
    .map(({ container }) => ({ container, surface: container.endsWith("-bot") ? "bot" : "operator" }));
}

/** How a container is, in the words of the agents' table. */
export function healthIn(survey: DeepSurvey | undefined, container: string): string {
  const containers = survey && found(survey.containers);
  if (containers === undefined) return "unknown";
  const one = containers.find(({ name }) => name === container);
  return one === undefined ? "missing" : healthOf(one);
}

function secretsOf(
  agentContainer: string,
  connectors: Connector[],
  names: string[],
  survey: DeepSurvey | undefined,
): Pick<AgentReport, "secrets" | "secretsUnread"> {
  const unseen = names.map((name) => ({ name }));
  if (survey === undefined) return { secrets: unseen };
  if ("error" in survey.secrets) return { secrets: unseen, secretsUnread: withoutSecrets(survey.secrets.error) };
  const ages = (container: string) => agesIn(container, survey);
  const own = ages(agentContainer);
  const missing = unseen
    .filter(({ name }) => own.every((secret) => secret.name !== name))
    .map((secret) => ({ ...secret, missing: true }));
  const others = connectors.flatMap(({ container, surface }) =>
    ages(container).map((secret) => ({ ...secret, connector: surface })),
  );
  return { secrets: [...own, ...missing, ...others] };
}

/** Encrypted files of a container, which are written when a value is new, by the name of the secret; the oldest first. */
function agesIn(container: string, { secrets, system }: DeepSurvey): SecretReport[] {
  const folder = `/etc/agent-secrets/${container}/`;
  const now = found(system)?.now;
  const files = Object.entries(found(secrets) ?? {}).filter(([path]) => path.startsWith(folder));
  return files
    .filter(([path]) => path.endsWith(".cred"))
    .sort(([, a], [, b]) => a.changed - b.changed)
    .map(([path, { changed }]) => ({
      name: path.slice(folder.length, -".cred".length),
      age: now === undefined ? undefined : Math.max(0, Math.round(now - changed)),
    }));
}
