import { z } from "zod";
import { type Account, nextId } from "./account";
import { onDroplet } from "./actions";
import { imageBy, regions, sizes } from "./catalog";
import { found, invalid, parseBody } from "./errors";
import type { Action, Droplet } from "./model";
import { keyBy } from "./sshKeys";
import { takeTags } from "./tags";
import { freeVolumes } from "./volumes";
import { defaultVpc, freeAddress } from "./vpcs";

/** "It must be plain text and may not exceed 64 KiB in size." */
const userDataLimit = 64 * 1024;

/** "You can't create more than 10 Droplets at the same time using the control panel or the API." */
const atOnce = 10;

export const hostName = z
  .string()
  .max(255, "is too long")
  .regex(/^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/, hostNameFault());

function hostNameFault(): string {
  return "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";
}

const idOrText = z.union([z.string(), z.number().int()]);

const body = z.object({
  name: hostName.nullish(),
  names: z.array(hostName).max(atOnce, `at most ${atOnce} droplets can be created at once`).nullish(),
  region: z.string().nullish(),
  size: z.string(),
  image: idOrText,
  ssh_keys: z.array(idOrText).nullish(),
  backups: z.boolean().nullish(),
  ipv6: z.boolean().nullish(),
  monitoring: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
  user_data: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= userDataLimit, "must not exceed 64 KiB")
    .nullish(),
  // Documented as texts; the official client sends objects.
  volumes: z.array(z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])).nullish(),
  vpc_uuid: z.string().nullish(),
  with_droplet_agent: z.boolean().nullish(),
  public_networking: z.boolean().nullish(),
});

/** `POST /droplets`: everything is checked before anything exists. */
export function createDroplets(account: Account, requestBody: unknown): { droplets: Droplet[]; actions: Action[] } {
  const wanted = parseBody(body, requestBody);
  const names = wanted.names ?? (wanted.name ? [wanted.name] : []);
  if (names.length === 0) throw invalid("name or names is required");
  const size = sizes.find(({ slug }) => slug === wanted.size);
  if (!size) throw invalid("You specified an invalid size for Droplet creation.");
  const image = imageBy(wanted.image);
  if (!image) throw invalid("You specified an invalid image for Droplet creation.");
  const region = regionFor(wanted.region);
  const keys = publicKeys(account, wanted.ssh_keys ?? []);
  const publicly = wanted.public_networking !== false;
  if (wanted.ipv6 && !publicly) throw invalid("ipv6 must be false when public_networking is false");
  const vpc = wanted.vpc_uuid ? namedVpc(account, wanted.vpc_uuid, region) : undefined;
  const free = freePublicAddresses(account);
  if (publicly && free.length < names.length) {
    throw invalid("creating this/these droplet(s) will exceed your droplet limit");
  }
  const volumes = freeVolumes(account, wanted.volumes ?? [], region);
  if (volumes.length > 0 && names.length > 1) throw invalid("Invalid volume allocations");
  const tags = takeTags(account, wanted.tags ?? []);

  const droplets = names.map((name, index): Droplet => {
    const network = vpc ?? defaultVpc(account, region);
    const id = nextId(account);
    const droplet: Droplet = {
      id,
      name,
      created_at: new Date().toISOString(),
      status: "new",
      size: size.slug,
      image: image.slug,
      region,
      tags: [...tags],
      disk: size.disk,
      user_data: wanted.user_data ?? "",
      ssh_keys: keys,
      vpc_uuid: network.id,
      ...(publicly ? { ipv4: free[index] } : {}),
      ...(wanted.ipv6 ? { ipv6: ipv6For(id) } : {}),
      private_ipv4: freeAddress(account, network),
      monitoring: wanted.monitoring ?? false,
      droplet_agent: wanted.with_droplet_agent !== false,
      backups: wanted.backups ?? false,
    };
    account.state.droplets[id] = droplet;
    return droplet;
  });
  for (const volume of volumes) volume.droplet = droplets[0]?.id;
  // A firewall by tag stands before its droplets from the first moment on, and rules may name their tags.
  account.filters.refresh();
  const actions = droplets.map((droplet) => account.actions.begin(onDroplet("create", droplet)));
  return { droplets, actions };
}

/** RFC 3849 sets 2001:db8::/32 aside for documentation. */
export function ipv6For(id: number): string {
  return `2001:db8:d0::${Math.floor(id / 0x10000).toString(16)}:${(id % 0x10000).toString(16)}`;
}

/** A region by its slug or, as documented, by the beginning of it (`nyc`); any region when none is named. */
function regionFor(wanted: string | null | undefined): string {
  const slugs = Object.keys(regions);
  const region = slugs.includes(wanted ?? "") ? wanted : slugs.find((slug) => slug.startsWith(wanted ?? ""));
  if (!region) throw invalid("You specified an invalid region for Droplet creation.");
  return region;
}

function publicKeys(account: Account, wanted: (string | number)[]): string[] {
  const unknown = wanted.filter((key) => !keyBy(account, key));
  if (unknown.length > 0) throw invalid(`${unknown.join(", ")} are invalid key identifiers for Droplet creation.`);
  return wanted.map((key) => keyBy(account, key)?.public_key ?? "");
}

function namedVpc({ state }: Account, id: string, region: string) {
  if (!Object.hasOwn(state.vpcs, id)) throw invalid("You specified an invalid VPC for Droplet creation.");
  const vpc = found(state.vpcs, id);
  if (vpc.region !== region) throw invalid("The VPC is not in the region of the Droplet.");
  return vpc;
}

/** Addresses that neither droplets nor reservations have. */
export function freePublicAddresses({ state, pool }: Account): string[] {
  const taken = new Set([...Object.values(state.droplets).map(({ ipv4 }) => ipv4), ...Object.keys(state.reserved_ips)]);
  return pool.filter((address) => !taken.has(address));
}
