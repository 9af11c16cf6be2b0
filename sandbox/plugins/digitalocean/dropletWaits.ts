import { type Action, type DigitalOceanClient, explain } from "./client";
import type { Droplet } from "./dropletModel";

/** What is being done to a droplet: it decides what it means that the API knows none. */
export type Operation = "create" | "update" | "delete";

/** State of a droplet that is gone, in the provider's word. */
const GONE = "Not Found";

/** Looks in a row that may find a droplet missing or locked. */
const BLIND_LOOKS = 120;

/** Seconds that each wait may take, where the program gives no other time. */
const TIMEOUTS: Record<Operation, number> = { create: 3600, update: 3600, delete: 60 };

/** A droplet to wait for. */
export interface Waiting {
  cloud: DigitalOceanClient;
  id: string;
  operation: Operation;
  signal: AbortSignal;
  /** Seconds; 0 = the provider's own. */
  timeout: number;
}

/** Waits until a droplet is not locked and `state` says the target; returns the droplet as it was then. */
export async function waitForDroplet(
  { cloud, id, operation, signal, timeout }: Waiting,
  state: (droplet: Droplet) => string,
  pending: string[],
  target: string,
): Promise<Droplet> {
  let droplet: Droplet | undefined;
  const look = async () => {
    const path = `/droplets/${id}`;
    droplet = await explain("Error retrieving droplet", cloud.find<Droplet>(path, "droplet", signal));
    if (droplet) return droplet.locked ? undefined : { state: state(droplet) };
    if (operation === "update") throw new Error(`droplet (${id}) not found during update`);
    return operation === "delete" ? { state: GONE } : undefined;
  };
  const seconds = timeout || TIMEOUTS[operation];
  await cloud.wait({ look, pending, target, timeout: seconds, blindLooks: BLIND_LOOKS }, signal);
  return droplet!;
}

/** Waits until the API no longer knows a droplet, for a minute at most. */
export async function waitForDestroy({ cloud, id, signal }: Waiting): Promise<void> {
  const look = async () => {
    const droplet = await cloud.find<Droplet>(`/droplets/${id}`, "droplet", signal);
    if (!droplet) return { state: GONE };
    return droplet.locked ? undefined : { state: droplet.status };
  };
  await cloud.wait({ look, pending: ["active", "off"], target: GONE, timeout: TIMEOUTS.delete }, signal);
}

/** Begins one of a droplet's actions. */
export async function begin(
  { cloud, id, signal }: Waiting,
  type: string,
  more: Record<string, unknown> = {},
): Promise<Action> {
  const body = { type, ...more };
  return (await cloud.send<{ action: Action }>("POST", `/droplets/${id}/actions`, signal, body)).action;
}

/** Begins an action of a volume of a droplet and waits until it is over. */
export async function moveVolume({ cloud, id, signal }: Waiting, type: "attach" | "detach", volume: string) {
  const body = { type, droplet_id: Number(id) };
  const sent = cloud.send<{ action: Action }>("POST", `/volumes/${volume}/actions`, signal, body);
  const where = `${type === "attach" ? "to" : "from"} droplet (${id})`;
  const { action } = await explain(`Error ${type}ing volume "${volume}" ${where}`, sent);
  await explain(`Error waiting for volume "${volume}" to ${type} ${where}`, cloud.settle(action, signal));
}
