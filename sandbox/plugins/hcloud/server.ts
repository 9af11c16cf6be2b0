import { setTimeout as sleep } from "node:timers/promises";
import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import { type Call, type Fault, PartialFailure, type Props, type ResourceHandler } from "../framework/provider";
import { hasUnknown } from "../framework/values";
import type { Action, HcloudClient } from "./client";
import { attachNetwork, powerOn, setBackups, setProtection } from "./serverActions";
import { updateServer } from "./serverChanges";
import { networkIdOf, networksOf, type Server, serverOutputs } from "./serverModel";
import { inputPlace, labelsOf } from "./tokens";

/** Seconds between looks at a server that was asked to shut down, and how many looks it gets. */
const SHUTDOWN_PAUSES = [1, 2, 4, 8, 16];

/** Inputs of the real provider that this plugin does not carry out. */
const UNSUPPORTED = ["iso", "rescue"];

/**
 * A server. It is ordered with its firewalls and keys in one call, attached to inline networks afterwards, and then
 * read back.
 */
export const server: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => faults(inputs),
  equal(path, old, fresh, _olds, news) {
    if (path === "userData" && typeof old === "string" && typeof fresh === "string") {
      return old.trim() === fresh.trim() || undefined;
    }
    if (path === "firewallIds" && news.ignoreRemoteFirewallIds === true) return true;
    // Left out, the blocks mean "as it is".
    if (["networks", "publicNets"].includes(path) && fresh === undefined) return true;
    return undefined;
  },

  async create(cloud, inputs, call) {
    const { signal } = call;
    const created = await order(cloud, inputs, call);
    const id = String(created.server.id);
    try {
      await cloud.settle([created.action, ...(created.next_actions ?? [])], signal);
      await finish(cloud, created.server.id, inputs, signal);
      const current = await cloud.find<Server>(`/servers/${id}`, "server", signal);
      if (!current) throw new Error(`server not found: ${id}`);
      return { id, outputs: serverOutputs(current, inputs) };
    } catch (error) {
      throw new PartialFailure(id, serverOutputs(created.server, inputs), [(error as Error).message]);
    }
  },

  async read(cloud, id, state, inputs, { signal }) {
    const current = await cloud.find<Server>(`/servers/${id}`, "server", signal);
    if (!current) return undefined;
    const outputs = serverOutputs(current, state);
    const importing = Object.keys(inputs).length === 0;
    // State holds the user-data's hash; what the program wrote must not turn into it.
    const written = inputs.userData === undefined ? {} : { userData: inputs.userData };
    const unasked = importing ? {} : unaskedSettings(outputs, inputs, inputPlace("hcloud:index/server:Server"));
    return { id, outputs, drift: { ...unasked, ...written } };
  },

  update: async (cloud, id, state, news, call) => serverOutputs(await updateServer(cloud, id, state, news, call), news),

  async delete(cloud, id, state, call) {
    if (state.shutdownBeforeDeletion === true) await shutDown(cloud, id, call);
    const { action } = await cloud.send<{ action: Action }>("DELETE", `/servers/${id}`, call.signal);
    await cloud.settle([action], call.signal);
  },
};

interface Ordered {
  server: Server;
  action: Action;
  next_actions?: Action[];
}

async function order(cloud: HcloudClient, inputs: Props, { signal, log }: Call): Promise<Ordered> {
  const typeName = String(inputs.serverType);
  const keys = { one: "server_type", many: "server_types" };
  const type = await cloud.findByIdOrName<{ architecture: string }>("/server_types", keys, typeName, signal);
  if (!type) throw new Error(`server type ${typeName} not found`);
  const image = await findImage(cloud, String(inputs.image ?? ""), type.architecture, signal);
  if (image.deprecated) log("warning", `Image ${inputs.image} is deprecated.`);

  const sshKeys: number[] = [];
  for (const name of (inputs.sshKeys as string[] | undefined) ?? []) {
    const key = await cloud.findByIdOrName<{ id: number }>(
      "/ssh_keys",
      { one: "ssh_key", many: "ssh_keys" },
      name,
      signal,
    );
    if (!key) throw new Error(`SSH key not found: ${name}`);
    sshKeys.push(key.id);
  }
  if (inputs.placementGroupId) {
    const path = `/placement_groups/${inputs.placementGroupId}`;
    if (!(await cloud.find(path, "placement_group", signal))) {
      throw new Error(`placement group not found: ${inputs.placementGroupId}`);
    }
  }
  return cloud.send<Ordered>("POST", "/servers", signal, {
    name: inputs.name,
    server_type: typeName,
    image: image.id,
    ...(inputs.location ? { location: inputs.location } : {}),
    ...(sshKeys.length > 0 ? { ssh_keys: sshKeys } : {}),
    ...(inputs.userData ? { user_data: inputs.userData } : {}),
    labels: labelsOf(inputs),
    ...(inputs.firewallIds ? { firewalls: (inputs.firewallIds as number[]).map((firewall) => ({ firewall })) } : {}),
    ...(inputs.placementGroupId ? { placement_group: inputs.placementGroupId } : {}),
    ...publicNet(inputs),
  });
}

async function findImage(cloud: HcloudClient, name: string, architecture: string, signal: AbortSignal) {
  const query: [string, string][] = [
    ["architecture", architecture],
    ["include_deprecated", "true"],
  ];
  const keys = { one: "image", many: "images" };
  const image = await cloud.findByIdOrName<{ id: number; deprecated: string | null }>(
    "/images",
    keys,
    name,
    signal,
    query,
  );
  if (!image) throw new Error(`image ${name} for architecture ${architecture} not found`);
  return image;
}

function publicNet(inputs: Props): Props {
  const block = (inputs.publicNets as Props[] | undefined)?.[0];
  if (!block) return {};
  const [ipv4, ipv6] = [block.ipv4, block.ipv6];
  const net = {
    enable_ipv4: Boolean(ipv4) || block.ipv4Enabled !== false,
    enable_ipv6: Boolean(ipv6) || block.ipv6Enabled !== false,
    ...(ipv4 ? { ipv4 } : {}),
    ...(ipv6 ? { ipv6 } : {}),
  };
  return { public_net: net, ...(isPrivate(inputs) ? { start_after_create: false } : {}) };
}

/** Without public addresses a server must not boot before it has its private network. */
function isPrivate(inputs: Props): boolean {
  const block = (inputs.publicNets as Props[] | undefined)?.[0];
  if (!block || networksOf(inputs).length === 0) return false;
  return !block.ipv4 && !block.ipv6 && block.ipv4Enabled === false && block.ipv6Enabled === false;
}

/** What a new server gets after it exists. */
async function finish(cloud: HcloudClient, id: number, inputs: Props, signal: AbortSignal): Promise<void> {
  for (const network of networksOf(inputs)) await attachNetwork(cloud, id, network, signal);
  if (isPrivate(inputs)) await powerOn(cloud, id, signal);
  if (inputs.backups === true) await setBackups(cloud, id, true, signal);
  if (inputs.deleteProtection === true || inputs.rebuildProtection === true) {
    await setProtection(cloud, id, inputs, signal);
  }
}

async function shutDown(cloud: HcloudClient, id: string, { signal, log }: Call): Promise<void> {
  const { action } = await cloud.send<{ action: Action }>("POST", `/servers/${id}/actions/shutdown`, signal);
  await cloud.settle([action], signal);
  for (const pause of SHUTDOWN_PAUSES) {
    const current = await cloud.find<Server>(`/servers/${id}`, "server", signal);
    if (!current || current.status === "off") return;
    await sleep(pause * 1000, undefined, { signal });
  }
  log("warning", `Server id ${id} did not finish shutting down gracefully in time, deleting it anyways.`);
}

function faults(inputs: Props): Fault[] {
  const found: Fault[] = [];
  for (const property of UNSUPPORTED) {
    if (inputs[property]) found.push({ property, reason: `${property} is not supported by this plugin` });
  }
  if (inputs.datacenter !== undefined) {
    found.push({ property: "datacenter", reason: "the datacenter attribute was removed; use location instead" });
  }
  if (inputs.image === "") {
    found.push({
      property: "image",
      reason: '"image" must have more than 0 characters. Have you set the name instead of an ID?',
    });
  }
  if (Array.isArray(inputs.sshKeys) && inputs.sshKeys.includes("")) {
    const reason = "Invalid ssh key passed. You need to pass a string with at least 1 character";
    found.push({ property: "sshKeys", reason });
  }
  return [...found, ...networkFaults(inputs)];
}

function networkFaults(inputs: Props): Fault[] {
  const seen = new Set<number>();
  return networksOf(inputs).flatMap((entry, index) => {
    if (hasUnknown(entry)) return [];
    const property = `networks[${index}]`;
    const id = networkIdOf(entry);
    if (entry.networkId === undefined && entry.subnetId === undefined) {
      return [{ property, reason: "must specify either network_id or subnet_id" }];
    }
    if (id !== undefined && seen.has(id)) {
      return [{ property, reason: `server is only allowed to be attached to each network once: ${id}` }];
    }
    if (id !== undefined) seen.add(id);
    return [];
  });
}
