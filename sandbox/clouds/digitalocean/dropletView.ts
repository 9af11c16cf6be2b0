import type { Readable } from "./account";
import type { Actions } from "./actions";
import { imageBy, imageView, regionView, type Size, sizes, sizeView } from "./catalog";
import type { Droplet } from "./model";
import { networkOf } from "./vpcs";

/** A droplet in the form that the API shows. */
export function dropletView(account: Readable & { actions: Actions }, droplet: Droplet) {
  const size = sizeOf(droplet.size);
  const image = imageBy(droplet.image);
  return {
    id: droplet.id,
    name: droplet.name,
    memory: size.memory,
    vcpus: size.vcpus,
    disk: droplet.disk,
    disk_info: [{ type: "local", size: { amount: droplet.disk, unit: "gib" } }],
    locked: account.actions.runningOn(droplet.id) !== undefined,
    status: droplet.status,
    kernel: null,
    created_at: droplet.created_at,
    features: featuresOf(droplet),
    backup_ids: [],
    next_backup_window: null,
    snapshot_ids: [],
    image: image ? imageView(image) : null,
    volume_ids: Object.values(account.state.volumes).flatMap((volume) =>
      volume.droplet === droplet.id ? [volume.id] : [],
    ),
    size: sizeView(size),
    size_slug: droplet.size,
    // Clients learn the addresses when the droplet is active.
    networks: droplet.status === "new" ? { v4: [], v6: [] } : networksOf(account, droplet),
    region: regionView(droplet.region),
    tags: droplet.tags,
    vpc_uuid: droplet.vpc_uuid,
  };
}

/** What a stored size slug stands for: only sizes that exist are stored. */
export function sizeOf(slug: string): Size {
  return sizes.find((size) => size.slug === slug) as Size;
}

/** The network that a public address is in: of /24, its first address the gateway. */
export function publicNetwork(ipv4: string) {
  return networkOf(ipv4.replace(/\d+$/, "0/24"));
}

/** Gateway of the droplets' IPv6 network. */
export const gateway6 = "2001:db8:d0::1";

function networksOf({ state }: Readable, droplet: Droplet) {
  const vpc = state.vpcs[droplet.vpc_uuid];
  const own = { ip_address: droplet.private_ipv4, gateway: null, type: "private" };
  return {
    v4: [
      ...(droplet.ipv4 ? [{ ip_address: droplet.ipv4, ...publicNetwork(droplet.ipv4), type: "public" }] : []),
      ...(vpc ? [{ ...own, netmask: networkOf(vpc.ip_range).netmask }] : []),
    ],
    v6: droplet.ipv6 ? [{ ip_address: droplet.ipv6, netmask: 64, gateway: gateway6, type: "public" }] : [],
  };
}

function featuresOf({ backups, ipv6, monitoring, droplet_agent }: Droplet): string[] {
  const features = { backups, ipv6: ipv6 !== undefined, monitoring, droplet_agent, private_networking: true };
  return Object.entries(features).flatMap(([name, there]) => (there ? [name] : []));
}
