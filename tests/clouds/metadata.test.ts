import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dropletMetadata } from "../../sandbox/clouds/digitalocean/metadata";
import type { Droplet } from "../../sandbox/clouds/digitalocean/model";
import { hetznerMetadata } from "../../sandbox/clouds/hetzner/metadata";
import { createMetadata, type MetadataEntry } from "../../sandbox/clouds/metadata";

const entry = hetznerMetadata({
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
      alias_ips: ["10.0.1.9"],
      interface_num: 1,
      mac_address: "86:00:00:00:00:01",
      network_id: 7,
      network_name: "inner",
      network: "10.0.0.0/16",
      subnet: "10.0.1.0/24",
      gateway: "10.0.0.1",
    },
  ],
});

const droplet: Droplet = {
  id: 400_000_042,
  name: "atoll-1",
  created_at: "2026-11-25T12:00:00Z",
  status: "active",
  size: "s-2vcpu-4gb",
  image: "debian-12-x64",
  region: "fra1",
  tags: ["managed-by:creel"],
  disk: 80,
  user_data: "#cloud-config\nhostname: atoll-1\n",
  ssh_keys: ["ssh-ed25519 AAAA ana"],
  vpc_uuid: "1",
  ipv4: "127.0.0.1",
  ipv6: "2001:db8:d0::17d7:842a",
  private_ipv4: "10.20.0.2",
  monitoring: false,
  droplet_agent: false,
  backups: false,
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

  it("tells a droplet about itself in DigitalOcean's layout, and nothing in Hetzner's", async () => {
    known = { "127.0.0.1": dropletMetadata(droplet, "10.20.0.0/24") };
    expect(JSON.parse((await read("/metadata/v1.json")).text)).toMatchObject({
      droplet_id: 400_000_042,
      hostname: "atoll-1",
      user_data: droplet.user_data,
      region: "fra1",
      public_keys: ["ssh-ed25519 AAAA ana"],
      interfaces: {
        public: [
          {
            ipv4: { ip_address: "127.0.0.1", gateway: "127.0.0.1", netmask: "255.255.255.0" },
            ipv6: { cidr: 64 },
            type: "public",
          },
        ],
        private: [{ ipv4: { ip_address: "10.20.0.2", netmask: "255.255.255.0", gateway: "10.20.0.1" } }],
      },
    });
    const lines = async (path: string) => (await read(`/metadata/v1/${path}`)).text.split("\n");
    expect(await lines("")).toEqual([
      ...["id", "hostname", "user-data", "vendor-data", "public-keys", "region"],
      ...["interfaces/", "dns/", "floating_ip/", "reserved_ip/", "tags/", "features/"],
    ]);
    expect(await lines("interfaces/public/")).toEqual(["0/"]);
    expect(await lines("interfaces/public/0/")).toEqual(["ipv4/", "ipv6/", "mac", "type"]);
    expect(await lines("interfaces/private/0/ipv4/address")).toEqual(["10.20.0.2"]);
    expect(await lines("tags/")).toEqual(["managed-by:creel"]);
    expect(await lines("id")).toEqual(["400000042"]);
    expect(await lines("dns/nameservers")).toHaveLength(2);
    expect((await read("/metadata/v1/user-data")).text).toBe(droplet.user_data);
    expect((await read("/nocloud/user-data")).text).toBe(droplet.user_data);
    for (const path of ["/hetzner/v1/userdata", "/metadata/v1/constructor", "/metadata/v10", "/metadata/v1/id/x"]) {
      expect((await read(path)).status).toBe(404);
    }
    known = { "127.0.0.1": entry };
    expect((await read("/metadata/v1.json")).status).toBe(404);
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
