import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Fault, Props, ResourceHandler } from "../framework/provider";
import { hasUnknown } from "../framework/values";
import { type Action, type HcloudClient, isNotFound } from "./client";
import { act as serverAct } from "./serverActions";
import type { Server } from "./serverModel";
import { labelsOf } from "./tokens";

interface PrimaryIp {
  id: number;
  name: string;
  type: string;
  ip: string;
  assignee_id: number | null;
  assignee_type: string;
  auto_delete: boolean;
  labels: Record<string, string>;
  location?: { name: string };
  datacenter?: { name: string; location: { name: string } } | null;
  protection: { delete: boolean };
}

/** A public address that outlives the server it is assigned to. */
export const primaryIp: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => faults(inputs),

  async create(cloud, inputs, { signal }) {
    const place = inputs.location
      ? { location: inputs.location }
      : { assignee_id: inputs.assigneeId, assignee_type: inputs.assigneeType };
    const created = await cloud.send<{ primary_ip: PrimaryIp; action?: Action | null }>(
      "POST",
      "/primary_ips",
      signal,
      {
        name: inputs.name,
        type: inputs.type,
        auto_delete: inputs.autoDelete === true,
        labels: labelsOf(inputs),
        ...(inputs.location ? { assignee_type: "server" } : {}),
        ...place,
      },
    );
    await cloud.settle([created.action], signal);
    const id = String(created.primary_ip.id);
    if (inputs.deleteProtection === true) await act(cloud, id, "change_protection", signal, { delete: true });
    return { id, outputs: await outputs(cloud, id, signal) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const found = await cloud.find<PrimaryIp>(`/primary_ips/${id}`, "primary_ip", signal);
    return found && { id, outputs: propsOf(found) };
  },

  async update(cloud, id, state, news, { signal }) {
    if (changed("deleteProtection", state, news)) {
      await act(cloud, id, "change_protection", signal, { delete: news.deleteProtection === true });
    }
    if (news.assigneeId !== undefined && changed("assigneeId", state, news)) {
      if (state.assigneeId) await act(cloud, id, "unassign", signal);
      const body = { assignee_id: news.assigneeId, assignee_type: news.assigneeType ?? "server" };
      if (news.assigneeId) await act(cloud, id, "assign", signal, body);
    }
    const { primary_ip: current } = await cloud.send<{ primary_ip: PrimaryIp }>("PUT", `/primary_ips/${id}`, signal, {
      ...(changed("name", state, news) ? { name: news.name } : {}),
      ...(changed("labels", state, news) ? { labels: labelsOf(news) } : {}),
      ...(changed("autoDelete", state, news) ? { auto_delete: news.autoDelete === true } : {}),
    });
    return propsOf(current);
  },

  async delete(cloud, id, state, { signal }) {
    if (state.assigneeId) await release(cloud, id, Number(state.assigneeId), signal);
    await cloud.send("DELETE", `/primary_ips/${id}`, signal).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

/** A server gives an address up only while it is off. */
async function release(cloud: HcloudClient, id: string, serverId: number, signal: AbortSignal): Promise<void> {
  const server = await cloud.find<Server>(`/servers/${serverId}`, "server", signal);
  const net = server?.public_net;
  if (!net || ![net.ipv4?.id, net.ipv6?.id].includes(Number(id))) return;
  if (server.status !== "off") await serverAct(cloud, serverId, "poweroff", signal);
  await act(cloud, id, "unassign", signal);
}

function faults(inputs: Props): Fault[] {
  const found: Fault[] = [];
  const places = [inputs.location, inputs.assigneeId].filter((value) => value !== undefined);
  if (places.length !== 1 && !hasUnknown(places)) {
    const reason = "Exactly one of these attributes must be configured: [location,assignee_id]";
    found.push({ property: "location", reason });
  }
  if (inputs.assigneeId !== undefined && inputs.assigneeType === undefined) {
    const reason = "These attributes must be configured together: [assignee_id,assignee_type]";
    found.push({ property: "assigneeId", reason });
  }
  return found;
}

async function act(cloud: HcloudClient, id: string, action: string, signal: AbortSignal, body?: unknown) {
  const path = `/primary_ips/${id}/actions/${action}`;
  const answer = await cloud.send<{ action: Action }>("POST", path, signal, body);
  await cloud.settle([answer.action], signal);
}

async function outputs(cloud: HcloudClient, id: string, signal: AbortSignal): Promise<Props> {
  const found = await cloud.find<PrimaryIp>(`/primary_ips/${id}`, "primary_ip", signal);
  if (!found) throw new Error(`primary ip not found: ${id}`);
  return propsOf(found);
}

function propsOf(found: PrimaryIp): Props {
  return {
    name: found.name,
    type: found.type,
    ipAddress: found.type === "ipv6" ? found.ip.replace(/\/\d+$/, "") : found.ip,
    ...(found.type === "ipv6" ? { ipNetwork: found.ip } : {}),
    assigneeId: found.assignee_id ?? 0,
    assigneeType: found.assignee_type,
    autoDelete: found.auto_delete,
    labels: found.labels,
    location: found.location?.name ?? found.datacenter?.location.name,
    deleteProtection: found.protection.delete,
  };
}
