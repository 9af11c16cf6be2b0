/** Whose servers there are, by the name of the provider's package. */
export const CloudName = { Hcloud: "hcloud", DigitalOcean: "digitalocean" } as const;
export type CloudName = (typeof CloudName)[keyof typeof CloudName];

/** What a cloud has, as far as a fleet has to know it before the cloud is asked. */
export interface CloudCatalog {
  /** What people call it. */
  title: string;
  /** Places in which servers stand, each with the network zone that a private network there spans. */
  locations: Record<string, string>;
  /** Memory of the sizes that can be ordered, in MiB. */
  sizes: Record<string, number>;
  /** Most address ranges in a rule of its firewall. */
  rangesPerRule: number;
  /** Shortest and longest prefix of a private network. */
  networkPrefix: [shortest: number, longest: number];
  /** Ranges that no private network may touch, because the cloud uses them itself. */
  reserved: string[];
}

/**
 * What each cloud has; the types before cx23, cx33 … can no longer be ordered and are left out.
 *
 * Hetzner: https://www.hetzner.com/cloud and, at https://docs.hetzner.com, /networking/networks/overview and
 * /cloud/firewalls/overview. DigitalOcean, at https://docs.digitalocean.com: /platform/regional-availability,
 * /products/droplets/details/pricing, /products/networking/vpc/concepts/plan-your-network and
 * /products/networking/firewalls/details/limits.
 */
export const catalog: Record<CloudName, CloudCatalog> = {
  hcloud: {
    title: "Hetzner Cloud",
    locations: {
      fsn1: "eu-central",
      nbg1: "eu-central",
      hel1: "eu-central",
      ash: "us-east",
      hil: "us-west",
      sin: "ap-southeast",
    },
    sizes: {
      ...gibibytes({ cx23: 4, cx33: 8, cx43: 16, cx53: 32 }),
      ...gibibytes({ cpx11: 2, cpx21: 4, cpx31: 8, cpx41: 16, cpx51: 32 }),
      ...gibibytes({ cpx12: 2, cpx22: 4, cpx32: 8, cpx42: 16, cpx52: 24, cpx62: 32 }),
      ...gibibytes({ cax11: 4, cax21: 8, cax31: 16, cax41: 32 }),
      ...gibibytes({ ccx13: 8, ccx23: 16, ccx33: 32, ccx43: 64, ccx53: 128, ccx63: 192 }),
    },
    rangesPerRule: 100,
    networkPrefix: [8, 24],
    // The gateway of every server's public interface.
    reserved: ["172.31.1.1/32"],
  },
  digitalocean: {
    title: "DigitalOcean",
    // A private network spans one region.
    locations: Object.fromEntries(
      ["nyc1", "nyc2", "nyc3", "sfo2", "sfo3", "ams3", "sgp1", "lon1", "fra1", "tor1", "blr1", "syd1", "atl1"].map(
        (region) => [region, region],
      ),
    ),
    sizes: {
      ...basic(
        [
          [1, 1],
          [1, 2],
          [2, 2],
          [2, 4],
          [4, 8],
          [8, 16],
        ],
        "",
      ),
      ...basic(
        [
          [1, 1],
          [1, 2],
          [2, 2],
          [2, 4],
          [2, 8],
          [4, 8],
          [4, 16],
          [8, 16],
        ],
        "-amd",
      ),
      ...basic(
        [
          [1, 1],
          [1, 2],
          [2, 2],
          [2, 4],
          [2, 8],
          [4, 8],
          [4, 16],
          [8, 16],
        ],
        "-intel",
      ),
      ...gibibytes({ "c-2": 4, "c-4": 8, "c-8": 16, "c-16": 32, "c-32": 64 }),
      ...dedicated("c2", 2, [2, 4, 8, 16, 32]),
      ...dedicated("g", 4, [2, 4, 8, 16, 32, 40]),
      ...dedicated("gd", 4, [2, 4, 8, 16, 32, 40]),
      ...dedicated("m", 8, [2, 4, 8, 16, 24, 32]),
    },
    rangesPerRule: 1000,
    networkPrefix: [16, 28],
    reserved: ["10.229.0.0/16", "10.244.0.0/16", "10.245.0.0/16", "10.246.0.0/24"],
  },
};

function gibibytes(sizes: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).map(([size, gib]) => [size, gib * 1024]));
}

/** DigitalOcean's sizes on shared processors. */
function basic(shapes: [processors: number, gib: number][], ending: string): Record<string, number> {
  return gibibytes(Object.fromEntries(shapes.map(([cpus, gib]) => [`s-${cpus}vcpu-${gib}gb${ending}`, gib])));
}

/** DigitalOcean's sizes on processors of their own. */
function dedicated(kind: string, gibPerProcessor: number, processors: number[]): Record<string, number> {
  const shapes = processors.map((cpus) => [cpus, cpus * gibPerProcessor] as const);
  return gibibytes(Object.fromEntries(shapes.map(([cpus, gib]) => [`${kind}-${cpus}vcpu-${gib}gb`, gib])));
}
