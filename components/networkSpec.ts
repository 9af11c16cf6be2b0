import { parseCIDR } from "ipaddr.js";
import { z } from "zod";
import { cidrFaults } from "./adminAccess";
import { CloudName, catalog } from "./clouds/catalog";
import type { Fault } from "./faults";
import { checkedText, text } from "./schema";
import { didYouMean } from "./suggestions";

/** A private network of servers. */
export const networkSchema = z.strictObject({
  provider: z
    .enum(CloudName)
    .default(CloudName.Hcloud)
    .describe("In whose cloud it is: hcloud or digitalocean. Default: Hetzner Cloud (hcloud)."),
  location: text("a location, such as fsn1").describe(
    "Where it is, such as fsn1. At Hetzner it reaches all locations of the network zone, at DigitalOcean this region.",
  ),
  range: checkedText(
    "a private address range, such as 10.20.0.0/16",
    (value) => cidrFaults("", value),
    "^[0-9.]+/\\d{1,2}$",
  ).describe("Its private IPv4 addresses, such as 10.20.0.0/16. A change makes a new network."),
});

/** A private network with every default filled in. */
export type NetworkSpec = z.output<typeof networkSchema>;

/** The ranges of RFC 1918. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/** Where Docker makes networks on every server (profiles/host/docker.ts): what is sent there never leaves the server. */
const containerRange = "10.200.0.0/15";

/**
 * What is wrong with private networks, as far as plain values tell. Fields that are wrong by themselves are left out by the
 * caller.
 */
export function networkFaults(networks: Record<string, Partial<NetworkSpec>>): Fault[] {
  return Object.entries(networks).flatMap(([name, { provider, location, range }], i) => {
    const path = `networks.${name}`;
    const earlier = Object.entries(networks).slice(0, i);
    const twin = earlier.find(
      ([, other]) => range !== undefined && other.range !== undefined && meet(range, other.range),
    );
    return [
      ...(provider === undefined || location === undefined
        ? []
        : locationFaults(`${path}.location`, provider, location)),
      ...(provider === undefined || range === undefined ? [] : rangeFaults(`${path}.range`, provider, range)),
      ...(twin === undefined
        ? []
        : [
            {
              path: `${path}.range`,
              value: range,
              reason: `overlaps networks.${twin[0]}`,
              remedy: "write another one",
            },
          ]),
    ];
  });
}

/** What is wrong with a location of a cloud. */
export function locationFaults(path: string, cloud: CloudName, location: string): Fault[] {
  const { title, locations } = catalog[cloud];
  if (Object.hasOwn(locations, location)) return [];
  const other = Object.values(CloudName).find((name) => Object.hasOwn(catalog[name].locations, location));
  if (other !== undefined) {
    const remedy = `write provider: ${other} beside it, or one of the locations: ${Object.keys(locations).join(", ")}`;
    return [{ path, value: location, reason: `is a location of ${catalog[other].title}`, remedy }];
  }
  const remedy = didYouMean(location, Object.keys(locations), "locations");
  return [{ path, value: location, reason: `is not a location of ${title}`, remedy }];
}

function rangeFaults(path: string, cloud: CloudName, range: string): Fault[] {
  const { title, networkPrefix, reserved } = catalog[cloud];
  const [shortest, longest] = networkPrefix;
  const [, prefix] = parseCIDR(range);
  if (!privateRanges.some((whole) => within(range, whole))) {
    const remedy = "write a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as 10.20.0.0/16";
    return [{ path, value: range, reason: "is not private IPv4", remedy }];
  }
  if (prefix < shortest || prefix > longest) {
    const remedy = `write a prefix from /${shortest} to /${longest}`;
    return [{ path, value: range, reason: `has a size that ${title} does not have`, remedy }];
  }
  const taken = [
    ...reserved.map((other) => [other, `which ${title} keeps for itself`] as const),
    [containerRange, "where the containers' networks are"] as const,
  ];
  return taken
    .filter(([other]) => meet(range, other))
    .map(([other, what]) => {
      return { path, value: range, reason: `meets ${other}, ${what}`, remedy: "write one that does not" };
    });
}

/** Whether two ranges have an address in common. */
function meet(a: string, b: string): boolean {
  return within(a, b) || within(b, a);
}

/** Whether all of a range is in another. */
function within(inner: string, outer: string): boolean {
  const [address, prefix] = parseCIDR(inner);
  const [first, length] = parseCIDR(outer);
  return address.kind() === first.kind() && prefix >= length && address.match([first, length] as never);
}
