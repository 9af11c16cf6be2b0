import { z } from "zod";
import { hostProfiles } from "../profiles/host";
import { cidrFaults } from "./adminAccess";
import { CloudName, catalog } from "./clouds/catalog";
import { rangeCountFaults } from "./clouds/cloud";
import type { Fault } from "./faults";
import { locationFaults, type NetworkSpec } from "./networkSpec";
import { checkedText, memory, message, text } from "./schema";
import { cloudOfSize } from "./serverSizes";
import { didYouMean } from "./suggestions";

/**
 * Most servers in one stack, so that what one deployment can break stays small, and quick: above it the fleet is split.
 * An estimate of ours; some 60 resources for each server with its agents make about 700.
 */
export const mostServers = 12;

/** A server, or a group of equal ones. */
export const serverSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(mostServers, {
      error: message("is more than one stack holds", `write ${mostServers} or less, and the others into another stack`),
    })
    .optional()
    .describe("How many equal servers; NAME becomes NAME-1, NAME-2 and so on. Default: one, called NAME."),
  provider: z
    .enum(CloudName)
    .default(CloudName.Hcloud)
    .describe("Whose server it is: hcloud or digitalocean. Default: Hetzner Cloud (hcloud)."),
  location: text("a location, such as fsn1").describe("Where it stands: fsn1 at Hetzner, fra1 at DigitalOcean."),
  size: text("a server type, such as cx33").describe(
    "The provider's name of its size: cx33 at Hetzner, s-2vcpu-4gb at DigitalOcean.",
  ),
  memory: memory().optional().describe("Its memory, for a size that Creel does not know. Default: the size's."),
  image: text("an image, such as debian-12")
    .default("debian-12")
    .describe("Operating system it is made from. A change waits for the next rebuild. Default: debian-12."),
  profile: z
    .enum(Object.keys(hostProfiles))
    .default("production")
    .describe("How it is hardened: a host profile. Default: production."),
  network: text("the name of a network")
    .optional()
    .describe(
      "Private network that it is in, of the same provider. At DigitalOcean a change makes a new server. Default: none.",
    ),
  spread: z
    .boolean()
    .optional()
    .describe(
      "Whether servers of an entry with a count stand on different machines. A change takes effect with the next rebuild. Default: yes at Hetzner; DigitalOcean cannot.",
    ),
  ssh: z
    .strictObject({
      cidrs: z
        .array(
          checkedText(
            "an address range, such as 198.51.100.7/32",
            (value) => cidrFaults("", value),
            "^[0-9a-fA-F.:]+/\\d{1,3}$",
          ),
        )
        .min(1)
        .describe("Address ranges from which SSH is open."),
      allowOpen: z
        .boolean()
        .default(false)
        .describe("Whether a range may be wider than /8, or /16 of IPv6. Default: no."),
    })
    .describe("From where it is reached for administration."),
  rebuild: text("any word")
    .optional()
    .describe("A change makes a new server and moves the agents there, without their state. Default: empty."),
});

/** A server with every default filled in. */
export type ServerSpec = z.output<typeof serverSchema>;

/**
 * What is wrong with where a server stands and how large it is, as far as plain values tell. Fields that are wrong by
 * themselves are left out by the caller.
 *
 * @param networks what is right of the private networks, by name
 */
export function orderFaults(
  path: string,
  server: Partial<ServerSpec>,
  networks: Record<string, Partial<NetworkSpec>>,
): Fault[] {
  const { provider, location, size, memory, spread, network, ssh } = server;
  if (provider === undefined) return [];
  const faults = [
    ...(location === undefined ? [] : locationFaults(`${path}.location`, provider, location)),
    ...(size === undefined ? [] : sizeFaults(`${path}.size`, provider, size, memory !== undefined)),
    ...(network === undefined ? [] : networkOfFaults(path, provider, location, network, networks)),
    ...rangeCountFaults(`${path}.ssh.cidrs`, ssh?.cidrs ?? [], provider),
  ];
  if (spread === true && provider === CloudName.DigitalOcean) {
    const [reason, remedy] = ["cannot be had at DigitalOcean, which has no placement groups", "remove it"];
    faults.push({ path: `${path}.spread`, value: spread, reason, remedy });
  }
  return faults;
}

/** Most servers in a placement group, https://docs.hetzner.com/cloud/placement-groups/overview. */
const serversPerGroup = 10;

/**
 * Name of the placement group that a server of an entry is in, so that no two of its group stand on one machine; undefined
 * where it is in none. A server that runs can neither join nor leave, so one that may get others beside it joins at once.
 *
 * @param index its place among the servers of the entry, from 0: where more are added, none changes its group
 */
export function spreadGroup(entry: string, index: number, { provider, count, spread }: ServerSpec): string | undefined {
  if (provider !== CloudName.Hcloud || !(spread ?? count !== undefined)) return undefined;
  return `${entry}-spread-${Math.floor(index / serversPerGroup) + 1}`;
}

function sizeFaults(path: string, cloud: CloudName, size: string, memoryWritten: boolean): Fault[] {
  const owner = cloudOfSize(size);
  if (owner === cloud || (owner === undefined && memoryWritten)) return [];
  const { title, sizes } = catalog[cloud];
  if (owner !== undefined) {
    const remedy = `write provider: ${owner} beside it, or a size of ${title}, such as ${Object.keys(sizes)[0]}`;
    return [{ path, value: size, reason: `is a size of ${catalog[owner].title}`, remedy }];
  }
  const remedy = `${didYouMean(size, Object.keys(sizes), "sizes")}; or write its memory, such as memory: 4GiB`;
  return [{ path, value: size, reason: "is not a size that Creel knows", remedy }];
}

/** What is wrong with the private network that a server asks for. */
function networkOfFaults(
  server: string,
  cloud: CloudName,
  location: string | undefined,
  name: string,
  networks: Record<string, Partial<NetworkSpec>>,
): Fault[] {
  const path = `${server}.network`;
  if (!Object.hasOwn(networks, name)) {
    const remedy = didYouMean(name, Object.keys(networks), "networks");
    return [{ path, value: name, reason: "is not a network", remedy }];
  }
  const network = networks[name]!;
  const theirs = network.provider;
  if (theirs === undefined) return [];
  if (theirs !== cloud) {
    const remedy = `write a network of ${catalog[cloud].title}`;
    return [{ path, value: name, reason: `is a network of ${catalog[theirs].title}`, remedy }];
  }
  const { locations } = catalog[cloud];
  const [here, there] = [location, network.location].map((place) =>
    place === undefined ? undefined : locations[place],
  );
  if (here === undefined || there === undefined || here === there) return [];
  const reason = `is in ${there}, and the server is in ${here}`;
  return [{ path, value: name, reason, remedy: `write a network in ${here}` }];
}
