import { changed } from "../framework/changed";
import type { Fault, Props, ResourceHandler } from "../framework/provider";
import { hasUnknown } from "../framework/values";
import type { HcloudClient } from "./client";
import { act, attachNetwork, detachNetwork } from "./serverActions";
import { networkIdOf, type Server } from "./serverModel";

/** A server's membership in a private network. Its id is made of both: `SERVER-NETWORK`. */
export const serverNetwork: ResourceHandler<HcloudClient> = {
  check: (_cloud, inputs) => faults(inputs),

  async create(cloud, inputs, { signal }) {
    await attachNetwork(cloud, Number(inputs.serverId), inputs, signal);
    const id = `${inputs.serverId}-${networkIdOf(inputs)}`;
    return { id, outputs: await need(cloud, id, inputs, signal) };
  },

  async read(cloud, id, state, _inputs, { signal }) {
    const outputs = await lookUp(cloud, id, state, signal);
    return outputs && { id, outputs };
  },

  async update(cloud, id, state, news, { signal }) {
    const [server, network] = parts(id);
    if (changed("aliasIps", state, news)) {
      await act(cloud, server, "change_alias_ips", signal, { network, alias_ips: news.aliasIps ?? [] });
    }
    return need(cloud, id, news, signal);
  },

  async delete(cloud, id, _state, { signal }) {
    const [server, network] = parts(id);
    await detachNetwork(cloud, server, network, signal);
  },
};

function faults(inputs: Props): Fault[] {
  if (hasUnknown(inputs.networkId) || hasUnknown(inputs.subnetId)) return [];
  if ((inputs.networkId === undefined) !== (inputs.subnetId === undefined)) return [];
  return [
    { property: "networkId", reason: "Exactly one of these attributes must be configured: [network_id,subnet_id]" },
  ];
}

function parts(id: string): [server: number, network: number] {
  const match = /^(\d+)-(\d+)$/.exec(id);
  if (!match) throw new Error(`unexpected id '${id}', expected '$SERVER_ID-$NETWORK_ID'`);
  return [Number(match[1]), Number(match[2])];
}

async function lookUp(cloud: HcloudClient, id: string, known: Props, signal: AbortSignal): Promise<Props | undefined> {
  const [serverId, networkId] = parts(id);
  const server = await cloud.find<Server>(`/servers/${serverId}`, "server", signal);
  const net = server?.private_net.find(({ network }) => network === networkId);
  if (!net) return undefined;
  return {
    serverId,
    networkId,
    ...(known.subnetId ? { subnetId: known.subnetId } : {}),
    ip: net.ip,
    aliasIps: net.alias_ips,
    macAddress: net.mac_address,
  };
}

async function need(cloud: HcloudClient, id: string, known: Props, signal: AbortSignal): Promise<Props> {
  const found = await lookUp(cloud, id, known, signal);
  if (!found) throw new Error(`Attachment of server (${parts(id)[0]}) to network (${parts(id)[1]}) vanished`);
  return found;
}
