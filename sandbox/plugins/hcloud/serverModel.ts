import { createHash } from "node:crypto";
import type { Props } from "../framework/provider";
import { parseSubnetId } from "./networkSubnet";

/** A server, as far as the provider looks at it. */
export interface Server {
  id: number;
  name: string;
  status: string;
  labels: Record<string, string>;
  backup_window: string | null;
  primary_disk_size: number;
  server_type: { name: string; architecture: string };
  location?: { name: string };
  datacenter?: { name: string; location: { name: string } } | null;
  image: { id: number; name: string | null } | null;
  placement_group: { id: number } | null;
  protection: { delete: boolean; rebuild: boolean };
  public_net: {
    ipv4: { id: number; ip: string } | null;
    ipv6: { id: number; ip: string } | null;
    firewalls: { id: number; status: string }[];
  };
  private_net: { network: number; ip: string; alias_ips: string[]; mac_address: string }[];
}

/**
 * What the provider puts in state of a server. What the API never tells (userData, sshKeys, keepDisk, …) stays as
 * `known` has it; of the user-data only a hash is kept.
 */
export function serverOutputs(server: Server, known: Props): Props {
  const location = server.location?.name ?? server.datacenter?.location.name;
  const ipv6 = server.public_net.ipv6?.ip;
  return {
    ...known,
    ...(typeof known.userData === "string" ? { userData: userDataHash(known.userData) } : {}),
    name: server.name,
    serverType: server.server_type.name,
    location,
    image: imageOf(server, known),
    status: server.status,
    labels: server.labels,
    backups: Boolean(server.backup_window),
    backupWindow: server.backup_window ?? "",
    deleteProtection: server.protection.delete,
    rebuildProtection: server.protection.rebuild,
    firewallIds: server.public_net.firewalls.map(({ id }) => id),
    placementGroupId: server.placement_group?.id,
    primaryDiskSize: server.primary_disk_size,
    ipv4Address: server.public_net.ipv4?.ip,
    // The first address of the server's own network: 2001:db8:1::/64 gives 2001:db8:1::1.
    ipv6Address: ipv6 === undefined ? undefined : `${ipv6.replace(/\/\d+$/, "")}1`,
    ipv6Network: ipv6 ?? "<nil>",
    ...(known.networks === undefined ? {} : { networks: server.private_net.map((net) => attachment(net, known)) }),
  };
}

/** A hash that is already one stays what it is. */
function userDataHash(userData: string): string {
  if (/^[A-Za-z0-9+/]{27}=$/.test(userData)) return userData;
  return createHash("sha1").update(userData).digest("base64");
}

/** The name of an official image, unless the program chose it by its id. */
function imageOf(server: Server, known: Props): unknown {
  if (!server.image) return known.image;
  const id = String(server.image.id);
  return server.image.name && id !== known.image ? server.image.name : id;
}

function attachment(net: Server["private_net"][number], known: Props): Props {
  const written = networksOf(known).find((entry) => networkIdOf(entry) === net.network);
  return {
    ip: net.ip,
    macAddress: net.mac_address,
    aliasIps: net.alias_ips,
    ...(written?.subnetId ? { subnetId: written.subnetId } : { networkId: net.network }),
  };
}

export function networksOf(props: Props): Props[] {
  return Array.isArray(props.networks) ? (props.networks as Props[]) : [];
}

/** The network that an inline attachment means: by its own id, or by the subnet's. */
export function networkIdOf(entry: Props): number | undefined {
  if (typeof entry.subnetId === "string" && entry.subnetId !== "") return parseSubnetId(entry.subnetId)?.network;
  return typeof entry.networkId === "number" ? entry.networkId : undefined;
}
