import { Provider as DockerProvider } from "@pulumi/docker/provider";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import * as pulumi from "@pulumi/pulumi";
import { type AgentHost, agentHost, inDocker } from "./agentHost";
import { clouds } from "./clouds";
import type { PrivateNetworkFacts } from "./clouds/cloud";
import { dockerSettings } from "./connection";
import type { ServerInventory } from "./fleetInventory";
import type { FleetPlan, PlannedServer } from "./fleetPlan";
import { HardenedServer } from "./hardenedServer";

/** A server, and how agents are put on it. */
export interface Station {
  server: HardenedServer;
  host: AgentHost;
  /** The connectors' image there; undefined where no agent is. */
  connectorImage: RemoteImage | undefined;
}

/** Makes every server of a fleet with what servers have in common, and on each what its agents share. */
export function fleetServers(plan: FleetPlan, fleet: pulumi.Resource): Map<string, Station> {
  const networks = privateNetworks(plan, fleet);
  const groups = spreadGroups(plan, fleet);
  const stations = Object.entries(plan.servers).map(([name, spec]) => {
    const { provider, location, size, image, profile, ssh, rebuild, network, group } = spec;
    const server = new HardenedServer(
      name,
      {
        provider,
        location,
        size,
        image,
        profile,
        adminKeys: plan.operatorKeys,
        adminCidrs: ssh.cidrs,
        allowOpenSsh: ssh.allowOpen,
        network: network === undefined ? undefined : networks.get(network),
        placementGroupId: group === undefined ? undefined : groups.get(group),
        rebuild,
      },
      { parent: fleet },
    );
    return [name, station(name, server, plan, fleet)] as const;
  });
  return new Map(stations);
}

function station(
  name: string,
  server: HardenedServer,
  { agents, connectorImage }: FleetPlan,
  fleet: pulumi.Resource,
): Station {
  const docker = new DockerProvider(name, dockerSettings(server.connection), { parent: fleet });
  const host = agentHost(server, docker);
  const inUse = Object.values(agents).some((agent) => agent.server === name);
  const image = { name: connectorImage!, keepLocally: true };
  const pulled = inUse ? new RemoteImage(`${name}-connector-image`, image, inDocker(host, fleet)) : undefined;
  return { server, host, connectorImage: pulled };
}

function privateNetworks({ networks }: FleetPlan, fleet: pulumi.Resource): Map<string, PrivateNetworkFacts> {
  const made = Object.entries(networks).map(([name, { provider, location, range }]) => {
    return [name, clouds[provider].network(name, { location, range }, fleet)] as const;
  });
  return new Map(made);
}

/** The placement groups that servers are to be in, by name, with their ids. */
function spreadGroups({ servers }: FleetPlan, fleet: pulumi.Resource): Map<string, pulumi.Output<string>> {
  const groups = new Map<string, pulumi.Output<string>>();
  for (const { provider, group } of Object.values(servers)) {
    if (group === undefined || groups.has(group)) continue;
    groups.set(group, clouds[provider].spreadGroup!(group, fleet));
  }
  return groups;
}

/** What the inventory tells of a server. */
export function serverInventory(server: HardenedServer, spec: PlannedServer): pulumi.Output<ServerInventory> {
  const { ipv4, ipv6, privateIpv4, hostKey, connection, posture } = server;
  const { provider, location, size } = spec;
  return pulumi.output({ provider, location, size, ipv4, ipv6, privateIpv4, hostKey, user: connection.user, posture });
}
