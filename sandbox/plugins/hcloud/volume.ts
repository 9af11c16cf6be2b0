import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type Action, type HcloudClient, isNotFound, retry } from "./client";
import { labelsOf } from "./tokens";

interface Volume {
  id: number;
  name: string;
  size: number;
  server: number | null;
  location: { name: string };
  labels: Record<string, string>;
  linux_device: string;
  protection: { delete: boolean };
}

const TRIES = 5;

/** A block device, attached to a server or not. */
export const volume: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),

  async create(cloud, inputs, { signal }) {
    const created = await cloud.send<{ volume: Volume; action: Action; next_actions?: Action[] }>(
      "POST",
      "/volumes",
      signal,
      {
        name: inputs.name,
        size: inputs.size,
        labels: labelsOf(inputs),
        ...(inputs.serverId ? { server: inputs.serverId } : {}),
        ...(inputs.location ? { location: inputs.location } : {}),
        ...(inputs.automount === undefined ? {} : { automount: inputs.automount }),
        ...(inputs.format ? { format: inputs.format } : {}),
      },
    );
    await cloud.settle([created.action, ...(created.next_actions ?? [])], signal);
    const id = String(created.volume.id);
    if (inputs.deleteProtection === true) await act(cloud, id, "change_protection", signal, { delete: true });
    return { id, outputs: await outputs(cloud, id, inputs, signal) };
  },

  async read(cloud, id, state, _inputs, { signal }) {
    const found = await cloud.find<Volume>(`/volumes/${id}`, "volume", signal);
    return found && { id, outputs: propsOf(found, state) };
  },

  async update(cloud, id, state, news, { signal }) {
    const put = (body: Props) => cloud.send("PUT", `/volumes/${id}`, signal, body);
    if (changed("name", state, news)) await put({ name: news.name });
    if (changed("serverId", state, news)) {
      if (state.serverId) await detach(cloud, id, signal);
      if (news.serverId) {
        const body = { server: news.serverId, ...(news.automount === undefined ? {} : { automount: news.automount }) };
        await patiently(signal, () => act(cloud, id, "attach", signal, body));
      }
    }
    if (changed("size", state, news)) await act(cloud, id, "resize", signal, { size: news.size });
    if (changed("labels", state, news)) await put({ labels: labelsOf(news) });
    if (changed("deleteProtection", state, news)) {
      await act(cloud, id, "change_protection", signal, { delete: news.deleteProtection === true });
    }
    return outputs(cloud, id, news, signal);
  },

  async delete(cloud, id, _state, { signal }) {
    const found = await cloud.find<Volume>(`/volumes/${id}`, "volume", signal);
    if (!found) return;
    if (found.server) await detach(cloud, id, signal);
    await patiently(signal, () => cloud.send("DELETE", `/volumes/${id}`, signal)).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

/** Volumes and their servers lock each other for seconds: whatever fails is tried again. */
async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return retry(TRIES, (error) => !isNotFound(error), signal, work);
}

async function act(cloud: HcloudClient, id: string, action: string, signal: AbortSignal, body?: unknown) {
  const path = `/volumes/${id}/actions/${action}`;
  const answer = await cloud.send<{ action: Action }>("POST", path, signal, body);
  await cloud.settle([answer.action], signal);
}

async function detach(cloud: HcloudClient, id: string, signal: AbortSignal): Promise<void> {
  await patiently(signal, () => act(cloud, id, "detach", signal));
}

async function outputs(cloud: HcloudClient, id: string, known: Props, signal: AbortSignal): Promise<Props> {
  const found = await cloud.find<Volume>(`/volumes/${id}`, "volume", signal);
  if (!found) throw new Error(`volume not found: ${id}`);
  return propsOf(found, known);
}

/** How it was formatted and mounted the API does not tell. */
function propsOf(found: Volume, known: Props): Props {
  return {
    ...(known.format === undefined ? {} : { format: known.format }),
    ...(known.automount === undefined ? {} : { automount: known.automount }),
    name: found.name,
    size: found.size,
    location: found.location.name,
    labels: found.labels,
    linuxDevice: found.linux_device,
    deleteProtection: found.protection.delete,
    ...(found.server ? { serverId: found.server } : {}),
  };
}
