import type { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import * as pulumi from "@pulumi/pulumi";
import { AccessPolicy, type ServiceTokenFacts } from "./accessPolicy";
import { AgentContainer } from "./agentContainer";
import { AgentTunnel } from "./agentTunnel";
import { fullRoutes } from "./botRoutes";
import type { EdgeOutput } from "./edgeFragment";
import { refuseFaults } from "./faults";
import { type FleetSecrets, secretsOf } from "./fleetAgents";
import type { AgentInventory, FleetInventory } from "./fleetInventory";
import { type FleetPlan, type PlannedAgent, planFleet } from "./fleetPlan";
import { fleetServers, type Station, serverInventory } from "./fleetServers";
import type { FleetSpec } from "./fleetSpec";
import { keepPlacement } from "./lastPlacement";
import { tenantAccess } from "./tenantSpec";
import { ZoneEdge } from "./zoneEdge";

/** A fleet as a whole. */
export interface FleetArgs {
  /** Servers, tenants, zones and agents: the document that a stack file has under `creel:fleet`. */
  spec: FleetSpec;
  /** Secrets by agent and name; each is read at /run/secrets/NAME by that agent alone. Default: none. */
  secrets?: FleetSecrets;
  /**
   * Server of each agent so far, as {@link lastPlacement} reads it: an agent that names no server stays where it is.
   * Default: nothing, and such agents are placed anew at every run, so that they move when something changes.
   */
  placement?: Record<string, string>;
  /**
   * A Cloudflare provider for tunnels and their configurations only, beside the one that everything else uses: in one
   * process the update of a tunnel spoils the updates of Access policies that follow it.
   */
  tunnelProvider: CloudflareProvider;
  /** A third one for the settings of zones only, which are updated in the same way. */
  settingsProvider: CloudflareProvider;
}

/** What agents meet in a fleet. */
interface Surroundings {
  plan: FleetPlan;
  policies: Map<string, AccessPolicy>;
  edges: Map<string, ZoneEdge>;
  tunnelProvider: CloudflareProvider;
}

/**
 * Servers, agents and the ways to them, from one document.
 *
 * Owns the private networks, the placement groups of servers that come in groups, a HardenedServer, a Docker provider and
 * the connectors' image for each server, an AccessPolicy for each tenant, a ZoneEdge for each zone whose rules are not made
 * elsewhere, an AgentContainer and an AgentTunnel for each agent. An agent that names no server stays where it is, and a
 * new one is put on the server with most memory left; a preview tells where everybody is. Names are public only after the
 * rules of their zone.
 *
 * Refuses a document with any fault, with all of them in one error, before anything is made.
 */
export class Fleet extends pulumi.ComponentResource {
  /** Server of each agent, which is kept in the state for {@link lastPlacement}. */
  public readonly placement: Record<string, string>;
  /** What was deployed, without any secret. */
  public readonly inventory: pulumi.Output<FleetInventory>;
  /** What the rules of each zone have to know of the agents in it, by the zone's name. */
  public readonly edge: EdgeOutput;
  /** Service tokens by tenant and name; their values are secrets. */
  public readonly serviceTokens: Record<string, Record<string, ServiceTokenFacts>>;

  constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
    const { faults, plan: checked } = planFleet(args.spec, args.secrets ?? {}, args.placement);
    refuseFaults(faults, "creel:fleet");
    const plan = checked as FleetPlan;
    const { agents } = plan;
    super("creel:index:Fleet", name, { servers: Object.keys(plan.servers), agents: Object.keys(agents) }, opts);

    this.placement = plan.placement;
    keepPlacement(this, name, plan.placement);
    if (pulumi.runtime.isDryRun()) for (const line of plan.placementLines) pulumi.log.info(line, this);
    const stations = fleetServers(plan, this);
    const policies = this.policies(plan);
    const edges = this.edges(plan, args.settingsProvider);
    const surroundings = { plan, policies, edges, tunnelProvider: args.tunnelProvider };
    const deployed: Record<string, pulumi.Input<AgentInventory>> = {};
    for (const [agentName, spec] of Object.entries(agents)) {
      const station = stations.get(spec.server)!;
      const secrets = secretsOf(agentName, args.secrets ?? {});
      const { image, runtime, memory, cpus, tasksMax, port, health, command, environment } = spec;
      const agent = new AgentContainer(
        agentName,
        { host: station.host, image, runtime, memory, cpus, tasksMax, port, health, command, environment, secrets },
        { parent: this },
      );
      const tunnel = this.tunnel(agentName, spec, agent, station, surroundings);
      deployed[agentName] = pulumi.output({
        tenant: spec.tenant,
        zone: spec.zone.name,
        server: spec.server,
        container: agent.containerName,
        image,
        url: tunnel.url,
        botUrl: tunnel.botUrl,
        webhooks: fullRoutes(spec.bot?.routes ?? [], agent).map(
          ({ path, methods, contentTypes, secret, signature }) => {
            return { url: `https://${spec.bot!.hostname}${path}`, methods, contentTypes, secret, signature };
          },
        ),
        uid: agent.uid,
        memory,
        secretNames: Object.keys(secrets ?? {}).sort(),
      });
    }

    const found = [...stations].map(
      ([serverName, { server }]) => [serverName, serverInventory(server, plan.servers[serverName]!)] as const,
    );
    const zones = Object.fromEntries([...edges].map(([zone, { packing }]) => [zone, packing] as const));
    this.inventory = pulumi.output({ servers: Object.fromEntries(found), agents: deployed, zones });
    this.edge = plan.edge;
    this.serviceTokens = Object.fromEntries(
      [...policies].map(([tenant, { serviceTokens }]) => [tenant, serviceTokens] as const),
    );
    this.registerOutputs({ inventory: this.inventory, edge: this.edge, serviceTokens: this.serviceTokens });
  }

  /** Who may come in, for every tenant. */
  private policies({ tenants, accountId, identityProviders }: FleetPlan): Map<string, AccessPolicy> {
    if (accountId === undefined) return new Map();
    const policies = Object.entries(tenants).map(([name, tenant]) => {
      const who = { accountId, ...tenantAccess(tenant, identityProviders) };
      return [name, new AccessPolicy(name, who, { parent: this })] as const;
    });
    return new Map(policies);
  }

  /** The rules of every zone that this fleet makes rules for. */
  private edges({ zones, edge }: FleetPlan, settingsProvider: CloudflareProvider): Map<string, ZoneEdge> {
    const edges = new Map<string, ZoneEdge>();
    for (const [zone, { zoneId, plan, rules, rateLimit, managedRules, tls, bots }] of Object.entries(zones)) {
      const fragments = edge[zone]!;
      if (rules === "elsewhere" || fragments.length === 0) continue;
      const args = { zoneId, zone, plan, fragments, rateLimit, managedRules, tls, bots, settingsProvider };
      edges.set(zone, new ZoneEdge(zone, args, { parent: this }));
    }
    return edges;
  }

  private tunnel(
    name: string,
    { zone, operator, tenant, bot, rotation }: PlannedAgent,
    agent: AgentContainer,
    station: Station,
    { plan, policies, edges, tunnelProvider }: Surroundings,
  ): AgentTunnel {
    const { session, identityProviders } = plan.tenants[tenant]!;
    return new AgentTunnel(
      name,
      {
        agent,
        host: station.host,
        accountId: zone.accountId,
        zoneId: zone.zoneId,
        zone: zone.name,
        certificates: zone.certificates,
        team: zone.team,
        hostname: operator,
        policyIds: policies.get(tenant)!.policyIds,
        identityProviderIds: identityProviders?.map((provider) => plan.identityProviders[provider]!.id),
        sessionDuration: session,
        bot,
        connectorImage: plan.connectorImage!,
        pulledImage: station.connectorImage,
        rotation,
        guards: edges.get(zone.name)?.resources,
        tunnelProvider,
      },
      { parent: this },
    );
  }
}
