import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetadata, type MetadataEntry } from "../../sandbox/clouds/metadata";

const entry: MetadataEntry = {
  spec: {
    id: 42,
    name: "reef-1",
    ipv4: "127.0.0.1",
    cores: 2,
    memoryMiB: 4096,
    userData: "#cloud-config\nhostname: reef-1\n",
    image: "debian-12",
    location: "fsn1",
    sshKeys: ["ssh-ed25519 AAAA ana"],
  },
  availabilityZone: "fsn1-dc14",
  region: "eu-central",
  privateNetworks: [
    {
      ip: "10.0.1.2",
      aliasIps: ["10.0.1.9"],
      interfaceNumber: 1,
      macAddress: "86:00:00:00:00:01",
      networkId: 7,
      networkName: "inner",
      network: "10.0.0.0/16",
      subnet: "10.0.1.0/24",
      gateway: "10.0.0.1",
    },
  ],
};

let known: Record<string, MetadataEntry>;
let service: FastifyInstance;
let url: string;

beforeEach(async () => {
  known = { "127.0.0.1": entry };
  service = createMetadata({ findByAddress: (ipv4) => known[ipv4] });
  url = await service.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(() => service.close());

const read = async (path: string) => {
  const response = await fetch(url + path);
  return { status: response.status, text: await response.text() };
};

describe("the metadata service", () => {
  it("tells a server about itself in Hetzner's layout", async () => {
    const { text } = await read("/hetzner/v1/metadata");
    expect(parse(text)).toEqual({
      "availability-zone": "fsn1-dc14",
      hostname: "reef-1",
      "instance-id": 42,
      "public-ipv4": "127.0.0.1",
      region: "eu-central",
      "public-keys": ["ssh-ed25519 AAAA ana"],
    });
    expect((await read("/hetzner/v1/metadata/hostname")).text).toBe("reef-1");
    expect((await read("/hetzner/v1/metadata/instance-id")).text).toBe("42");
    expect((await read("/hetzner/v1/metadata/region")).text).toBe("eu-central");
    expect((await read("/hetzner/v1/userdata")).text).toBe(entry.spec.userData);
    expect(parse((await read("/hetzner/v1/metadata/private-networks")).text)).toEqual([
      {
        ip: "10.0.1.2",
        alias_ips: ["10.0.1.9"],
        interface_num: 1,
        mac_address: "86:00:00:00:00:01",
        network_id: 7,
        network_name: "inner",
        network: "10.0.0.0/16",
        subnet: "10.0.1.0/24",
        gateway: "10.0.0.1",
      },
    ]);
  });

  it("tells it in the layout of cloud-init's NoCloud", async () => {
    expect((await read("/nocloud/user-data")).text).toBe(entry.spec.userData);
    expect(await read("/nocloud/vendor-data")).toEqual({ status: 200, text: "" });
    expect(parse((await read("/nocloud/meta-data")).text)).toEqual({
      "instance-id": "42",
      "local-hostname": "reef-1",
      "public-keys": ["ssh-ed25519 AAAA ana"],
    });
  });

  it("tells nobody else", async () => {
    known = { "198.51.100.10": entry };
    for (const path of ["/hetzner/v1/userdata", "/hetzner/v1/metadata", "/nocloud/user-data", "/nocloud/meta-data"]) {
      expect(await read(path)).toEqual({ status: 404, text: "not found\n" });
    }
  });

  it("does not believe what a request says of its origin", async () => {
    known = { "198.51.100.10": entry };
    const headers = { "x-forwarded-for": "198.51.100.10", forwarded: "for=198.51.100.10" };
    expect((await fetch(`${url}/hetzner/v1/userdata`, { headers })).status).toBe(404);
  });
});
