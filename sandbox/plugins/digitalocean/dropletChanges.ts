import { changed } from "../framework/changed";
import type { Props } from "../framework/provider";
import { explain } from "./client";
import { type Droplet, featureProps } from "./dropletModel";
import { begin, moveVolume, type Waiting, waitForDroplet } from "./dropletWaits";
import { lacking } from "./tags";

/**
 * The part of a request that says when backups are made; an hour left out is midnight.
 *
 * @throws when backups are off: the provider finds out only when it is about to send both
 */
export function backupPolicy({ backups, backupPolicy: wanted }: Props): { backup_policy?: object } {
  if (!wanted) return {};
  if (backups !== true) throw new Error("backup_policy can only be set when backups are enabled");
  return { backup_policy: { hour: 0, ...wanted } };
}

const statusOf = ({ status }: Droplet) => status;

/**
 * Changes a droplet in place, in the provider's order.
 *
 * @param warn Told what the user has to see to.
 */
export async function changeDroplet(
  waiting: Waiting,
  state: Props,
  news: Props,
  warn: (text: string) => void,
): Promise<void> {
  const { cloud, id, signal } = waiting;
  if (changed("size", state, news)) await resize(waiting, String(news.size), news.resizeDisk !== false);
  if (changed("name", state, news)) {
    const [from, to] = [String(state.name), String(news.name)];
    await explain(`Error renaming droplet (${id})`, begin(waiting, "rename", { name: to }));
    await explain(
      `Error waiting for rename droplet (${id}) to finish`,
      waitForDroplet(waiting, ({ name }) => name, ["", from], to),
    );
  }
  await changeBackups(waiting, state, news);
  if (changed("privateNetworking", state, news) && news.privateNetworking === true) {
    await explain(`Error enabling private networking for droplet (${id})`, begin(waiting, "enable_private_networking"));
    await waitForFeature(waiting, "privateNetworking");
  }
  if (changed("ipv6", state, news) && news.ipv6 === true) {
    await explain(`Error turning on ipv6 for droplet (${id})`, begin(waiting, "enable_ipv6"));
    await waitForFeature(waiting, "ipv6");
    warn(
      "Enabling IPv6 requires additional OS-level configuration: " +
        "https://docs.digitalocean.com/products/networking/ipv6/how-to/enable/#on-existing-droplets",
    );
  }
  const resources = [{ resource_id: id, resource_type: "droplet" }];
  for (const tag of lacking(state.tags, news.tags)) {
    await explain("Error updating tags", cloud.send("DELETE", `/tags/${tag}/resources`, signal, { resources }));
  }
  for (const name of lacking(news.tags, state.tags)) {
    const made = cloud.send<{ tag: { name: string } }>("POST", "/tags", signal, { name });
    const { tag } = await explain("Error updating tags", made);
    await explain("Error updating tags", cloud.send("POST", `/tags/${tag.name}/resources`, signal, { resources }));
  }
  if (news.volumeIds !== undefined) {
    for (const volume of lacking(news.volumeIds, state.volumeIds)) await moveVolume(waiting, "attach", volume);
    for (const volume of lacking(state.volumeIds, news.volumeIds)) await moveVolume(waiting, "detach", volume);
  }
}

/** A droplet is resized while it is off, and started afterwards, whether it ran before or not. */
async function resize(waiting: Waiting, size: string, disk: boolean): Promise<void> {
  const { cloud, id, signal } = waiting;
  await begin(waiting, "power_off").catch((error: Error) => {
    if (error.message.includes("Droplet is already powered off")) return;
    throw new Error(`Error powering off droplet (${id}): ${error.message}`);
  });
  await explain(
    `Error waiting for droplet (${id}) to become powered off`,
    waitForDroplet(waiting, statusOf, ["active"], "off"),
  );
  const powerOn = () => begin(waiting, "power_on");
  const running = () => waitForDroplet(waiting, statusOf, ["off"], "active");
  try {
    const action = await explain(`Error resizing droplet (${id})`, begin(waiting, "resize", { size, disk }));
    await explain(`Error waiting for resize droplet (${id}) to finish`, cloud.settle(action, signal));
  } catch (error) {
    await explain(`Error powering on droplet (${id}) after failed resize`, powerOn().then(running));
    throw error;
  }
  await explain(`Error powering on droplet (${id}) after resize`, powerOn());
  await running();
}

async function changeBackups(waiting: Waiting, state: Props, news: Props): Promise<void> {
  const { cloud, id, signal } = waiting;
  const policy = backupPolicy(news);
  if (changed("backups", state, news)) {
    const on = news.backups === true;
    const action = await explain(
      `Error ${on ? "enabling" : "disabling"} backups on droplet (${id})`,
      begin(waiting, on ? "enable_backups" : "disable_backups", policy),
    );
    const failed = `Error waiting for backups to be ${on ? "enabled" : "disabled"} for droplet (${id})`;
    await explain(failed, cloud.settle(action, signal));
  }
  if (changed("backupPolicy", state, news) && news.backupPolicy) {
    const failed = `error changing backup policy on droplet (${id})`;
    await cloud.settle(await explain(failed, begin(waiting, "change_backup_policy", policy)), signal);
  }
}

async function waitForFeature(waiting: Waiting, feature: "ipv6" | "privateNetworking"): Promise<void> {
  const state = ({ features }: Droplet) => String(featureProps(features ?? [])[feature]);
  const failed = `Error waiting for ${feature} to be turned on for droplet (${waiting.id})`;
  await explain(failed, waitForDroplet(waiting, state, ["", "false"], "true"));
}
