import { routedAgent } from "./agentContainer";
import { edgeFragment } from "./agentTunnel";
import type { EdgeFragment } from "./edgeFragment";
import type { Fault } from "./faults";
import { botFaults, type FleetSecrets, hostFaults, publicNames, secretsOf } from "./fleetAgents";
import type { Draft } from "./fleetDraft";
import { sharedNameFaults, zoneOf } from "./hostnames";
import { zoneEdgeFaults } from "./zoneEdgeFaults";

/** What each agent gives the rules of its zone, of those agents in whose names and routes nothing is wrong. */
export function fragmentsOf(draft: Draft, secrets: FleetSecrets): EdgeFragment[] {
  const shared = sharedNameFaults(publicNames(draft.agents)).map(({ path }) => path);
  return draft.agents.flatMap((agent): EdgeFragment[] => {
    const { name, operator, bot } = agent;
    const clashes = shared.some((path) => path.startsWith(`agents.${name}.`));
    if (operator === undefined || clashes || hostFaults(agent, draft).length > 0) return [];
    const args = {
      zone: zoneOf(operator, Object.keys(draft.zones))!,
      hostname: operator,
      agent: routedAgent({ ...agent, secrets: secretsOf(name, secrets) }),
    };
    if (bot === undefined) return [edgeFragment(name, args)];
    const { hostname, routes = [] } = bot;
    if (hostname === undefined || botFaults(agent, routes, secrets).length > 0) return [];
    return [edgeFragment(name, { ...args, bot: { hostname, routes } })];
  });
}

/** What is wrong with the rules of the fleet's zones: no room for so many agents, or what their plans do not include. */
export function edgeFaults(draft: Draft, secrets: FleetSecrets): Fault[] {
  const all = fragmentsOf(draft, secrets);
  return Object.entries(draft.zones).flatMap(([zone, { plan, rules, rateLimit, tls, bots }]): Fault[] => {
    const fragments = all.filter((fragment) => fragment.zone === zone);
    if (plan === undefined || rules === "elsewhere") return [];
    return zoneEdgeFaults({ zone, plan, fragments, rateLimit, tls, bots }).flatMap((fault) => {
      const [, i, rest = ""] = /^fragments\[(\d+)\](.*)$/.exec(fault.path) ?? [];
      // Names of agents and zones are judged where they are written.
      if (fault.path === "zone") return [];
      if (i === undefined) return [{ ...fault, path: `zones.${zone}.${fault.path}` }];
      return rest === ".agent" || rest === ".zone"
        ? []
        : [{ ...fault, path: `agents.${fragments[Number(i)]!.agent}${rest}` }];
    });
  });
}
