import type { Props, ResourceHandler } from "../framework/provider";
import { type Action, type HcloudClient, HcloudError, hasCode, retry } from "./client";
import type { Network } from "./network";

/** Adding is tried this often while the network is busy, removing ten times as often while servers are leaving it. */
const TRIES = 5;

/** One range of a private network. The API has no id for it: the provider makes one of network and range. */
export const networkSubnet: ResourceHandler<HcloudClient> = {
  async create(cloud, inputs, { signal }) {
    const path = `/networks/${inputs.networkId}/actions/add_subnet`;
    const body = {
      type: inputs.type,
      ip_range: inputs.ipRange,
      network_zone: inputs.networkZone,
      ...(inputs.type === "vswitch" ? { vswitch_id: inputs.vswitchId } : {}),
    };
    const busy = (error: unknown) => hasCode(error, "conflict", "vswitch_id_already_used");
    const { action } = await retry(TRIES, busy, signal, () =>
      cloud.send<{ action: Action }>("POST", path, signal, body),
    );
    await cloud.settle([action], signal);
    const id = `${inputs.networkId}-${inputs.ipRange}`;
    const found = await lookUp(cloud, id, signal);
    if (!found) throw new Error(`network subnet not found: ${id}`);
    return { id, outputs: found };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const found = await lookUp(cloud, id, signal);
    return found && { id, outputs: found };
  },

  async delete(cloud, _id, state, { signal }) {
    const path = `/networks/${state.networkId}/actions/delete_subnet`;
    const busy = (error: unknown) => hasCode(error, "conflict", "locked") || isAttached(error);
    try {
      const { action } = await retry(TRIES * 10, busy, signal, () =>
        cloud.send<{ action: Action }>("POST", path, signal, { ip_range: state.ipRange }),
      );
      await cloud.settle([action], signal);
    } catch (error) {
      // Still attached after all: the network itself is about to be deleted, and takes the range along.
      if (!hasCode(error, "not_found") && !isAttached(error)) throw error;
    }
  },
};

function isAttached(error: unknown): boolean {
  return (
    error instanceof HcloudError &&
    error.code === "service_error" &&
    /servers are attached|network has attached resources/.test(error.message)
  );
}

/** "4711-10.0.1.0/24" taken apart; undefined if it is no such id. */
export function parseSubnetId(id: string): { network: number; ipRange: string } | undefined {
  const match = /^(\d+)-(.+\/\d+)$/.exec(id);
  return match ? { network: Number(match[1]), ipRange: match[2]! } : undefined;
}

async function lookUp(cloud: HcloudClient, id: string, signal: AbortSignal): Promise<Props | undefined> {
  const parsed = parseSubnetId(id);
  if (!parsed) return undefined;
  const network = await cloud.find<Network>(`/networks/${parsed.network}`, "network", signal);
  const subnet = network?.subnets.find((one) => one.ip_range === parsed.ipRange);
  if (!network || !subnet) return undefined;
  return {
    networkId: network.id,
    type: subnet.type,
    ipRange: subnet.ip_range,
    networkZone: subnet.network_zone,
    gateway: subnet.gateway,
    ...(subnet.type === "vswitch" && subnet.vswitch_id ? { vswitchId: subnet.vswitch_id } : {}),
  };
}
