import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { Props } from "../framework/provider";

interface Address {
  ip_address: string;
  type: string;
}

/** A droplet, as far as the provider looks at it. */
export interface Droplet {
  id: number;
  name: string;
  status: string;
  locked: boolean;
  created_at: string;
  region: { slug: string };
  size: { slug: string; price_hourly: number; price_monthly: number };
  image: { id: number; slug: string | null } | null;
  disk: number;
  vcpus: number;
  memory: number;
  vpc_uuid: string;
  features: string[] | null;
  volume_ids: string[] | null;
  tags: string[] | null;
  networks: { v4: Address[]; v6: Address[] };
}

/**
 * What the provider puts in state of a droplet. What the API never tells (userData, sshKeys, dropletAgent, …) stays as
 * `known` has it, and so does the image: a slug comes to mean newer images. Of the user-data only a hash is kept.
 */
export function dropletOutputs(droplet: Droplet, known: Props): Props {
  const { size, features } = droplet;
  const ipv4 = addressOf(droplet.networks.v4, "public");
  return {
    ...known,
    ...(typeof known.userData === "string" ? { userData: userDataHash(known.userData) } : {}),
    name: droplet.name,
    dropletUrn: `do:droplet:${droplet.id}`,
    region: droplet.region.slug,
    size: size.slug,
    priceHourly: size.price_hourly,
    priceMonthly: size.price_monthly,
    disk: droplet.disk,
    vcpus: droplet.vcpus,
    memory: droplet.memory,
    status: droplet.status,
    locked: droplet.locked,
    createdAt: droplet.created_at,
    vpcUuid: droplet.vpc_uuid,
    ipv4Address: ipv4,
    ipv4AddressPrivate: addressOf(droplet.networks.v4, "private"),
    ipv6Address: addressOf(droplet.networks.v6, "public").toLowerCase(),
    publicNetworking: ipv4 !== "",
    ...(features ? featureProps(features) : {}),
    volumeIds: droplet.volume_ids ?? [],
    tags: droplet.tags ?? [],
  };
}

/** The properties that the API lists as features. */
export function featureProps(features: string[]) {
  return {
    backups: features.includes("backups"),
    ipv6: features.includes("ipv6"),
    privateNetworking: features.includes("private_networking"),
    monitoring: features.includes("monitoring"),
  };
}

/** What an imported droplet was made from: the image's slug, or the number of one without. */
export function imageOf({ image }: Droplet): string | undefined {
  return image ? image.slug || String(image.id) : undefined;
}

/** A hash that is already one stays what it is. */
function userDataHash(userData: string): string {
  if (/^[0-9a-f]{40}$/.test(userData)) return userData;
  return createHash("sha1").update(userData).digest("hex");
}

/** The first address of a type; "" without one. */
function addressOf(addresses: Address[], type: string): string {
  return addresses.find((address) => address.type === type && isIP(address.ip_address) !== 0)?.ip_address ?? "";
}
