import type { FastifyInstance } from "fastify";
import { HetznerError, notFound } from "./errors";
import { sendList } from "./listing";
import { deprecationAt, type ServerType, serverTypes } from "./serverTypes";

export interface Location {
  id: number;
  name: string;
  description: string;
  country: string;
  city: string;
  latitude: number;
  longitude: number;
  network_zone: string;
}

export const locations: Location[] = [
  place(1, "fsn1", "Falkenstein DC Park 1", "DE", "Falkenstein", 50.47612, 12.370071, "eu-central"),
  place(2, "nbg1", "Nuremberg DC Park 1", "DE", "Nuremberg", 49.452102, 11.076665, "eu-central"),
  place(3, "hel1", "Helsinki DC Park 1", "FI", "Helsinki", 60.169855, 24.938379, "eu-central"),
  place(4, "ash", "Ashburn, VA", "US", "Ashburn, VA", 39.045821, -77.487073, "us-east"),
  place(5, "hil", "Hillsboro, OR", "US", "Hillsboro, OR", 45.54222, -122.951924, "us-west"),
  place(6, "sin", "Singapore", "SG", "Singapore", 1.283333, 103.833333, "ap-southeast"),
];

function place(...fields: [number, string, string, string, string, number, number, string]): Location {
  const [id, name, description, country, city, latitude, longitude, network_zone] = fields;
  return { id, name, description, country, city, latitude, longitude, network_zone };
}

/** Names of the buildings, still part of server metadata and of older clients' models. */
const buildings: Record<string, { id: number; name: string }> = {
  fsn1: { id: 4, name: "fsn1-dc14" },
  nbg1: { id: 2, name: "nbg1-dc3" },
  hel1: { id: 3, name: "hel1-dc2" },
  ash: { id: 5, name: "ash-dc1" },
  hil: { id: 6, name: "hil-dc1" },
  sin: { id: 7, name: "sin-dc1" },
};

/** The data center object that servers carried until July 2026; later clients ignore it. */
export function datacenterOf(location: Location) {
  const { id, name } = buildings[location.name] ?? { id: 0, name: location.name };
  const ids = serverTypes.map((type) => type.id);
  return { id, name, description: name, location, server_types: { supported: ids, available: ids } };
}

export interface Image {
  id: number;
  type: "system";
  status: "available";
  name: string;
  description: string;
  architecture: "x86" | "arm";
  os_flavor: "debian" | "ubuntu";
  os_version: string;
  disk_size: number;
  created: string;
  /** RFC 3339 of the deprecation, null while current. */
  deprecated: string | null;
}

export const images: Image[] = [
  image(114690387, "debian-12", "x86", "debian", "12", "2023-06-13T06:00:13Z"),
  image(114690389, "debian-12", "arm", "debian", "12", "2023-06-13T06:00:17Z"),
  image(310557660, "debian-13", "x86", "debian", "13", "2025-08-11T06:00:11Z"),
  image(310557661, "debian-13", "arm", "debian", "13", "2025-08-11T06:00:16Z"),
  image(161547269, "ubuntu-24.04", "x86", "ubuntu", "24.04", "2024-04-25T13:27:27Z"),
  image(161547270, "ubuntu-24.04", "arm", "ubuntu", "24.04", "2024-04-25T13:27:51Z"),
  image(45557056, "debian-11", "x86", "debian", "11", "2021-08-16T11:12:01Z", "2026-08-31T00:00:00Z"),
];

function image(
  id: number,
  name: string,
  architecture: Image["architecture"],
  os_flavor: Image["os_flavor"],
  os_version: string,
  created: string,
  deprecated: string | null = null,
): Image {
  const description = `${os_flavor === "debian" ? "Debian" : "Ubuntu"} ${os_version}`;
  const fixed = { type: "system", status: "available", disk_size: 5 } as const;
  return { id, ...fixed, name, description, architecture, os_flavor, os_version, created, deprecated };
}

/** Finds by id or name, as every "id or name" field of the API does. */
export function byIdOrName<T extends { id: number; name: string }>(items: T[], key: string | number): T[] {
  return items.filter((item) => item.name === key || String(item.id) === String(key));
}

export function locationView(name: string): Location {
  return locations.find((location) => location.name === name) as Location;
}

export function imageView(item: Image) {
  const never = { image_size: null, created_from: null, bound_to: null, deleted: null, rapid_deploy: true };
  return { ...item, ...never, labels: {}, protection: { delete: false } };
}

export function serverTypeView(type: ServerType) {
  const { monthly, locations: places, deprecated, ...shape } = type;
  const price = (amount: number) => ({ net: amount.toFixed(4), gross: (amount * 1.19).toFixed(4) });
  const everywhere = places.every((name) => deprecationAt(type, name) !== null);
  return {
    ...shape,
    description: type.name.toUpperCase(),
    storage_type: "local",
    deprecated: everywhere,
    deprecation: everywhere ? deprecationAt(type, places[0] as string) : null,
    prices: places.map((location) => ({
      location,
      price_monthly: price(monthly),
      // A month is billed as 24 hours of 26 days.
      price_hourly: price(monthly / 624),
      included_traffic: 20 * 1024 ** 4,
      price_per_tb_traffic: price(1),
    })),
    locations: places.map((name) => ({
      id: locationView(name).id,
      name,
      deprecation: deprecationAt(type, name),
    })),
  };
}

/** What the provider offers: server types, images, locations. Data centers are gone since October 2026. */
export function registerCatalog(app: FastifyInstance): void {
  const offer = (plural: string, singular: string, items: { id: number }[]) => {
    app.get(`/${plural}`, (request, reply) => {
      const { include_deprecated } = request.query as { include_deprecated?: string };
      const shown = items.filter((item) => include_deprecated === "true" || !isDeprecatedImage(item));
      return sendList(request, reply, plural, shown, {
        sort: ["id", "name", "created"],
        match: ["architecture", "type", "status"],
      });
    });
    app.get(`/${plural}/:id`, async (request) => {
      const { id } = request.params as { id: string };
      const item = items.find((candidate) => String(candidate.id) === id);
      if (!item) throw notFound(singular, id);
      return { [singular]: item };
    });
  };
  offer("locations", "location", locations);
  offer("server_types", "server_type", serverTypes.map(serverTypeView));
  offer("images", "image", images.map(imageView));
  offer("isos", "iso", []);
  for (const path of ["/datacenters", "/datacenters/:id"]) {
    app.get(path, () => {
      throw new HetznerError("deprecated_api_endpoint", "data centers were removed, use locations", {
        announcement: "https://docs.hetzner.cloud/changelog#2026-06-02-datacenters-deprecated",
      });
    });
  }
}

function isDeprecatedImage(item: object): boolean {
  return "os_flavor" in item && (item as Image).deprecated !== null;
}
