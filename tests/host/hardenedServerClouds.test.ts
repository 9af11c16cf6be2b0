import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HardenedServer, type HardenedServerArgs } from "../../components/hardenedServer";
import { hostKeyFrom } from "../../components/host/hostKey";
import { hardenedServerFaults } from "../../components/host/serverFaults";
import { find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "../components/mocks";
import { ed25519Key } from "./keys";

const access = { adminKeys: [ed25519Key], adminCidrs: ["198.51.100.7/32", "2001:db8::/48"] };
const droplet: HardenedServerArgs = { provider: "digitalocean", location: "fra1", size: "s-2vcpu-4gb", ...access };
const server: HardenedServerArgs = { location: "fsn1", size: "cx33", ...access };
const dropletType = "digitalocean:index/droplet:Droplet";
const everywhere = ["0.0.0.0/0", "::/0"];

describe("HardenedServer on DigitalOcean", () => {
  let registered: Registered[];
  let names: string[];
  let made: HardenedServer;

  beforeAll(async () => {
    registered = await register(() => {
      made = new HardenedServer("atoll", { ...droplet, labels: { team: "blue", empty: "" } });
    });
    names = urns();
  });

  const inputs = (type: string, name: string) => find(registered, type, name).inputs;
  const seed = "password-of-atoll-host-key-seed".padEnd(64, "x");

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      "creel:index:HardenedServer$command:local:Command::atoll-converge",
      "creel:index:HardenedServer$command:local:Command::atoll-host-key-activate",
      "creel:index:HardenedServer$command:local:Command::atoll-host-key-stage",
      "creel:index:HardenedServer$digitalocean:index/droplet:Droplet::atoll",
      "creel:index:HardenedServer$digitalocean:index/firewall:Firewall::atoll",
      "creel:index:HardenedServer$digitalocean:index/sshKey:SshKey::atoll",
      "creel:index:HardenedServer$digitalocean:index/tag:Tag::atoll",
      "creel:index:HardenedServer$random:index/randomPassword:RandomPassword::atoll-host-key-seed",
      "creel:index:HardenedServer::atoll",
    ]);
  });

  it("lets SSH in from the admin ranges and nothing else, and everything out", () => {
    expect(inputs("digitalocean:index/firewall:Firewall", "atoll")).toEqual({
      inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: access.adminCidrs }],
      outboundRules: [
        { protocol: "tcp", portRange: "all", destinationAddresses: everywhere },
        { protocol: "udp", portRange: "all", destinationAddresses: everywhere },
        { protocol: "icmp", destinationAddresses: everywhere },
      ],
      tags: ["creel-test-atoll"],
    });
  });

  it("makes the tag, then the firewall that holds it, then the droplet that has it", () => {
    expect(inputs("digitalocean:index/tag:Tag", "atoll")).toEqual({ name: "creel-test-atoll" });
    const order = registered.map(({ type }) => type.split(":").at(-1)).filter((type) => type !== "Command");
    expect(order.filter((type) => ["Tag", "Firewall", "Droplet"].includes(type!))).toEqual([
      "Tag",
      "Firewall",
      "Droplet",
    ]);
  });

  it("orders a droplet that the provider names, without the provider's agents", () => {
    const { userData, ...rest } = inputs(dropletType, "atoll");
    expect(rest).toEqual({
      region: "fra1",
      size: "s-2vcpu-4gb",
      image: "debian-12-x64",
      resizeDisk: false,
      ipv6: true,
      monitoring: false,
      dropletAgent: false,
      sshKeys: ["atoll-id"],
      tags: ["creel-test-atoll", "team:blue", "empty"],
    });
    expect(isSecretWrapper(userData)).toBe(true);
    expect(parse(unwrapped(userData) as string).ssh_keys.ed25519_public).toBe(hostKeyFrom(seed).publicKey);
  });

  it("registers a key at the provider that is no administrator's and no host's", () => {
    const { publicKey } = inputs("digitalocean:index/sshKey:SshKey", "atoll");
    expect(publicKey).toMatch(/^ssh-ed25519 /);
    expect([hostKeyFrom(seed).publicKey, ed25519Key]).not.toContain(publicKey);
  });

  it("gives what a server of any cloud gives", async () => {
    expect(await resolved(made.ipv4)).toBe("198.51.100.130");
    expect(await resolved(made.ipv6)).toBe("2001:db8:2::1");
    // It is in the region's own network all the same, which nobody has asked for.
    expect(await resolved(made.privateIpv4)).toBeUndefined();
    expect(await resolved(made.dockerHost)).toBe("ssh://deploy@198.51.100.130:22");
    expect(made.resource.urn).toBeDefined();
    expect(made.ready).toHaveLength(1);
    expect(inputs("command:local:Command", "atoll-converge").triggers).toEqual(["atoll-id"]);
  });

  it("has no secret in plain text anywhere", () => {
    const secret = hostKeyFrom(seed).privateKey.split("\n")[2]!;
    for (const { name, type, inputs: given } of registered) {
      const plain = JSON.stringify(given, (_, value) => (isSecretWrapper(value) ? "[secret]" : value));
      expect(plain.includes(seed) || plain.includes(secret), `${type} ${name}`).toBe(false);
    }
  });

  it("registers the same in a preview", async () => {
    expect(await register(() => new HardenedServer("atoll", droplet), true)).toHaveLength(9);
  });
});

describe("HardenedServer in a private network", () => {
  it("of Hetzner is attached to its subnet, and in its placement group", async () => {
    let made: HardenedServer | undefined;
    const registered = await register(() => {
      made = new HardenedServer("reef", { ...server, network: { id: "4711-10.20.0.0/16" }, placementGroupId: "12" });
    });
    expect(find(registered, "hcloud:index/server:Server", "reef").inputs.placementGroupId).toBe(12);
    expect(find(registered, "hcloud:index/serverNetwork:ServerNetwork", "reef").inputs).toEqual({
      // The engine of the mocks gives ids that are no numbers, as Hetzner's are.
      serverId: Number.NaN,
      subnetId: "4711-10.20.0.0/16",
    });
    expect(await resolved(made!.privateIpv4)).toBe("10.20.0.2");
  });

  it("of DigitalOcean is made in it", async () => {
    let made: HardenedServer | undefined;
    const registered = await register(() => {
      made = new HardenedServer("atoll", { ...droplet, network: { id: "8d1f" } });
    });
    expect(find(registered, dropletType, "atoll").inputs.vpcUuid).toBe("8d1f");
    expect(await resolved(made!.privateIpv4)).toBe("10.30.0.2");
  });

  it("has none without one", async () => {
    let made: HardenedServer | undefined;
    await register(() => {
      made = new HardenedServer("reef", server);
    });
    expect(await resolved(made!.privateIpv4)).toBeUndefined();
    expect(await resolved(made!.ipv6)).toBe("2001:db8:1::1");
  });
});

describe("what DigitalOcean would refuse", () => {
  const faults = (change: object) =>
    hardenedServerFaults("atoll", { ...droplet, ...change }).map(({ path, reason }) => `${path} ${reason}`);

  it.each<[string, object]>([
    ["nothing special", {}],
    ["sizes of other families", { size: "c-4" }],
    ["sizes with points and lines", { size: "so1_5-4vcpu-32gb" }],
    ["150 ranges", { adminCidrs: Array.from({ length: 150 }, (_, i) => `198.51.100.${i}/32`) }],
  ])("accepts %s", (_, change) => expect(faults(change)).toEqual([]));

  it.each<[object, string]>([
    [{ provider: "digitalOcean" }, "provider is not a provider of servers"],
    [{ provider: "__proto__" }, "provider is not a provider of servers"],
    [{ location: "fsn" }, "location is not a region"],
    [{ size: "cx33" }, "size is not a size"],
    [{ image: "debian-12-x64" }, "image is not an image that can be hardened"],
    [{ placementGroupId: "12" }, "placementGroupId is not for DigitalOcean, which has no such groups"],
    [{ labels: { "team.example": "blue" } }, "labels.team.example makes no tag with its key"],
    [{ labels: { team: "b".repeat(255) } }, "labels.team makes no tag with its key"],
    [
      { adminCidrs: Array.from({ length: 1001 }, (_, i) => `198.51.${i >> 8}.${i & 255}/32`) },
      "adminCidrs are 1001 ranges, and a firewall rule of DigitalOcean takes 1000",
    ],
  ])("refuses %j", (change, expected) => expect(faults(change)).toEqual([expected]));

  it("is refused before anything is made", async () => {
    const registered: Registered[] = [];
    const bad = { ...droplet, placementGroupId: "12", location: "?" };
    await expect(
      register(() => new HardenedServer("atoll", bad)).then((all) => registered.push(...all)),
    ).rejects.toThrow(
      [
        "HardenedServer atoll has 2 faults; nothing was changed",
        '  location            "?" is not a region: write one such as fra1, ams3, lon1 or nyc3',
        "  placementGroupId    is not for DigitalOcean, which has no such groups: remove it",
      ].join("\n"),
    );
    expect(registered).toEqual([]);
  });
});
