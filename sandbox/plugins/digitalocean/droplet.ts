import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import { type Call, PartialFailure, type Props, type ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, explain, hasStatus } from "./client";
import { backupPolicy, changeDroplet } from "./dropletChanges";
import { type Droplet, dropletOutputs, imageOf } from "./dropletModel";
import { begin, moveVolume, type Operation, type Waiting, waitForDestroy, waitForDroplet } from "./dropletWaits";
import { probedFaults } from "./faults";
import { listOf } from "./firewallRules";
import { sameTags } from "./tags";
import { inputPlace } from "./tokens";

const place = inputPlace("droplet:Droplet");

/** A virtual machine. It is ordered in one call with all that belongs to it, and looked at until it is active. */
export const droplet: ResourceHandler<DigitalOceanClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => probedFaults(inputs, place),
  // IPv6 can be turned on, but not off.
  replaces: (property, olds, news) => property === "ipv6" && olds.ipv6 === true && news.ipv6 === false,
  equal(path, old, fresh) {
    if (/^tags(\[\d+\])?$/.test(path)) return sameTags(old, fresh);
    // The API knows both in small letters only.
    if ((path === "region" || path === "size") && typeof old === "string" && typeof fresh === "string") {
      return old.toLowerCase() === fresh.toLowerCase() || undefined;
    }
    return undefined;
  },

  async create(cloud, inputs, call) {
    const made = await explain(
      "Error creating droplet",
      cloud.send<{ droplet: Droplet }>("POST", "/droplets", call.signal, request(inputs)),
    );
    const id = String(made.droplet.id);
    const waiting = waitingFor(cloud, id, "create", call);
    try {
      const active = await waitForDroplet(waiting, ({ status }) => status, ["new"], "active");
      return { id, outputs: dropletOutputs(active, inputs) };
    } catch (error) {
      const reason = `Error waiting for droplet (${id}) to become ready: ${(error as Error).message}`;
      throw new PartialFailure(id, dropletOutputs(made.droplet, inputs), [reason]);
    }
  },

  async read(cloud, id, state, inputs, { signal }) {
    if (Object.keys(inputs).length === 0 && Object.keys(state).length === 0) {
      const importing = cloud.send<{ droplet: Droplet }>("GET", pathOf(id), signal);
      const { droplet: found } = await explain("Error importing droplet", importing);
      return { id, outputs: dropletOutputs(found, { image: imageOf(found), resizeDisk: true }) };
    }
    const current = await find(cloud, id, signal);
    if (!current) return undefined;
    const outputs = dropletOutputs(current, state);
    // State holds the user-data's hash; what the program wrote must not turn into it.
    const written = inputs.userData === undefined ? {} : { userData: inputs.userData };
    return { id, outputs, drift: { ...unaskedSettings(outputs, inputs, place), ...written } };
  },

  async update(cloud, id, state, news, call) {
    await changeDroplet(waitingFor(cloud, id, "update", call), state, news, (text) => call.log("warning", text));
    const current = await find(cloud, id, call.signal);
    if (!current) throw new Error(`droplet not found: ${id}`);
    return dropletOutputs(current, news);
  },

  // One that is gone already is an error, as with the official provider, which waits for it to be unlocked.
  async delete(cloud, id, state, call) {
    const { signal } = call;
    const waiting = waitingFor(cloud, id, "delete", call);
    const unlocked = await explain(
      `Error waiting for droplet to be unlocked for destroy (${id})`,
      waitForDroplet(waiting, ({ locked }) => String(locked), ["", "true"], "false"),
    );
    if (state.gracefulShutdown === true) {
      await explain(`Error shutting down the the droplet (${id})`, begin(waiting, "shutdown"));
      const off = waitForDroplet(waiting, ({ status }) => status, ["active"], "off");
      await explain(`Error waiting for droplet (${id}) to become off`, off);
    }
    for (const volume of unlocked.volume_ids ?? []) {
      const failed = `Error detaching the volumes from the droplet (${id})`;
      await explain(failed, moveVolume(waiting, "detach", volume));
    }
    try {
      await cloud.send("DELETE", `/droplets/${id}`, signal);
    } catch (error) {
      if (hasStatus(error, 404)) return;
      throw error;
    }
    await explain("Error deleting droplet", waitForDestroy(waiting));
  },
};

function waitingFor(cloud: DigitalOceanClient, id: string, operation: Operation, { signal, timeout }: Call): Waiting {
  return { cloud, id, operation, signal, timeout };
}

async function find(cloud: DigitalOceanClient, id: string, signal: AbortSignal): Promise<Droplet | undefined> {
  return explain("Error retrieving droplet", cloud.find<Droplet>(pathOf(id), "droplet", signal));
}

function pathOf(id: string): string {
  if (!/^\d+$/.test(id)) throw new Error(`invalid droplet id: ${id}`);
  return `/droplets/${id}`;
}

/** The order as the official client writes it. */
function request(inputs: Props) {
  const volumes = listOf<string>(inputs.volumeIds).filter((id) => id !== "");
  const given = (wire: string, value: unknown) => (value ? { [wire]: value } : {});
  return {
    name: inputs.name,
    region: inputs.region ?? "",
    size: inputs.size,
    image: numberOr(String(inputs.image)),
    ssh_keys: listOf<string>(inputs.sshKeys).map(numberOr),
    backups: inputs.backups === true,
    ipv6: inputs.ipv6 === true,
    private_networking: inputs.privateNetworking === true,
    monitoring: inputs.monitoring === true,
    ...given("user_data", inputs.userData),
    ...(volumes.length > 0 ? { volumes: volumes.map((id) => ({ id })) } : {}),
    tags: listOf(inputs.tags),
    ...given("vpc_uuid", inputs.vpcUuid),
    ...(typeof inputs.dropletAgent === "boolean" ? { with_droplet_agent: inputs.dropletAgent } : {}),
    ...backupPolicy(inputs),
    ...(inputs.publicNetworking === false ? { public_networking: false } : {}),
    ...given("gpu_partition_mode", inputs.gpuPartitionMode),
  };
}

/** Images and keys by number where the text is one, otherwise by slug or fingerprint. */
function numberOr(text: string): number | string {
  return /^[+-]?\d+$/.test(text) ? Number(text) : text;
}
