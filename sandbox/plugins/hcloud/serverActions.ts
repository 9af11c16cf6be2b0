import type { Props } from "../framework/provider";
import { type Action, type HcloudClient, hasCode, retry } from "./client";
import { parseSubnetId } from "./networkSubnet";
import { networkIdOf } from "./serverModel";

const TRIES = 5;

/** Not now, but soon: the network or the server is busy with something else. */
export const isBusy = (error: unknown): boolean =>
  hasCode(error, "conflict", "locked", "service_error", "no_subnet_available");

/** Runs one of a server's actions to its end. */
export async function act(
  cloud: HcloudClient,
  id: number | string,
  action: string,
  signal: AbortSignal,
  body: unknown = undefined,
): Promise<void> {
  const path = `/servers/${id}/actions/${action}`;
  const answer = await cloud.send<{ action: Action }>("POST", path, signal, body);
  await cloud.settle([answer.action], signal);
}

/** Attaches a server to a network; being attached already is fine. */
export async function attachNetwork(
  cloud: HcloudClient,
  id: number | string,
  entry: Props,
  signal: AbortSignal,
): Promise<void> {
  const subnet = typeof entry.subnetId === "string" ? parseSubnetId(entry.subnetId) : undefined;
  const body = {
    network: networkIdOf(entry),
    ...(entry.ip ? { ip: entry.ip } : {}),
    ...(Array.isArray(entry.aliasIps) && entry.aliasIps.length > 0 ? { alias_ips: entry.aliasIps } : {}),
    ...(subnet ? { ip_range: subnet.ipRange } : {}),
  };
  await retry(TRIES, isBusy, signal, () => act(cloud, id, "attach_to_network", signal, body)).catch((error) => {
    if (!hasCode(error, "server_already_attached")) throw error;
  });
}

export async function detachNetwork(
  cloud: HcloudClient,
  id: number | string,
  network: number,
  signal: AbortSignal,
): Promise<void> {
  await retry(TRIES, isBusy, signal, () => act(cloud, id, "detach_from_network", signal, { network })).catch(
    (error) => {
      if (!hasCode(error, "not_found")) throw error;
    },
  );
}

export async function powerOn(cloud: HcloudClient, id: number | string, signal: AbortSignal): Promise<void> {
  await retry(
    TRIES,
    () => true,
    signal,
    () => act(cloud, id, "poweron", signal),
  );
}

export async function setBackups(
  cloud: HcloudClient,
  id: number | string,
  on: boolean,
  signal: AbortSignal,
): Promise<void> {
  await act(cloud, id, on ? "enable_backup" : "disable_backup", signal);
}

export async function setProtection(
  cloud: HcloudClient,
  id: number | string,
  props: Props,
  signal: AbortSignal,
): Promise<void> {
  const body = { delete: props.deleteProtection === true, rebuild: props.rebuildProtection === true };
  await act(cloud, id, "change_protection", signal, body);
}
