import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type Action, type HcloudClient, isNotFound } from "./client";
import { labelsOf } from "./tokens";

export interface Network {
  id: number;
  name: string;
  ip_range: string;
  labels: Record<string, string>;
  expose_routes_to_vswitch: boolean;
  protection: { delete: boolean };
  subnets: { type: string; ip_range: string; network_zone: string; gateway: string; vswitch_id?: number | null }[];
}

/** A private network; its subnets are resources of their own. */
export const network: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),

  async create(cloud, inputs, { signal }) {
    const body = {
      name: inputs.name,
      ip_range: inputs.ipRange,
      labels: labelsOf(inputs),
      expose_routes_to_vswitch: inputs.exposeRoutesToVswitch === true,
    };
    const created = await cloud.send<{ network: Network }>("POST", "/networks", signal, body);
    const id = String(created.network.id);
    if (inputs.deleteProtection === true) await protect(cloud, id, true, signal);
    return { id, outputs: await outputs(cloud, id, signal) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const found = await cloud.find<Network>(`/networks/${id}`, "network", signal);
    return found && { id, outputs: propsOf(found) };
  },

  async update(cloud, id, state, news, { signal }) {
    const put = (body: Props) => cloud.send("PUT", `/networks/${id}`, signal, body);
    if (changed("name", state, news)) await put({ name: news.name });
    if (changed("labels", state, news)) await put({ labels: labelsOf(news) });
    if (changed("exposeRoutesToVswitch", state, news)) {
      await put({ expose_routes_to_vswitch: news.exposeRoutesToVswitch === true });
    }
    if (changed("deleteProtection", state, news)) await protect(cloud, id, news.deleteProtection === true, signal);
    return outputs(cloud, id, signal);
  },

  async delete(cloud, id, _state, { signal }) {
    await cloud.send("DELETE", `/networks/${id}`, signal).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

async function protect(cloud: HcloudClient, id: string, on: boolean, signal: AbortSignal): Promise<void> {
  const path = `/networks/${id}/actions/change_protection`;
  const { action } = await cloud.send<{ action: Action }>("POST", path, signal, { delete: on });
  await cloud.settle([action], signal);
}

async function outputs(cloud: HcloudClient, id: string, signal: AbortSignal): Promise<Props> {
  const found = await cloud.find<Network>(`/networks/${id}`, "network", signal);
  if (!found) throw new Error(`network not found: ${id}`);
  return propsOf(found);
}

function propsOf(found: Network): Props {
  return {
    name: found.name,
    ipRange: found.ip_range,
    labels: found.labels,
    deleteProtection: found.protection.delete,
    exposeRoutesToVswitch: found.expose_routes_to_vswitch,
  };
}
