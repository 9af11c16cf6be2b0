import type * as pulumi from "@pulumi/pulumi";
import { routedAgent } from "./agentContainer";
import { agentContainerFaults, secretNameFaults } from "./agentContainerFaults";
import { sharedUids } from "./agentNames";
import { type BotRoute, routeFaults } from "./botRoutes";
import { type Fault, faultsUnder } from "./faults";
import type { Draft, DraftAgent } from "./fleetDraft";
import { type Certificates, hostnameFaults, type PublicName, sharedNameFaults, zoneOf } from "./hostnames";
import { didYouMean } from "./suggestions";

/** Secrets of agents, by agent and name. */
export type FleetSecrets = Record<string, Record<string, pulumi.Input<string>>>;

/** The secrets of one agent. */
export function secretsOf(agent: string, secrets: FleetSecrets): FleetSecrets[string] | undefined {
  return Object.hasOwn(secrets, agent) ? secrets[agent] : undefined;
}

/** What is wrong with the agents of a fleet: with each by itself, and with several that want the same. */
export function agentFaults(draft: Draft, secrets: FleetSecrets): Fault[] {
  const { agents, placed, servers } = draft;
  const faults = agents.flatMap((agent) => [
    ...placeFaults(agent, draft),
    ...faultsUnder(`agents.${agent.name}`, [
      // An image by digest is a matter of the schema already.
      ...agentContainerFaults(agent),
      ...hostFaults(agent, draft),
      ...(agent.bot?.routes === undefined ? [] : botFaults(agent, agent.bot.routes, secrets)),
    ]),
  ]);
  for (const server of servers.map(({ name }) => name)) {
    const here = Object.keys(placed).filter((name) => placed[name] === server);
    for (const shared of sharedUids(here)) {
      const reason = `would share user id ${shared.uid} on ${server} with agents.${shared.with}`;
      faults.push({ path: `agents.${shared.agent}`, reason, remedy: "rename one of them or put it on another server" });
    }
  }
  return [...faults, ...sharedNameFaults(publicNames(agents))];
}

/** What stands under `creel:secrets` for nobody, or cannot be a file. */
export function secretFaults({ agents }: Draft, secrets: FleetSecrets): Fault[] {
  const names = agents.map(({ name }) => name);
  return Object.entries(secrets).flatMap(([agent, keys]): Fault[] => {
    const path = `creel:secrets.${agent}`;
    if (!names.includes(agent)) {
      return [{ path, reason: "is not an agent", remedy: didYouMean(agent, names, "agents") }];
    }
    return Object.keys(keys).flatMap((key) => secretNameFaults(`${path}.${key}`, key));
  });
}

function placeFaults({ name, tenant, server }: DraftAgent, { sections, servers }: Draft): Fault[] {
  const path = `agents.${name}`;
  const tenants = Object.keys(sections.tenants);
  const serverList = servers.map((one) => one.name);
  const faults: Fault[] = [];
  if (tenant !== undefined && !tenants.includes(tenant)) {
    const remedy = didYouMean(tenant, tenants, "tenants");
    faults.push({ path: `${path}.tenant`, value: tenant, reason: "is not a tenant", remedy });
  }
  if (server !== undefined && !serverList.includes(server)) {
    const remedy = didYouMean(server, serverList, "servers");
    faults.push({ path: `${path}.server`, value: server, reason: "is not a server", remedy });
  } else if (serverList.length === 0) {
    faults.push({ path: `${path}.server`, reason: "is missing", remedy: "write at least one server under servers" });
  }
  return faults;
}

/** What is wrong with an agent's hostnames, each by itself and the two together. */
export function hostFaults({ tenant, operator, bot }: DraftAgent, draft: Draft): Fault[] {
  const zones = certificatesOf(draft);
  const names = Object.keys(zones);
  if (operator === undefined) {
    // Of a tenant that is not there it is said already.
    if (names.length < 2 && (tenant === undefined || !Object.hasOwn(draft.sections.tenants, tenant))) return [];
    const remedy = names.length === 0 ? "write a zone under zones" : `write one in a zone (zones: ${names.join(", ")})`;
    return [{ path: "operator", reason: "is missing", remedy }];
  }
  const faults = hostnameFaults("operator", operator, zones);
  if (bot?.hostname === undefined) return faults;
  const ofBot = hostnameFaults("bot.hostname", bot.hostname, zones);
  const zone = zoneOf(operator, names);
  if (faults.length === 0 && ofBot.length === 0 && zoneOf(bot.hostname, names) !== zone) {
    const remedy = `write one label in front of ${zone}`;
    ofBot.push({ path: "bot.hostname", value: bot.hostname, reason: "is in another zone than operator", remedy });
  }
  return [...faults, ...ofBot];
}

/** What is wrong with the routes of an agent, the secrets included that it does not have. */
export function botFaults(agent: DraftAgent, routes: BotRoute[], secrets: FleetSecrets): Fault[] {
  const { name } = agent;
  const setSecret = (secret: string) => `set it with pulumi config set --secret --path creel:secrets.${name}.${secret}`;
  const routed = routedAgent({ ...agent, secrets: secretsOf(name, secrets) });
  return routeFaults("bot.routes", routes, routed, setSecret);
}

/** Every name of the agents under which something is opened. */
export function publicNames(agents: DraftAgent[]): PublicName[] {
  return agents.flatMap(({ name: agent, operator, bot }): PublicName[] => {
    const path = `agents.${agent}`;
    return [
      ...(operator === undefined
        ? []
        : [{ agent, surface: "operator", path: `${path}.operator`, hostname: operator } as const]),
      ...(bot?.hostname === undefined
        ? []
        : [{ agent, surface: "bot", path: `${path}.bot.hostname`, hostname: bot.hostname } as const]),
    ];
  });
}

function certificatesOf({ zones }: Draft): Record<string, Certificates> {
  return Object.fromEntries(
    Object.entries(zones).map(([name, { certificates }]) => [name, certificates ?? "universal"]),
  );
}
