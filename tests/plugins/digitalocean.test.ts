import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/digitalocean";
import { DigitalOceanClient } from "../../sandbox/plugins/digitalocean/client";
import { type Droplet, dropletOutputs } from "../../sandbox/plugins/digitalocean/dropletModel";
import { directions, ruleProps, wireRule } from "../../sandbox/plugins/digitalocean/firewallRules";
import { officialPace, type Pace, paceOf, quickPace, waitFor } from "../../sandbox/plugins/digitalocean/waits";
import type { Props, ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { TestAccount, token } from "../clouds/digitalocean/account";
import { ProviderClient } from "./client";
import { type Asked, FakeApi, type Reply } from "./fakeApi";

const signal = new AbortController().signal;
const instant: Pace = { delay: 1, min: 1, max: 2 };
const tokens = (type: string) => `digitalocean:index/${type[0]!.toLowerCase()}${type.slice(1)}:${type}`;
const start = (apiEndpoint: string, more: Props = {}) =>
  ProviderClient.start(provider as unknown as ProviderDefinition<never>, { token, apiEndpoint, ...more });

describe("the API client", () => {
  let api: FakeApi;
  afterEach(() => api.stop());

  const client = async (answer: (asked: Asked, count: number) => Reply, retries = 4) => {
    api = await FakeApi.start(answer);
    const retryWait = { min: 0.01, max: 0.02 };
    return new DigitalOceanClient({
      endpoint: api.url,
      token,
      retries,
      retryWait,
      requestsPerSecond: 0,
      pace: instant,
    });
  };
  const limited = { id: "too_many_requests", message: "API rate limit exceeded.", request_id: "r1" };

  test("comes back after as long as the service says, and gives up after as many tries as it may make", async () => {
    const headers = { "retry-after": "1" };
    const patient = await client((_asked, count) =>
      count < 2 ? { status: 429, headers, body: limited } : { body: { droplet: { id: 1 } } },
    );
    const began = Date.now();
    expect(await patient.find("/droplets/1", "droplet", signal)).toEqual({ id: 1 });
    expect(Date.now() - began).toBeGreaterThanOrEqual(950);
    expect(api.asked.map(({ url, authorization }) => [url, authorization])).toEqual(
      Array(2).fill(["/v2/droplets/1", `Bearer ${token}`]),
    );
    await api.stop();

    const refused = await client(() => ({ status: 429, body: limited }));
    await expect(refused.send("POST", "/droplets", signal, {})).rejects.toThrow(
      `POST ${api.url}/v2/droplets: 429 (request "r1") API rate limit exceeded.; giving up after 5 attempt(s)`,
    );
    expect(api.asked).toHaveLength(5);
  });

  test("does not repeat what is wrong; nothing found is undefined", async () => {
    const wrong = { id: "unprocessable_entity", message: "no such size" };
    const picky = await client(({ method }) =>
      method === "GET" ? { status: 404, body: {} } : { status: 422, body: wrong },
    );
    await expect(picky.send("POST", "/droplets", signal, {})).rejects.toThrow("422 no such size");
    expect(api.asked).toHaveLength(1);
    expect(await picky.find("/droplets/1", "droplet", signal)).toBeUndefined();
  });

  test("waits for an action, and says when it failed", async () => {
    const action = (status: string) => ({ id: 7, status, completed_at: status === "in-progress" ? null : "now" });
    const lucky = await client((_asked, count) => ({
      body: { action: action(count < 3 ? "in-progress" : "completed") },
    }));
    await lucky.settle(action("in-progress"), signal);
    expect(api.asked.map(({ url }) => url)).toEqual(Array(3).fill("/v2/actions/7"));
    await api.stop();
    const unlucky = await client(() => ({ body: { action: action("errored") } }));
    await expect(unlucky.settle(action("in-progress"), signal)).rejects.toThrow("unexpected state 'errored'");
  });
});

describe("waits", () => {
  const states = (...list: (string | undefined)[]) => {
    const left = [...list];
    return async () => {
      const state = left.length > 1 ? left.shift() : left[0];
      return state === undefined ? undefined : { state };
    };
  };
  const wait = { pending: ["new"], target: "active", timeout: 5 };

  test("until the target, through what can not be told yet", async () => {
    await waitFor({ ...wait, look: states("new", undefined, "active") }, instant, signal);
    const unexpected = waitFor({ ...wait, look: states("new", "off") }, instant, signal);
    await expect(unexpected).rejects.toThrow("unexpected state 'off', wanted target 'active'");
    const blind = waitFor({ ...wait, look: states(undefined), blindLooks: 3 }, instant, signal);
    await expect(blind).rejects.toThrow("couldn't find resource (4 retries)");
    const late = waitFor({ ...wait, look: states("new"), timeout: 0.05 }, instant, signal);
    await expect(late).rejects.toThrow("timeout while waiting for state to become 'active' (last state: 'new'");
  });

  test("as slow as the official provider only when told", () => {
    expect(paceOf(undefined)).toBe(quickPace);
    expect(paceOf("official")).toBe(officialPace);
    expect(officialPace.delay).toBe(10_000);
    expect(() => paceOf("slow")).toThrow('write "official" or "quick"');
  });
});

describe("values", () => {
  const [inbound] = directions;
  test("all ports are 0 on the wire's way back, and icmp has none", () => {
    const rule = { protocol: "tcp", portRange: "all", sourceAddresses: ["::/0"] };
    expect(wireRule(inbound, rule)).toEqual({ protocol: "tcp", ports: "all", sources: { addresses: ["::/0"] } });
    expect(ruleProps(inbound, { protocol: "tcp", ports: "0", sources: { addresses: ["::/0"] } })).toEqual(rule);
    expect(ruleProps(inbound, { protocol: "icmp", ports: "0", sources: { tags: ["a"] } })).toEqual({
      protocol: "icmp",
      sourceTags: ["a"],
    });
  });

  test("a droplet's state holds a hash of the user-data, the image as written, and features as switches", () => {
    const droplet: Droplet = {
      id: 7,
      name: "reef",
      status: "active",
      locked: false,
      created_at: "2026-01-02T03:04:05Z",
      region: { slug: "fra1" },
      size: { slug: "s-1vcpu-1gb", price_hourly: 0.00893, price_monthly: 6 },
      image: { id: 5, slug: "debian-13-x64" },
      disk: 25,
      vcpus: 1,
      memory: 1024,
      vpc_uuid: "v",
      features: ["ipv6", "private_networking"],
      volume_ids: [],
      tags: null,
      networks: {
        v4: [
          { ip_address: "10.0.0.2", type: "private" },
          { ip_address: "198.51.100.9", type: "public" },
        ],
        v6: [{ ip_address: "2001:DB8::9", type: "public" }],
      },
    };
    const outputs = dropletOutputs(droplet, { userData: "hello", image: "debian-12-x64" });
    expect(outputs).toMatchObject({
      userData: "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
      image: "debian-12-x64",
      dropletUrn: "do:droplet:7",
      ipv4Address: "198.51.100.9",
      ipv4AddressPrivate: "10.0.0.2",
      ipv6Address: "2001:db8::9",
      priceHourly: 0.00893,
      ipv6: true,
      backups: false,
      publicNetworking: true,
      tags: [],
    });
    expect(dropletOutputs(droplet, outputs).userData).toBe(outputs.userData);
  });
});

describe("faults and differences", () => {
  let client: ProviderClient;
  beforeAll(async () => {
    client = await start("http://x.invalid");
    return () => client.stop();
  });

  const good = { image: "debian-12-x64", size: "s-1vcpu-1gb" };
  const ssh = { protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.0/24"] };
  test.each([
    ["Droplet", { image: "debian-12-x64" }, /Missing required property 'size'/],
    ["Droplet", { ...good, sshkeys: ["1"] }, /Invalid or unknown key.*sshkeys/],
    ["Droplet", { ...good, image: "" }, /image must not be empty/],
    ["Droplet", { ...good, sshKeys: [""] }, /ssh_keys must not be empty.*sshKeys\[0\]/],
    ["Droplet", { ...good, tags: ["a.b"] }, /tags may contain.*tags\[0\]/],
    ["Droplet", { ...good, backups: true, backupPolicy: { plan: "hourly" } }, /daily/],
    ["Firewall", {}, /At least one rule must be specified/],
    ["Firewall", { inboundRules: [{ protocol: "tcp" }] }, /`port_range` of inbound rules is required/],
    ["Firewall", { inboundRules: [{ ...ssh, protocol: "gre" }] }, /"tcp" "udp" "icmp"/],
    ["Firewall", { inboundRules: [{ ...ssh, sourceAddresses: [""] }] }, /source_addresses must not be empty/],
    ["Firewall", { inboundRules: [{ ...ssh, action: "deny" }] }, /action is not supported/],
    ["Tag", { name: "a b" }, /tags may contain/],
    ["Vpc", { region: "fra1", ipRange: "10.0.0.0" }, /valid CIDR/],
    ["Vpc", { region: "fra1", description: "x".repeat(256) }, /expected length of description/],
    ["SshKey", {}, /Missing required property 'publicKey'/],
  ])("%s %o", async (type, inputs, reason) => {
    expect((await client.check(tokens(type), inputs)).reasons.join("\n")).toMatch(reason);
  });

  const whole = { ...good, name: "reef", region: "fra1", ipv6: true, monitoring: false, tags: ["Fleet:a", "b"] };
  test.each([
    ["image", { image: "ubuntu-24-04-x64" }],
    ["region", { region: "ams3" }],
    ["sshKeys", { sshKeys: ["1"] }],
    ["userData", { userData: "x" }],
    ["vpcUuid", { vpcUuid: "v" }],
    ["monitoring", { monitoring: true }],
    ["dropletAgent", { dropletAgent: false }],
    ["publicNetworking", { publicNetworking: false }],
    ["ipv6", { ipv6: false }],
  ])("another %s replaces a droplet", async (_name, change) => {
    expect((await client.diff(tokens("Droplet"), whole, { ...whole, ...change })).replaces).not.toEqual([]);
  });

  test("size, name, backups and tags do not; capitals of regions, sizes and tags are no difference", async () => {
    const change = { size: "s-2vcpu-4gb", name: "atoll", backups: true, tags: ["c"] };
    const difference = await client.diff(tokens("Droplet"), whole, { ...whole, ...change });
    expect([difference.changed, difference.replaces]).toEqual([true, []]);
    const shouting = { ...whole, region: "FRA1", size: "S-1VCPU-1GB", tags: ["B", "fleet:A"] };
    expect((await client.diff(tokens("Droplet"), whole, shouting)).changed).toBe(false);
    const without = { ...whole, ipv6: false };
    expect((await client.diff(tokens("Droplet"), without, whole)).replaces).toEqual([]);
  });

  test("of the configuration", () => {
    expect(provider.checkConfig!({ apiEndpoint: "api.digitalocean" }).map(({ property }) => property)).toEqual([
      "apiEndpoint",
    ]);
    expect(provider.checkConfig!({ apiEndpoint: "http://127.0.0.1:1" })).toEqual([]);
  });
});

describe("against the account", () => {
  let account: TestAccount;
  let client: ProviderClient;
  beforeAll(async () => {
    account = await new TestAccount({}).start();
    client = await start(account.url, { httpRetryMax: 0 });
    return async () => {
      client.stop();
      await account.stop();
    };
  });
  const order = {
    name: "reef",
    image: "debian-12-x64",
    size: "s-1vcpu-1gb",
    region: "fra1",
    ipv6: false,
    backups: false,
  };

  test("a droplet that is off is resized all the same; IPv6 and backups are turned on; deleting waits", async () => {
    const { id, outputs } = await client.create(tokens("Droplet"), order);
    expect(outputs.status).toBe("active");
    await account.act(Number(id), { type: "power_off" });
    const news = { ...order, size: "s-1vcpu-2gb", ipv6: true, backups: true };
    const changed = await client.update(tokens("Droplet"), id, outputs, order, news);
    expect(changed).toMatchObject({ size: "s-1vcpu-2gb", status: "active", ipv6: true, backups: true });
    expect(changed.ipv6Address).toMatch(/^2001:db8:/);
    await client.delete(tokens("Droplet"), id, changed);
    expect((await account.call("GET", `/droplets/${id}`)).status).toBe(404);
    expect((await client.read(tokens("Droplet"), id, changed, news)).id).toBe("");
    await expect(client.delete(tokens("Droplet"), id, changed)).rejects.toThrow("unexpected state 'Not Found'");
  });

  test("a refusal is told in the API's words behind what was being done", async () => {
    await expect(client.create(tokens("Droplet"), { ...order, size: "huge" })).rejects.toThrow(
      /Error creating droplet: POST .*\/v2\/droplets: 422 .*invalid size/,
    );
    await expect(client.create(tokens("Droplet"), { ...order, backupPolicy: { plan: "daily" } })).rejects.toThrow(
      "backup_policy can only be set when backups are enabled",
    );
  });

  test("a droplet that never becomes active stays in state, to be replaced", async () => {
    const broken = await new TestAccount({ create: () => Promise.reject(new Error("no host")) }).start();
    const other = await start(broken.url);
    const failure = await other.create(tokens("Droplet"), order).catch((error: Error) => error);
    expect(String(failure)).toMatch(/unexpected state 'off', wanted target 'active'/);
    expect((await broken.call("GET", "/droplets")).body.droplets).toHaveLength(1);
    other.stop();
    await broken.stop();
  });
});
