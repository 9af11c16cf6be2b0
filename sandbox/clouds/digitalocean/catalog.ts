import type { FastifyInstance } from "fastify";
import { notFound } from "./errors";
import { sendList } from "./listing";

export interface Size {
  slug: string;
  /** MiB. */
  memory: number;
  vcpus: number;
  /** GB. */
  disk: number;
  /** US dollars; of the right order only. */
  price_monthly: number;
  description: string;
}

type Shape = [slug: string, vcpus: number, gib: number, disk: number, price: number];

function family(description: string, shapes: Shape[]): Size[] {
  return shapes.map(([slug, vcpus, gib, disk, price_monthly]) => {
    return { slug, memory: gib * 1024, vcpus, disk, price_monthly, description };
  });
}

/** Sizes that can be ordered, of https://docs.digitalocean.com/products/droplets/details/pricing. */
export const sizes: Size[] = [
  ...family("Basic", [
    ["s-1vcpu-512mb-10gb", 1, 0.5, 10, 4],
    ["s-1vcpu-1gb", 1, 1, 25, 6],
    ["s-1vcpu-2gb", 1, 2, 50, 12],
    ["s-2vcpu-2gb", 2, 2, 60, 18],
    ["s-2vcpu-4gb", 2, 4, 80, 24],
    ["s-4vcpu-8gb", 4, 8, 160, 48],
    ["s-8vcpu-16gb", 8, 16, 320, 96],
  ]),
  ...family("Premium AMD", [
    ["s-1vcpu-1gb-amd", 1, 1, 25, 7],
    ["s-1vcpu-2gb-amd", 1, 2, 50, 14],
    ["s-2vcpu-4gb-amd", 2, 4, 80, 28],
    ["s-4vcpu-8gb-amd", 4, 8, 160, 56],
  ]),
  ...family("Premium Intel", [
    ["s-1vcpu-1gb-intel", 1, 1, 25, 7],
    ["s-1vcpu-2gb-intel", 1, 2, 50, 14],
    ["s-2vcpu-4gb-intel", 2, 4, 80, 28],
    ["s-4vcpu-8gb-intel", 4, 8, 160, 56],
  ]),
  ...family("General Purpose", [
    ["g-2vcpu-8gb", 2, 8, 25, 63],
    ["g-4vcpu-16gb", 4, 16, 50, 126],
    ["g-8vcpu-32gb", 8, 32, 100, 252],
  ]),
  ...family("CPU-Optimized", [
    ["c-2", 2, 4, 25, 42],
    ["c-4", 4, 8, 50, 84],
  ]),
];

/** Regions in which droplets can be ordered. */
export const regions: Record<string, string> = {
  nyc1: "New York 1",
  nyc2: "New York 2",
  nyc3: "New York 3",
  sfo2: "San Francisco 2",
  sfo3: "San Francisco 3",
  ams3: "Amsterdam 3",
  sgp1: "Singapore 1",
  lon1: "London 1",
  fra1: "Frankfurt 1",
  tor1: "Toronto 1",
  blr1: "Bangalore 1",
  syd1: "Sydney 1",
  atl1: "Atlanta 1",
};

interface Image {
  id: number;
  slug: string;
  name: string;
  distribution: string;
}

/** Distributions; the ids are of the right order only. */
export const images: Image[] = [
  { id: 139080001, slug: "debian-12-x64", name: "12 x64", distribution: "Debian" },
  { id: 198080001, slug: "debian-13-x64", name: "13 x64", distribution: "Debian" },
  { id: 155133621, slug: "ubuntu-24-04-x64", name: "24.04 (LTS) x64", distribution: "Ubuntu" },
];

export function sizeView({ slug, memory, vcpus, disk, price_monthly, description }: Size) {
  return {
    slug,
    memory,
    vcpus,
    disk,
    transfer: vcpus,
    price_monthly,
    price_hourly: price_monthly / 672,
    regions: Object.keys(regions),
    available: true,
    description,
  };
}

export function regionView(slug: string) {
  return {
    slug,
    name: regions[slug] ?? slug,
    sizes: sizes.map((size) => size.slug),
    features: ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
    available: true,
  };
}

export function imageView({ id, slug, name, distribution }: Image) {
  return {
    id,
    slug,
    name,
    distribution,
    type: "base",
    public: true,
    regions: Object.keys(regions),
    created_at: "2026-01-15T12:00:00Z",
    min_disk_size: 7,
    size_gigabytes: 0.5,
    description: `${distribution} ${name}`,
    tags: [],
    status: "available",
  };
}

/** What can be ordered. */
export function registerCatalog(app: FastifyInstance): void {
  app.get("/sizes", (request, reply) => sendList(request, reply, "sizes", sizes.map(sizeView)));
  app.get("/regions", (request, reply) => sendList(request, reply, "regions", Object.keys(regions).map(regionView)));
  app.get("/images", (request, reply) => {
    const { type, private: own } = request.query as { type?: string; private?: string };
    const shown = type === "application" || own === "true" ? [] : images;
    return sendList(request, reply, "images", shown.map(imageView));
  });
  app.get("/images/:id", async (request) => {
    const image = imageBy((request.params as { id: string }).id);
    if (!image) throw notFound();
    return { image: imageView(image) };
  });
}

/** An image by id or slug. */
export function imageBy(key: string | number): Image | undefined {
  return images.find(({ id, slug }) => slug === key || String(id) === String(key));
}
