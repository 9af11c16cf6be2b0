import type { Provider } from "@pulumi/cloudflare/provider";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import * as pulumi from "@pulumi/pulumi";
import { durationFaults, isLater } from "./accessPolicyFaults";
import { type AgentHost, inDocker } from "./agentHost";
import { agentNameFaults, connectorName, connectorUid, type Surface, serviceAlias } from "./agentNames";
import { type BotSurface, fullRoutes, type RoutedAgent, routeFaults } from "./botRoutes";
import type { EdgeFragment } from "./edgeFragment";
import { type Fault, faultsUnder, refuseFaults } from "./faults";
import { hostnameFaults, sharedNameFaults, zoneNameFaults } from "./hostnames";
import { imageFaults } from "./images";
import { operatorApplication, policyIdsFaults } from "./operatorApplication";
import { botIngress, type Ingress, operatorIngress } from "./tunnelConfig";
import { tunnelSurface } from "./tunnelSurface";

/** The agent that a tunnel leads to: what AgentContainer gives. */
export interface TunnelledAgent {
  /** Where the agent answers on its front network. */
  serviceUrl: pulumi.Output<string>;
  /** Name of the network through which the connector reaches Cloudflare. */
  egressNetwork: pulumi.Output<string>;
  /** Name of the network on which the connector reaches the agent. */
  frontNetwork: pulumi.Output<string>;
  /** The agent's container: the public name is made after it. */
  container: pulumi.Resource;
  /** What kind of agent it is. */
  runtime: string;
  /** TCP port on which it listens. */
  port: number;
  /** Names of the secrets that it was given, without those that are empty. */
  secretNames: string[];
}

/** How people, and services if they may, reach one agent. */
export interface AgentTunnelArgs {
  /** The agent. */
  agent: TunnelledAgent;
  /** The agent's server, on which the connectors run as well. */
  host: AgentHost;
  /** Cloudflare account id: 32 hexadecimal digits. */
  accountId: pulumi.Input<string>;
  /** Id of the zone that the hostnames lie in: 32 hexadecimal digits. */
  zoneId: pulumi.Input<string>;
  /** Name of that zone, such as example.com. */
  zone: string;
  /**
   * Which certificates the zone has: universal, which cover one label below it, or advanced, ordered at Cloudflare for
   * deeper names. Default: universal.
   */
  certificates?: "universal" | "advanced";
  /** Zero Trust team of the account: the first label of its cloudflareaccess.com address. */
  team: string;
  /** Name under which people open the agent: one label below the zone. */
  hostname: string;
  /**
   * Reusable Access policies that say who may, in order; at least one. AccessPolicy gives them. Another agent of the
   * hostname, or another first policy, ends all logins there.
   */
  policyIds: pulumi.Input<string[]>;
  /** Ids of the identity providers that people can choose from; of a single one there is no choice. Default: all of the account. */
  identityProviderIds?: pulumi.Input<string>[];
  /** How long a login lasts here, as a Cloudflare duration ("8h"). Default: 8 hours. */
  sessionDuration?: pulumi.Input<string>;
  /** What is open to everybody under a second hostname: exact paths for webhooks. Default: nothing, and no such hostname. */
  bot?: BotSurface;
  /** Image of cloudflared by digest, without a tag: `repo@sha256:` and 64 hexadecimal digits. */
  connectorImage: string;
  /** What has pulled that image on the server already, for several tunnels at once. Default: it is pulled here. */
  pulledImage?: pulumi.Resource;
  /** Any word; a change makes new secrets for the tunnels, which stay. Default: empty. */
  rotation?: string;
  /** What has to stand before any name is public: the rules of the zone. Default: nothing. */
  guards?: pulumi.Resource[];
  /**
   * A Cloudflare provider that has tunnels and their configurations only. It must not be the one of the Access
   * resources: in one process the update of a tunnel spoils the updates of Access policies that follow it.
   */
  tunnelProvider: Provider;
}

/**
 * The ways from the internet to one agent.
 *
 * The operator hostname always goes through Cloudflare Access, whose signature the connector checks again; there is no
 * way to ask for one without. The bot hostname is off until routes are declared for it. It has a tunnel, a secret and a
 * connector of its own, which lets exactly those paths through and which the agent must not trust; there each route's
 * secret is what tells real requests from forged ones, and a route without its secret is refused.
 *
 * Owns the Access application, and for each hostname a tunnel with its secret and routes, the connector in a cage of its
 * own beside the agent, and the DNS record. The record is made last and removed first, so that the name never leads to
 * anything unguarded. Methods and content types are for the zone's rules to enforce: `edgeFragment` tells them to a
 * ZoneEdge.
 */
export class AgentTunnel extends pulumi.ComponentResource {
  /** Address to open in a browser. */
  public readonly url: pulumi.Output<string>;
  /** Address below which the declared paths are open to everybody; undefined where there is none. */
  public readonly botUrl: pulumi.Output<string | undefined>;
  /** Id of the operator hostname's tunnel. */
  public readonly tunnelId: pulumi.Output<string>;
  /** Audience that a signature of Access must name to be let through. */
  public readonly audience: pulumi.Output<string>;
  /** What the rules of the zone have to know of this agent. */
  public readonly edgeFragment: EdgeFragment;

  constructor(name: string, args: AgentTunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults([...agentNameFaults("name", name), ...agentTunnelFaults(name, args)], `AgentTunnel ${name}`);
    const { accountId, zoneId, hostname, agent, host, bot } = args;
    super("creel:index:AgentTunnel", name, { accountId, zoneId, hostname, botHostname: bot?.hostname }, opts);

    const application = operatorApplication(name, args, this);
    const image = args.connectorImage;
    const pulled =
      args.pulledImage ??
      new RemoteImage(`${connectorName(name)}-image`, { name: image, keepLocally: true }, inDocker(host, this));
    const surface = (kind: Surface, at: string, ingress: Ingress, before: pulumi.Resource[]) =>
      tunnelSurface(
        {
          // Two dashes, which no agent has in its name, so that none can be called so.
          name: kind === "operator" ? name : `${name}--bot`,
          hostname: at,
          accountId,
          zoneId,
          ingress,
          rotation: args.rotation ?? "",
          host,
          connector: {
            name: connectorName(name, kind),
            uid: connectorUid(name, kind),
            image,
            pulled,
            networks: [agent.egressNetwork, agent.frontNetwork],
          },
          tunnelProvider: args.tunnelProvider,
          before: [...before, agent.container, ...(args.guards ?? [])],
        },
        this,
      );
    const route = { hostname, serviceUrl: agent.serviceUrl, team: args.team, audience: application.aud };
    const operator = surface("operator", hostname, operatorIngress(route), [application]);
    const webhooks =
      bot && surface("bot", bot.hostname, botIngress(bot.hostname, serviceAlias, fullRoutes(bot.routes, agent)), []);

    this.url = pulumi.interpolate`https://${operator.record.name}`;
    this.botUrl = webhooks ? pulumi.interpolate`https://${webhooks.record.name}` : pulumi.output(undefined);
    this.tunnelId = operator.tunnel.id;
    this.audience = application.aud;
    this.edgeFragment = edgeFragment(name, args);
    this.registerOutputs({
      url: this.url,
      botUrl: this.botUrl,
      tunnelId: this.tunnelId,
      audience: this.audience,
      edgeFragment: this.edgeFragment,
    });
  }
}

/** What the rules of a zone have to know of an agent, before anything of it is made. */
export function edgeFragment(
  agent: string,
  args: Pick<AgentTunnelArgs, "zone" | "hostname" | "bot"> & { agent: RoutedAgent },
): EdgeFragment {
  const { zone, hostname: operator, bot } = args;
  if (bot === undefined) return { agent, zone, operator };
  const routes = fullRoutes(bot.routes, args.agent).map(({ path, methods, contentTypes }) => ({
    path,
    methods,
    contentTypes,
  }));
  return { agent, zone, operator, bot: { hostname: bot.hostname, routes } };
}

/** Everything that is wrong with the arguments, as far as they are plain values. */
export function agentTunnelFaults(
  name: string,
  args: Pick<
    AgentTunnelArgs,
    | "hostname"
    | "zone"
    | "certificates"
    | "team"
    | "connectorImage"
    | "sessionDuration"
    | "policyIds"
    | "identityProviderIds"
    | "bot"
  > & { agent: RoutedAgent },
): Fault[] {
  const zones = { [args.zone]: args.certificates ?? "universal" };
  const faults = [
    ...zoneNameFaults("zone", args.zone),
    ...hostnameFaults("hostname", args.hostname, zones),
    ...teamFaults("team", args.team),
    ...imageFaults("connectorImage", args.connectorImage),
    ...(typeof args.sessionDuration === "string" ? durationFaults("sessionDuration", args.sessionDuration) : []),
  ];
  if (!isLater(args.policyIds)) faults.push(...policyIdsFaults(args.policyIds as string[]));
  if (args.identityProviderIds?.length === 0) {
    faults.push({
      path: "identityProviderIds",
      reason: "is empty",
      remedy: "write at least one, or leave it out for all",
    });
  }
  if (args.bot === undefined) return faults;
  const { hostname, routes } = args.bot;
  const setSecret = (secret: string) => `give ${secret} to the agent as a secret`;
  const names = [
    { agent: name, surface: "operator" as const, path: "hostname", hostname: args.hostname },
    { agent: name, surface: "bot" as const, path: "bot.hostname", hostname },
  ];
  return [
    ...faults,
    ...hostnameFaults("bot.hostname", hostname, zones),
    ...sharedNameFaults(names),
    ...faultsUnder("bot", routeFaults("routes", routes, args.agent, setSecret)),
  ];
}

/** What is wrong with the name of a Zero Trust team. */
export function teamFaults(path: string, team: string): Fault[] {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(team)) return [];
  const remedy = "write the first label of the team's address: acme for acme.cloudflareaccess.com";
  return [{ path, value: team, reason: "is not a team", remedy }];
}
