import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { provider } from "../../sandbox/plugins/hcloud";
import { HcloudClient } from "../../sandbox/plugins/hcloud/client";
import { networkOf } from "../../sandbox/plugins/hcloud/firewall";
import { parseSubnetId } from "../../sandbox/plugins/hcloud/networkSubnet";
import { type Server, serverOutputs } from "../../sandbox/plugins/hcloud/serverModel";
import { ProviderClient } from "./client";
import { type Asked, FakeApi, type Reply } from "./fakeApi";

const token = "t".repeat(64);
const signal = new AbortController().signal;

describe("the API client", () => {
  let api: FakeApi;
  afterEach(() => api.stop());

  const start = async (answer: (asked: Asked, count: number) => Reply, exponential = true) => {
    api = await FakeApi.start(answer);
    return new HcloudClient({ endpoint: `${api.url}/v1/`, token, pollInterval: 5, exponential });
  };

  test("sends the token and reads every page", async () => {
    const client = await start((_asked, count) => ({
      body: { things: [{ id: count }], meta: { pagination: { next_page: count < 3 ? count + 1 : null } } },
    }));
    expect(await client.list("/things", "things", signal)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(api.asked.map(({ url }) => url)).toEqual([1, 2, 3].map((page) => `/v1/things?page=${page}&per_page=50`));
    expect(api.asked[0]!.authorization).toBe(`Bearer ${token}`);
  });

  test("looks at running actions until they are done, and names the one that fails", async () => {
    const action = (status: string) => ({ id: 7, command: "create_server", status });
    const client = await start((_asked, count) => ({ body: { actions: [action(count < 3 ? "running" : "success")] } }));
    await client.settle([{ id: 7, command: "create_server", status: "running" }], signal);
    expect(api.asked).toHaveLength(3);
    expect(api.asked[0]!.url).toBe("/v1/actions?id=7&sort=status&sort=id&page=1&per_page=50");
    const failed = { ...action("error"), status: "error" as const, error: { code: "boom", message: "no luck" } };
    await expect(client.settle([failed], signal)).rejects.toThrow("no luck (boom, 7)");
  });

  test("an action that the API no longer knows is an error", async () => {
    const client = await start(() => ({ body: { actions: [] } }));
    const running = { id: 9, command: "x", status: "running" as const };
    await expect(client.settle([running], signal)).rejects.toThrow("actions not found: 9");
  });

  test("tries again on a conflict, not on other errors", async () => {
    const conflict = { status: 409, body: { error: { code: "conflict", message: "busy" } } };
    const client = await start((_asked, count) => (count === 1 ? conflict : { body: { ok: true } }));
    expect(await client.send("POST", "/x", signal)).toEqual({ ok: true });
    expect(api.asked).toHaveLength(2);
  });

  test("invalid input names the fields", async () => {
    const fields = [{ name: "server_type", messages: ["is unknown", "is old"] }];
    const error = { code: "invalid_input", message: "invalid input", details: { fields } };
    const client = await start(() => ({ status: 422, body: { error } }));
    await expect(client.send("POST", "/servers", signal, {})).rejects.toThrow(
      "invalid input (invalid_input): [server_type => [is unknown is old]]",
    );
    expect(api.asked).toHaveLength(1);
  });

  test("what is not found is undefined; an id is looked up before a name", async () => {
    const gone = { status: 404, body: { error: { code: "not_found", message: "no" } } };
    const client = await start(({ url }) => (url.includes("?") ? { body: { images: [{ id: 1 }] } } : gone));
    expect(await client.find("/servers/1", "server", signal)).toBeUndefined();
    const keys = { one: "image", many: "images" };
    expect(await client.findByIdOrName("/images", keys, "42", signal)).toEqual({ id: 1 });
    expect(api.asked.at(-2)!.url).toBe("/v1/images/42");
  });
});

describe("values", () => {
  test("networks are compared without their host bits", () => {
    expect(networkOf("198.51.100.7/24")).toBe("198.51.100.0/24");
    expect(networkOf("0.0.0.0/0")).toBe("0.0.0.0/0");
    expect(networkOf("2001:DB8::/32")).toBe("2001:db8::/32");
    for (const bad of ["", "198.51.100.7", "300.1.1.1/8", "1.2.3.4/33", "::/129", "a/b"]) {
      expect(networkOf(bad)).toBeUndefined();
    }
  });

  test("subnet ids", () => {
    expect(parseSubnetId("4711-10.0.1.0/24")).toEqual({ network: 4711, ipRange: "10.0.1.0/24" });
    expect(parseSubnetId("10.0.1.0/24")).toBeUndefined();
  });

  test("a server's state holds a hash of the user-data and the first address of its network", () => {
    const server = {
      id: 1,
      name: "reef",
      status: "running",
      labels: {},
      backup_window: null,
      primary_disk_size: 40,
      server_type: { name: "cx23", architecture: "x86" },
      location: { name: "fsn1" },
      image: { id: 5, name: "debian-12" },
      placement_group: null,
      protection: { delete: false, rebuild: false },
      public_net: { ipv4: { id: 1, ip: "198.51.100.10" }, ipv6: { id: 2, ip: "2001:db8:1::/64" }, firewalls: [] },
      private_net: [],
    } as Server;
    const outputs = serverOutputs(server, { userData: "hello", image: "debian-12" });
    expect(outputs).toMatchObject({
      userData: "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
      image: "debian-12",
      ipv6Address: "2001:db8:1::1",
    });
    expect(serverOutputs(server, outputs).userData).toBe(outputs.userData);
    expect(serverOutputs(server, { image: "5" }).image).toBe("5");
  });
});

describe("faults", () => {
  let client: ProviderClient;
  beforeAll(async () => {
    client = await ProviderClient.start(provider as unknown as ProviderDefinition<never>, {
      token,
      endpoint: "http://x.invalid",
    });
    return () => client.stop();
  });

  const good = { serverType: "cx23", image: "debian-12" };
  test.each([
    ["Server", { image: "debian-12" }, /Missing required property 'serverType'/],
    ["Server", { ...good, sshkeys: ["a"] }, /Invalid or unknown key.*sshkeys/],
    ["Server", { ...good, sshKeys: [""] }, /at least 1 character/],
    ["Server", { ...good, datacenter: "fsn1-dc14" }, /use location instead/],
    ["Server", { ...good, iso: "x" }, /iso is not supported/],
    ["Server", { ...good, networks: [{ networkId: 1 }, { networkId: 1 }] }, /attached to each network once: 1/],
    ["Server", { ...good, networks: [{ ip: "10.0.0.1" }] }, /either network_id or subnet_id/],
    ["Firewall", { rules: [{ direction: "inn", protocol: "tcp" }] }, /inn is not a valid direction/],
    ["Firewall", { rules: [{ direction: "in", protocol: "tcp", sourceIps: ["1.2.3.4"] }] }, /invalid CIDR address/],
    ["FirewallAttachment", { firewallId: 1 }, /no resources referenced/],
    ["ServerNetwork", { serverId: 1 }, /Exactly one of/],
    ["PrimaryIp", { type: "ipv4" }, /Exactly one of/],
    ["PlacementGroup", { type: "tight" }, /not a valid placement group type/],
  ])("%s %o", async (type, inputs, reason) => {
    const token = `hcloud:index/${type[0]!.toLowerCase()}${type.slice(1)}:${type}`;
    const { reasons } = await client.check(token, inputs);
    expect(reasons.join("\n")).toMatch(reason);
  });

  test("of the configuration", () => {
    const reasons = (config: Record<string, unknown>) => provider.checkConfig!(config).map(({ reason }) => reason);
    expect(reasons({ token })).toEqual([]);
    expect(reasons({ token: "short" })).toEqual(["entered token is invalid (must be exactly 64 characters long)"]);
    expect(reasons({})[0]).toMatch(/Missing Hetzner Cloud API token/);
    expect(reasons({ token, pollInterval: "2" })).toEqual(['time: invalid duration "2"']);
    expect(reasons({ token, endpoint: "api.hetzner" })).toEqual(['"api.hetzner" is not a URL']);
  });
});
