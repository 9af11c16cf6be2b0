import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, explain } from "./client";
import { probedFaults } from "./faults";
import { present, readNew } from "./readBack";
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
    const id = String(key.id);
    const look = async () => ({ state: (await find(cloud, id, signal)) ? "there" : "missing" });
    const seconds = timeout || CREATE_TIMEOUT;
    const found = cloud.wait({ look, pending: ["missing"], target: "there", timeout: seconds, soon: true }, signal);
    return readNew(
      id,
      inputs,
      explain("Error retrieving SSH Key", found).then(() => outputs(cloud, id, signal)),
    );
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    if (!/^\d+$/.test(id)) throw new Error(`invalid SSH key id: ${id}`);
    const found = await outputs(cloud, id, signal);
    return found && { id, outputs: found };
  },

  async update(cloud, id, _state, news, { signal }) {
    await explain("Failed to update SSH key", cloud.send("PUT", `/account/keys/${id}`, signal, { name: news.name }));
    return present(id, await outputs(cloud, id, signal));
  },

  // One that is gone already is an error here, as with the official provider.
  async delete(cloud, id, _state, { signal }) {
    await explain("Error deleting SSH key", cloud.send("DELETE", `/account/keys/${id}`, signal));
  },
};

function find(cloud: DigitalOceanClient, id: string, signal: AbortSignal): Promise<SshKey | undefined> {
  return cloud.find<SshKey>(`/account/keys/${id}`, "ssh_key", signal);
}

async function outputs(cloud: DigitalOceanClient, id: string, signal: AbortSignal): Promise<Props | undefined> {
  const key = await explain("Error retrieving SSH key", find(cloud, id, signal));
  return key && { name: key.name, fingerprint: key.fingerprint, publicKey: key.public_key };
}
