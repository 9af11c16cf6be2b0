import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, explain } from "./client";
import { probedFaults } from "./faults";
import { inputPlace } from "./tokens";

interface SshKey {
  id: number;
  name: string;
  fingerprint: string;
  public_key: string;
}

/** Seconds that a new key may take to be found. */
const CREATE_TIMEOUT = 120;

/** A public key that droplets can be ordered with. */
export const sshKey: ResourceHandler<DigitalOceanClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => probedFaults(inputs, inputPlace("sshKey:SshKey")),
  equal: (path, old, fresh) =>
    path === "publicKey" && typeof old === "string" && typeof fresh === "string" && old.trim() === fresh.trim()
      ? true
      : undefined,

  async create(cloud, inputs, { signal, timeout }) {
    const body = { name: inputs.name, public_key: inputs.publicKey };
    const { ssh_key: key } = await explain(
      "Error creating SSH Key",
      cloud.send<{ ssh_key: SshKey }>("POST", "/account/keys", signal, body),
    );
    const look = async () => ({ state: (await find(cloud, key.id, signal)) ? "there" : "missing" });
    const seconds = timeout || CREATE_TIMEOUT;
    await cloud.wait({ look, pending: ["missing"], target: "there", timeout: seconds, soon: true }, signal);
    return { id: String(key.id), outputs: await outputs(cloud, key.id, signal) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    if (!/^\d+$/.test(id)) throw new Error(`invalid SSH key id: ${id}`);
    const key = await find(cloud, id, signal);
    return key && { id, outputs: propsOf(key) };
  },

  async update(cloud, id, _state, news, { signal }) {
    await explain("Failed to update SSH key", cloud.send("PUT", `/account/keys/${id}`, signal, { name: news.name }));
    return outputs(cloud, id, signal);
  },

  // One that is gone already is an error here, as with the official provider.
  async delete(cloud, id, _state, { signal }) {
    await explain("Error deleting SSH key", cloud.send("DELETE", `/account/keys/${id}`, signal));
  },
};

function find(cloud: DigitalOceanClient, id: number | string, signal: AbortSignal): Promise<SshKey | undefined> {
  return cloud.find<SshKey>(`/account/keys/${id}`, "ssh_key", signal);
}

async function outputs(cloud: DigitalOceanClient, id: number | string, signal: AbortSignal): Promise<Props> {
  const key = await find(cloud, id, signal);
  if (!key) throw new Error(`SSH key not found: ${id}`);
  return propsOf(key);
}

function propsOf(key: SshKey): Props {
  return { name: key.name, fingerprint: key.fingerprint, publicKey: key.public_key };
}
