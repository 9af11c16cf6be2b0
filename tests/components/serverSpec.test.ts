import { describe, expect, it } from "vitest";
import { planFleet } from "../../components/fleetPlan";
import { deepSet, goodFleet, goodSecrets } from "./goodFleet";

const ssh = { cidrs: ["198.51.100.1/32"] };
const droplet = { provider: "digitalocean", location: "fra1", size: "s-2vcpu-4gb", ssh };
const inner = { location: "nbg1", range: "10.20.0.0/16" };
const outer = { provider: "digitalocean", location: "fra1", range: "10.30.0.0/20" };

/** The good fleet with some paths changed. */
function changed(changes: Record<string, unknown>): Record<string, unknown> {
  const document = goodFleet();
  for (const [path, value] of Object.entries(changes)) deepSet(document, path, value);
  return document;
}

function faultsWith(changes: Record<string, unknown>): string[] {
  const { faults } = planFleet(changed(changes), goodSecrets());
  return faults.map(({ path, value, reason, remedy }) => {
    return `${path} ${value === undefined ? "" : `${JSON.stringify(value)} `}${reason}: ${remedy}`;
  });
}

describe("servers of two clouds", () => {
  it.each<[string, Record<string, unknown>]>([
    ["a droplet", { "servers.atoll": droplet }],
    [
      "a droplet of a size that is not in the table",
      { "servers.atoll": { ...droplet, size: "s-9vcpu-9gb", memory: "9GiB" } },
    ],
    ["a server in a network of its zone", { "networks.inner": inner, "servers.reef.network": "inner" }],
    [
      "a droplet in a network of its region",
      { "networks.outer": outer, "servers.atoll": { ...droplet, network: "outer" } },
    ],
    ["both", { "networks.inner": inner, "networks.outer": outer, "servers.atoll": { ...droplet, network: "outer" } }],
    ["a large network", { "networks.inner": { ...inner, range: "10.0.0.0/9" } }],
    ["a small network", { "networks.outer": { ...outer, range: "192.168.7.16/28" } }],
    [
      "spread, and not",
      { "servers.reef.spread": true, "servers.rock": { location: "fsn1", size: "cx23", ssh, spread: false } },
    ],
    ["a droplet that is not to be spread", { "servers.atoll": { ...droplet, spread: false } }],
  ])("may be %s", (_, changes) => expect(faultsWith(changes)).toEqual([]));

  it.each<[Record<string, unknown>, string]>([
    [
      { "servers.reef.provider": "digitalOcean" },
      'servers.reef.provider "digitalOcean" is not known here: did you mean digitalocean? (known: hcloud, digitalocean)',
    ],
    [
      { "servers.reef.location": "fsn" },
      'servers.reef.location "fsn" is not a location of Hetzner Cloud: did you mean fsn1? (locations: fsn1, nbg1, hel1, ash, hil, sin)',
    ],
    [
      { "servers.reef.location": "fra1" },
      'servers.reef.location "fra1" is a location of DigitalOcean: write provider: digitalocean beside it, or one of the locations: fsn1, nbg1, hel1, ash, hil, sin',
    ],
    [
      { "servers.atoll": { ...droplet, location: "fsn1" } },
      'servers.atoll.location "fsn1" is a location of Hetzner Cloud: write provider: hcloud beside it, or one of the locations: nyc1, nyc2, nyc3, sfo2, sfo3, ams3, sgp1, lon1, fra1, tor1, blr1, syd1, atl1',
    ],
    [
      { "servers.atoll": { ...droplet, location: "fra2" } },
      'servers.atoll.location "fra2" is not a location of DigitalOcean: did you mean fra1? (locations: nyc1, nyc2, nyc3, sfo2, sfo3, ams3, sgp1, lon1, fra1, tor1, blr1, syd1, …)',
    ],
    [
      { "servers.reef.size": "cx34" },
      'servers.reef.size "cx34" is not a size that Creel knows: did you mean cx33? (sizes: cx23, cx33, cx43, cx53, cpx11, cpx21, cpx31, cpx41, cpx51, cpx12, cpx22, cpx32, …); or write its memory, such as memory: 4GiB',
    ],
    [
      { "servers.atoll": { ...droplet, size: "s-2vcpu-4g" } },
      'servers.atoll.size "s-2vcpu-4g" is not a size that Creel knows: did you mean s-2vcpu-4gb? (sizes: s-1vcpu-1gb, s-1vcpu-2gb, s-2vcpu-2gb, s-2vcpu-4gb, s-4vcpu-8gb, s-8vcpu-16gb, s-1vcpu-1gb-amd, s-1vcpu-2gb-amd, s-2vcpu-2gb-amd, s-2vcpu-4gb-amd, s-2vcpu-8gb-amd, s-4vcpu-8gb-amd, …); or write its memory, such as memory: 4GiB',
    ],
    [
      { "servers.reef.size": "s-2vcpu-4gb" },
      'servers.reef.size "s-2vcpu-4gb" is a size of DigitalOcean: write provider: digitalocean beside it, or a size of Hetzner Cloud, such as cx23',
    ],
    [
      { "servers.atoll": { ...droplet, size: "cx33", memory: "8GiB" } },
      'servers.atoll.size "cx33" is a size of Hetzner Cloud: write provider: hcloud beside it, or a size of DigitalOcean, such as s-1vcpu-1gb',
    ],
    [
      { "servers.atoll": { ...droplet, spread: true } },
      "servers.atoll.spread true cannot be had at DigitalOcean, which has no placement groups: remove it",
    ],
    [{ "servers.reef.spread": "yes" }, 'servers.reef.spread "yes" is not true or false: write true or false'],
    [
      { "servers.atoll": { ...droplet, count: 13 } },
      "servers.atoll.count 13 is more than one stack holds: write 12 or less, and the others into another stack",
    ],
    [
      { "servers.reef.ssh.cidrs": Array.from({ length: 101 }, (_, i) => `198.51.100.${i}/32`) },
      "servers.reef.ssh.cidrs are 101 ranges, and a firewall rule of Hetzner Cloud takes 100: write fewer, wider ones",
    ],
  ])("are refused as %j", (changes, line) => {
    // A count that is wrong leaves too many servers as well.
    expect(faultsWith(changes).filter((fault) => !fault.startsWith("servers are "))).toEqual([line]);
  });

  it("need an image by Creel's own name", () => {
    expect(faultsWith({ "servers.atoll": { ...droplet, image: "debian-12-x64" } })).toEqual([
      'servers.atoll.image "debian-12-x64" is not an image that can be hardened: write debian-12',
    ]);
  });
});

describe("private networks", () => {
  it.each<[Record<string, unknown>, string]>([
    [
      { "networks.Inner": inner },
      'networks.Inner "Inner" is not a name: use at most 24 lower-case letters, digits and single dashes, a letter first',
    ],
    [
      { "networks.inner": { ...inner, location: undefined } },
      "networks.inner.location is missing: write a location, such as fsn1",
    ],
    [
      { "networks.inner": { ...inner, location: "nbg" } },
      'networks.inner.location "nbg" is not a location of Hetzner Cloud: did you mean nbg1? (locations: fsn1, nbg1, hel1, ash, hil, sin)',
    ],
    [
      { "networks.inner": { ...inner, zone: "eu-central" } },
      "networks.inner.zone is not a known setting: remove it (known: provider, location, range)",
    ],
    [
      { "networks.inner": { ...inner, range: undefined } },
      "networks.inner.range is missing: write a private address range, such as 10.20.0.0/16",
    ],
    [
      { "networks.inner": { ...inner, range: "10.20.0.0" } },
      'networks.inner.range "10.20.0.0" is not an address range: write 10.20.0.0/32',
    ],
    [
      { "networks.inner": { ...inner, range: "10.20.0.1/16" } },
      'networks.inner.range "10.20.0.1/16" does not start at the first address of its network: write 10.20.0.1/32 for this address alone, or the first address of the network',
    ],
    [
      { "networks.inner": { ...inner, range: "fd00::/64" } },
      'networks.inner.range "fd00::/64" is not private IPv4: write a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as 10.20.0.0/16',
    ],
    [
      { "networks.inner": { ...inner, range: "100.64.0.0/16" } },
      'networks.inner.range "100.64.0.0/16" is not private IPv4: write a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as 10.20.0.0/16',
    ],
    [
      { "networks.inner": { ...inner, range: "10.20.0.0/25" } },
      'networks.inner.range "10.20.0.0/25" has a size that Hetzner Cloud does not have: write a prefix from /8 to /24',
    ],
    [
      { "networks.outer": { ...outer, range: "10.30.0.0/15" } },
      'networks.outer.range "10.30.0.0/15" has a size that DigitalOcean does not have: write a prefix from /16 to /28',
    ],
    [
      { "networks.inner": { ...inner, range: "10.0.0.0/8" } },
      'networks.inner.range "10.0.0.0/8" meets 10.200.0.0/15, where the containers\' networks are: write one that does not',
    ],
    [
      { "networks.outer": { ...outer, range: "10.201.64.0/20" } },
      'networks.outer.range "10.201.64.0/20" meets 10.200.0.0/15, where the containers\' networks are: write one that does not',
    ],
    [
      { "networks.inner": { ...inner, range: "172.31.0.0/16" } },
      'networks.inner.range "172.31.0.0/16" meets 172.31.1.1/32, which Hetzner Cloud keeps for itself: write one that does not',
    ],
    [
      { "networks.outer": { ...outer, range: "10.244.0.0/20" } },
      'networks.outer.range "10.244.0.0/20" meets 10.244.0.0/16, which DigitalOcean keeps for itself: write one that does not',
    ],
    [
      { "networks.inner": inner, "networks.more": { ...outer, range: "10.20.16.0/20" } },
      'networks.more.range "10.20.16.0/20" overlaps networks.inner: write another one',
    ],
    [{ "servers.reef.network": "inner" }, 'servers.reef.network "inner" is not a network: there are no networks yet'],
    [
      { "networks.inner": inner, "servers.reef.network": "iner" },
      'servers.reef.network "iner" is not a network: did you mean inner? (networks: inner)',
    ],
    [
      { "networks.outer": outer, "servers.reef.network": "outer" },
      'servers.reef.network "outer" is a network of DigitalOcean: write a network of Hetzner Cloud',
    ],
    [
      { "networks.inner": { ...inner, location: "ash" }, "servers.reef.network": "inner" },
      'servers.reef.network "inner" is in us-east, and the server is in eu-central: write a network in eu-central',
    ],
    [
      { "networks.outer": outer, "servers.atoll": { ...droplet, location: "ams3", network: "outer" } },
      'servers.atoll.network "outer" is in fra1, and the server is in ams3: write a network in ams3',
    ],
  ])("are refused as %j", (changes, line) => expect(faultsWith(changes)).toEqual([line]));

  it("that are wrong by themselves are not told of again by their servers", () => {
    const changes = {
      "networks.inner": { provider: "aws", location: "x", range: "y" },
      "servers.reef.network": "inner",
    };
    expect(faultsWith(changes).map((line) => line.split(" ")[0])).toEqual([
      "networks.inner.provider",
      "networks.inner.range",
    ]);
  });

  it("take their names literally", () => {
    const document = JSON.parse(
      JSON.stringify(goodFleet()).replace('"servers":{', '"networks":{"__proto__":7},"servers":{'),
    );
    const lines = planFleet(document, goodSecrets()).faults.map(({ path }) => path);
    expect(lines).toEqual(["networks.__proto__"]);
  });
});

describe("placement groups", () => {
  const groups = (changes: Record<string, unknown>) =>
    Object.entries(planFleet(changed(changes), goodSecrets()).plan!.servers).map(
      ([name, { group }]) => `${name} ${group}`,
    );

  it("hold ten servers of an entry each, in order, so that nobody moves when more come", () => {
    const twelve = groups({ "servers.reef.count": 12 });
    expect(twelve).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `reef-${i + 1} reef-spread-1`),
      "reef-11 reef-spread-2",
      "reef-12 reef-spread-2",
    ]);
    expect(groups({ "servers.reef.count": 2 })).toEqual(twelve.slice(0, 2));
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["one server by itself", {}, ["reef undefined"]],
    ["a group of one, which may grow", { "servers.reef.count": 1 }, ["reef-1 reef-spread-1"]],
    ["one server by itself that asks for it", { "servers.reef.spread": true }, ["reef reef-spread-1"]],
    [
      "a group that does not want it",
      { "servers.reef.count": 2, "servers.reef.spread": false },
      ["reef-1 undefined", "reef-2 undefined"],
    ],
    ["droplets", { "servers.reef": { ...droplet, count: 2 } }, ["reef-1 undefined", "reef-2 undefined"]],
  ])("of %s", (_, changes, expected) => expect(groups(changes)).toEqual(expected));
});
