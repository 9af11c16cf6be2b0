import { changed } from "../framework/changed";
import type { Call, Props } from "../framework/provider";
import type { Action, HcloudClient } from "./client";
import { act, attachNetwork, detachNetwork, powerOn, setBackups, setProtection } from "./serverActions";
import { networkIdOf, networksOf, type Server } from "./serverModel";
import { labelsOf } from "./tokens";

/**
 * Changes a server in place, in the provider's order, and returns it as it is then.
 *
 * Another server type needs the server off for the change; it is started again if it ran before.
 */
export async function updateServer(
  cloud: HcloudClient,
  id: string,
  state: Props,
  news: Props,
  { signal }: Call,
): Promise<Server> {
  const path = `/servers/${id}`;
  const server = await cloud.find<Server>(path, "server", signal);
  if (!server) throw new Error(`server not found: ${id}`);

  if (changed("name", state, news)) await cloud.send("PUT", path, signal, { name: news.name });
  if (changed("labels", state, news)) await cloud.send("PUT", path, signal, { labels: labelsOf(news) });
  if (changed("serverType", state, news)) await changeType(cloud, server, news, signal);
  if (changed("backups", state, news)) await setBackups(cloud, id, news.backups === true, signal);
  if (news.networks !== undefined && changed("networks", state, news))
    await changeNetworks(cloud, server, news, signal);
  if (news.firewallIds !== undefined && changed("firewallIds", state, news)) {
    await changeFirewalls(cloud, server, news.firewallIds as number[], signal);
  }
  if (news.publicNets !== undefined && changed("publicNets", state, news)) {
    throw new Error("changing the public addresses of an existing server is not supported by this plugin");
  }
  if (changed("placementGroupId", state, news)) await changePlacementGroup(cloud, server, news, signal);
  if (changed("deleteProtection", state, news) || changed("rebuildProtection", state, news)) {
    await setProtection(cloud, id, news, signal);
  }

  const current = await cloud.find<Server>(path, "server", signal);
  if (!current) throw new Error(`server not found: ${id}`);
  return current;
}

async function changeType(cloud: HcloudClient, server: Server, news: Props, signal: AbortSignal): Promise<void> {
  const ran = server.status === "running";
  if (ran) await act(cloud, server.id, "poweroff", signal);
  const body = { server_type: news.serverType, upgrade_disk: news.keepDisk !== true };
  await act(cloud, server.id, "change_type", signal, body);
  if (!ran) return;
  const after = await cloud.find<Server>(`/servers/${server.id}`, "server", signal);
  if (after?.status === "off") await powerOn(cloud, server.id, signal);
}

async function changeNetworks(cloud: HcloudClient, server: Server, news: Props, signal: AbortSignal): Promise<void> {
  const wanted = new Map(networksOf(news).map((entry) => [networkIdOf(entry), entry]));
  for (const current of server.private_net) {
    const entry = wanted.get(current.network);
    wanted.delete(current.network);
    if (!entry || (entry.ip && entry.ip !== current.ip)) {
      await detachNetwork(cloud, server.id, current.network, signal);
      // An address cannot be changed: the server leaves the network and comes back.
      if (entry) await attachNetwork(cloud, server.id, entry, signal);
    } else if (entry.aliasIps !== undefined && changed("aliasIps", { aliasIps: current.alias_ips }, entry)) {
      const body = { network: current.network, alias_ips: entry.aliasIps };
      await act(cloud, server.id, "change_alias_ips", signal, body);
    }
  }
  for (const entry of wanted.values()) await attachNetwork(cloud, server.id, entry, signal);
}

async function changeFirewalls(
  cloud: HcloudClient,
  server: Server,
  wanted: number[],
  signal: AbortSignal,
): Promise<void> {
  const target = { type: "server", server: { id: server.id } };
  const current = server.public_net.firewalls.map(({ id }) => id);
  const change = async (firewall: number, action: string, body: unknown) => {
    const path = `/firewalls/${firewall}/actions/${action}`;
    const { actions } = await cloud.send<{ actions: Action[] }>("POST", path, signal, body);
    await cloud.settle(actions, signal);
  };
  for (const id of current.filter((one) => !wanted.includes(one))) {
    await change(id, "remove_from_resources", { remove_from: [target] });
  }
  for (const id of wanted.filter((one) => !current.includes(one))) {
    await change(id, "apply_to_resources", { apply_to: [target] });
  }
}

async function changePlacementGroup(
  cloud: HcloudClient,
  server: Server,
  news: Props,
  signal: AbortSignal,
): Promise<void> {
  if (server.placement_group) {
    if (server.status !== "off") {
      throw new Error(
        "removing a running server from a placement group is currently not supported in the provider. " +
          "You can shutdown the server yourself, apply the changes again and then start the server manually as a workaround",
      );
    }
    await act(cloud, server.id, "remove_from_placement_group", signal);
  }
  if (news.placementGroupId) {
    await act(cloud, server.id, "add_to_placement_group", signal, { placement_group: news.placementGroupId });
  }
}
