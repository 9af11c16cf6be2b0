import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type HcloudClient, isNotFound } from "./client";
import { labelsOf } from "./tokens";

interface SshKey {
  id: number;
  name: string;
  fingerprint: string;
  public_key: string;
  labels: Record<string, string>;
}

/** A public key that servers can be ordered with. */
export const sshKey: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  // The key's comment and surrounding space are no part of it.
  equal: (path, old, fresh) =>
    path === "publicKey" && typeof old === "string" && typeof fresh === "string" && old.trim() === fresh.trim()
      ? true
      : undefined,

  async create(cloud, inputs, { signal }) {
    const body = { name: inputs.name, public_key: inputs.publicKey, labels: labelsOf(inputs) };
    const { ssh_key: key } = await cloud.send<{ ssh_key: SshKey }>("POST", "/ssh_keys", signal, body);
    return { id: String(key.id), outputs: { ...outputs(key), publicKey: inputs.publicKey } };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const key = await cloud.find<SshKey>(`/ssh_keys/${id}`, "ssh_key", signal);
    return key && { id, outputs: outputs(key) };
  },

  async update(cloud, id, state, news, { signal }) {
    const body = {
      ...(changed("name", state, news) ? { name: news.name } : {}),
      ...(changed("labels", state, news) ? { labels: labelsOf(news) } : {}),
    };
    const { ssh_key: key } = await cloud.send<{ ssh_key: SshKey }>("PUT", `/ssh_keys/${id}`, signal, body);
    return { ...outputs(key), publicKey: news.publicKey };
  },

  async delete(cloud, id, _state, { signal }) {
    await cloud.send("DELETE", `/ssh_keys/${id}`, signal).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

function outputs(key: SshKey): Props {
  return { name: key.name, fingerprint: key.fingerprint, publicKey: key.public_key, labels: key.labels };
}
