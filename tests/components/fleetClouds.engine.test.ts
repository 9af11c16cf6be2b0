import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetStack } from "./fleetStack";
import { agent, goodFleet } from "./goodFleet";

const ssh = { cidrs: ["198.51.100.1/32", "2001:db8::/48"] };
const everywhere = ["0.0.0.0/0", "::/0"];

/** A droplet and a group of servers, each in the private network of its cloud, with one agent on the droplet. */
function fleet(count: number, droplet: object = {}): object {
  const reef = { location: "fsn1", size: "cx23", network: "inner", count, ssh };
  const atoll = { provider: "digitalocean", location: "fra1", size: "s-2vcpu-4gb", network: "outer", ssh, ...droplet };
  const networks = {
    inner: { location: "nbg1", range: "10.20.0.0/16" },
    outer: { provider: "digitalocean", location: "fra1", range: "10.30.0.0/20" },
  };
  return { ...goodFleet(), networks, servers: { reef, atoll }, agents: { atlas: agent({ server: "atoll" }) } };
}

describe("a fleet in two clouds", () => {
  let stack: FleetStack;

  beforeAll(async () => {
    stack = await FleetStack.open();
    // The first network of a region becomes its default one, which cannot be deleted.
    await stack.droplets.make("/vpcs", { name: "of-the-region", region: "fra1" });
    await stack.up(fleet(11));
  });
  afterAll(() => stack?.close());

  /** The droplets that there are. */
  const droplets = () => Object.values(stack.droplets.store.state.droplets);
  /** What DigitalOcean was told to make or delete, in order. */
  const writes = () =>
    stack.droplets.entries
      .filter(({ method, status }) => ["POST", "DELETE"].includes(method) && status < 300)
      .map(({ method, path }) => `${method} ${path.replace(/^\/v2\//, "").replace(/\/[^/]*\d[^/]*$/, "/…")}`);

  it("spreads ten servers of Hetzner over as many machines, and the next over others", () => {
    const { servers, placement_groups } = stack.project.store.state;
    const members = Object.values(placement_groups).map(({ id, name, type }) => {
      const here = Object.values(servers).filter(({ placement_group }) => placement_group === id);
      return `${name.replace(/-[0-9a-f]{7}$/, "")} ${type} ${here.length}`;
    });
    expect(members.sort()).toEqual(["reef-spread-1 spread 10", "reef-spread-2 spread 1"]);
  });

  it("puts every server into the network of its cloud", async () => {
    const { servers, networks } = stack.project.store.state;
    expect(Object.values(networks)).toMatchObject([
      { ip_range: "10.20.0.0/16", subnets: [{ type: "cloud", ip_range: "10.20.0.0/16", network_zone: "eu-central" }] },
    ]);
    const inner = Object.values(servers).map(({ id }) => stack.project.call("GET", `/servers/${id}`));
    const addresses = (await Promise.all(inner)).map(({ body }) => body.server.private_net[0]?.ip as string);
    expect(new Set(addresses.filter((address) => address.startsWith("10.20.0."))).size).toBe(11);
    expect(droplets()).toMatchObject([{ private_ipv4: expect.stringMatching(/^10\.30\.0\.\d+$/) }]);
    const outputs = JSON.parse((await stack.deployment.pulumi(["stack", "output", "--json"])).stdout);
    expect(addresses).toContain(outputs.fleet.servers["reef-11"].privateIpv4);
    expect(outputs.fleet.servers.atoll).toMatchObject({
      provider: "digitalocean",
      ipv4: droplets()[0]!.ipv4,
      ipv6: droplets()[0]!.ipv6,
      privateIpv4: droplets()[0]!.private_ipv4,
    });
  });

  it("has the firewall in force before the droplet is there, and no agent of the provider on it", async () => {
    const made = writes().filter((line) => /^POST (tags|firewalls|droplets)$/.test(line));
    expect(made).toEqual(["POST tags", "POST firewalls", "POST droplets"]);
    const [droplet] = droplets();
    expect(droplet).toMatchObject({
      tags: ["creel-sandbox-atoll"],
      image: "debian-12-x64",
      droplet_agent: false,
      monitoring: false,
    });
    expect(await stack.droplets.rules(droplet!.id)).toEqual({
      inbound: [{ protocol: "tcp", port: "22", sources: ssh.cidrs }],
      outbound: [
        { protocol: "tcp", destinations: everywhere },
        { protocol: "udp", destinations: everywhere },
        { protocol: "icmp", destinations: everywhere },
      ],
    });
  });

  it("keeps a droplet when its size, profile or admin ranges change", async () => {
    const [before] = droplets();
    const changed = { size: "s-4vcpu-8gb", profile: "baseline", ssh: { cidrs: ["198.51.100.9/32"] } };
    await stack.up(fleet(1, changed));
    expect(droplets()).toMatchObject([{ id: before!.id, size: "s-4vcpu-8gb", disk: before!.disk }]);
    expect((await stack.droplets.rules(before!.id)).inbound).toMatchObject([{ sources: ["198.51.100.9/32"] }]);
    // A running server cannot leave its placement group, so the last one of a group keeps it.
    expect(Object.values(stack.project.store.state.placement_groups)).toHaveLength(1);
    await stack.settled();
  });

  it("makes a new droplet before it deletes the old one, and moves what is on it", async () => {
    const [before] = droplets();
    stack.droplets.entries.length = 0;
    await stack.up(fleet(1, { rebuild: "once" }));
    expect(writes().filter((line) => /droplets/.test(line))).toEqual(["POST droplets", "DELETE droplets/…"]);
    expect(droplets()).toHaveLength(1);
    expect(droplets()[0]!.id).not.toBe(before!.id);
    // With the host key by which it is known first.
    expect(droplets()[0]!.user_data).not.toBe(before!.user_data);
    expect(stack.servers.running()).toContain("atlas");
    await stack.settled();
  });

  it("leaves nothing behind", async () => {
    await stack.deployment.pulumi(["destroy", "--yes", "--skip-preview"]);
    expect(await stack.left()).toEqual([]);
  });
});
