import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import { beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "../../components/fleet";
import type { FleetSpec } from "../../components/fleetSpec";
import { agent, deepSet, goodFleet } from "./goodFleet";
import { find, type Registered, register, resolved, urns } from "./mocks";

/** A fleet of two servers at Hetzner and one at DigitalOcean, each cloud with its private network. */
function twoClouds(): Record<string, unknown> {
  const spec = goodFleet();
  const ssh = { cidrs: ["198.51.100.1/32"] };
  deepSet(spec, "networks", {
    inner: { location: "nbg1", range: "10.20.0.0/16" },
    outer: { provider: "digitalocean", location: "fra1", range: "10.30.0.0/20" },
  });
  deepSet(spec, "servers.reef", { location: "fsn1", size: "cx33", count: 2, network: "inner", ssh });
  const droplet = { provider: "digitalocean", location: "fra1", size: "s-2vcpu-4gb", network: "outer", ssh };
  deepSet(spec, "servers.atoll", droplet);
  deepSet(spec, "agents.atlas", agent({ server: "atoll" }));
  return spec;
}

describe("a fleet in two clouds", () => {
  let registered: Registered[];
  let names: string[];
  let made: Fleet;

  beforeAll(async () => {
    registered = await register(() => {
      const tunnelProvider = new CloudflareProvider("tunnels", {});
      const settingsProvider = new CloudflareProvider("zone-settings", {});
      const secrets = { atlas: { B_KEY: "CANARY-1", A_KEY: "CANARY-2" } };
      made = new Fleet("fleet", { spec: twoClouds() as FleetSpec, secrets, tunnelProvider, settingsProvider });
    });
    names = urns();
  });

  it("owns networks and groups itself, and the rest of a server by the server", () => {
    expect(names.filter((name) => /(hcloud|digitalocean):/.test(name))).toEqual([
      "creel:index:Fleet$digitalocean:index/vpc:Vpc::outer",
      "creel:index:Fleet$hcloud:index/network:Network::inner",
      "creel:index:Fleet$hcloud:index/networkSubnet:NetworkSubnet::inner",
      "creel:index:Fleet$hcloud:index/placementGroup:PlacementGroup::reef-spread-1",
      "creel:index:HardenedServer$digitalocean:index/droplet:Droplet::atoll",
      "creel:index:HardenedServer$digitalocean:index/firewall:Firewall::atoll",
      "creel:index:HardenedServer$digitalocean:index/sshKey:SshKey::atoll",
      "creel:index:HardenedServer$digitalocean:index/tag:Tag::atoll",
      "creel:index:HardenedServer$hcloud:index/firewall:Firewall::reef-1",
      "creel:index:HardenedServer$hcloud:index/firewall:Firewall::reef-2",
      "creel:index:HardenedServer$hcloud:index/server:Server::reef-1",
      "creel:index:HardenedServer$hcloud:index/server:Server::reef-2",
      "creel:index:HardenedServer$hcloud:index/serverNetwork:ServerNetwork::reef-1",
      "creel:index:HardenedServer$hcloud:index/serverNetwork:ServerNetwork::reef-2",
      "creel:index:HardenedServer$hcloud:index/sshKey:SshKey::reef-1",
      "creel:index:HardenedServer$hcloud:index/sshKey:SshKey::reef-2",
    ]);
  });

  it("gives a network of Hetzner one subnet, in the zone of its location, and DigitalOcean's a region", () => {
    const labels = { "managed-by": "creel" };
    const inputs = (type: string, name: string) => find(registered, type, name).inputs;
    expect(inputs("hcloud:index/network:Network", "inner")).toEqual({ ipRange: "10.20.0.0/16", labels });
    expect(inputs("hcloud:index/networkSubnet:NetworkSubnet", "inner")).toMatchObject({
      type: "cloud",
      ipRange: "10.20.0.0/16",
      networkZone: "eu-central",
    });
    expect(inputs("hcloud:index/placementGroup:PlacementGroup", "reef-spread-1")).toEqual({ type: "spread", labels });
    expect(inputs("digitalocean:index/vpc:Vpc", "outer")).toEqual({ region: "fra1", ipRange: "10.30.0.0/20" });
    expect(inputs("digitalocean:index/droplet:Droplet", "atoll").vpcUuid).toBe("outer-id");
  });

  it("tells of every server whose it is, and of every agent what it may have", async () => {
    const { servers, agents } = await resolved(made.inventory);
    const reef = {
      provider: "hcloud",
      location: "fsn1",
      size: "cx33",
      ipv4: "198.51.100.10",
      ipv6: "2001:db8:1::1",
      privateIpv4: "10.20.0.2",
    };
    const atoll = {
      provider: "digitalocean",
      location: "fra1",
      size: "s-2vcpu-4gb",
      ipv4: "198.51.100.130",
      ipv6: "2001:db8:2::1",
      privateIpv4: "10.30.0.2",
    };
    expect(servers).toMatchObject({ "reef-1": reef, "reef-2": reef, atoll });
    expect(agents.atlas).toMatchObject({
      tenant: "ana",
      zone: "example.com",
      server: "atoll",
      memory: 256,
      secretNames: ["A_KEY", "B_KEY"],
    });
    expect(JSON.stringify({ servers, agents })).not.toContain("CANARY");
  });
});
