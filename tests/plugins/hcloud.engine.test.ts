import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHetzner, emptyHetzner } from "../../sandbox/clouds/hetzner/server";
import { noMachines } from "../../sandbox/clouds/machines";
import type { RequestEntry } from "../../sandbox/clouds/requestLog";
import { memoryStore } from "../../sandbox/clouds/store";
import { ProgramStack } from "./stack";

const token = "t".repeat(64);
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUrGsGnlmyVPsF7oQmz2Ry5c7J9QL2u0FGqNyXyV ops";

let api: FastifyInstance;
let endpoint: string;
let stack: ProgramStack;
const requests: string[] = [];

const send = (method: string, path: string, body?: unknown) =>
  fetch(`${endpoint}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function inventory(): Promise<Record<string, number>> {
  const response = await fetch(`${endpoint.replace("/v1", "")}/_sandbox/inventory`);
  const kinds = (await response.json()) as Record<string, { count: number }>;
  return Object.fromEntries(
    Object.entries(kinds)
      .map(([kind, { count }]): [string, number] => [kind, count])
      .filter(([, count]) => count > 0),
  );
}

/** A server with its key and firewall; `args` are laid over the server's, `rules` are the firewall's. */
function program(
  args = "{}",
  rules = `[{ direction: "in", protocol: "tcp", port: "22", sourceIps: ["198.51.100.7/32"] }]`,
) {
  return `
    const key = new hcloud.SshKey("ops", { publicKey: "${key}" });
    const firewall = new hcloud.Firewall("wall", { labels: { fleet: "reef" }, rules: ${rules} });
    const spare = new hcloud.Firewall("spare", { rules: ${rules} });
    const server = new hcloud.Server("reef", {
      serverType: "cx23",
      image: "debian-12",
      location: "fsn1",
      labels: { fleet: "reef" },
      sshKeys: [key.id],
      firewallIds: [firewall.id.apply(Number)],
      userData: pulumi.secret("#cloud-config canary"),
      ...${args},
    });
    exports.id = server.id;
    exports.ip = server.ipv4Address;
    exports.ip6 = server.ipv6Address;
    exports.status = server.status;
    exports.name = server.name;
    exports.firewall = firewall.id;
    exports.spare = spare.id;
  `;
}

/** What the plugin asked of the API since the last look. */
const asked = () => requests.splice(0);

beforeAll(async () => {
  const log = (entry: RequestEntry) => void requests.push(`${entry.method} ${entry.path}`);
  const pool = ["198.51.100.10", "198.51.100.11", "198.51.100.12"];
  api = createHetzner({ store: memoryStore(emptyHetzner()), machines: noMachines(), token, pool, log });
  endpoint = `${await api.listen({ host: "127.0.0.1", port: 0 })}/v1`;
  stack = await ProgramStack.open({ HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: endpoint }, ["hcloud"]);
  await stack.must("config", "set", "hcloud:pollInterval", "20ms");
});
afterAll(async () => {
  await stack?.close();
  expect(await inventory()).toEqual({});
  await api?.close();
});

test("a server is ordered with key and firewall in one call, and settles", async () => {
  await stack.up(program());
  const outputs = await stack.outputs();
  expect(outputs.id).toMatch(/^\d+$/);
  expect(outputs.ip).toMatch(/^198\.51\.100\.1\d$/);
  expect(outputs.ip6).toMatch(/::1$/);
  expect(outputs.name).toMatch(/^reef-[0-9a-f]{7}$/);
  const calls = asked();
  const order = calls.filter((call) => /server_types|images|POST .*\/servers|GET .*\/servers\//.test(call));
  expect(order.map((call) => call.split("?")[0])).toEqual([
    "GET /v1/server_types",
    "GET /v1/images",
    "POST /v1/servers",
    `GET /v1/servers/${outputs.id}`,
  ]);
  expect(calls.filter((call) => call.includes("apply_to_resources"))).toEqual([]);

  const state = await stack.stateText();
  expect(state).not.toContain("canary");
  expect((await stack.resource("reef")).outputs?.userData).not.toBe("#cloud-config canary");
  await stack.expectSettled();
  await stack.must("up", "--yes", "--skip-preview", "--expect-no-changes");
});

test("name, labels, type and firewalls change in place", async () => {
  const before = await stack.outputs();
  asked();
  const news = `{ name: "reef-1", labels: { fleet: "atoll" }, serverType: "cx33", firewallIds: [spare.id.apply(Number)] }`;
  await stack.up(program(news));
  const after = await stack.outputs();
  expect(after.id).toBe(before.id);
  const changes = asked().filter((call) => /^(POST|PUT)/.test(call));
  expect(changes.map((call) => call.split("?")[0])).toEqual([
    `PUT /v1/servers/${after.id}`,
    `PUT /v1/servers/${after.id}`,
    `POST /v1/servers/${after.id}/actions/poweroff`,
    `POST /v1/servers/${after.id}/actions/change_type`,
    ...(changes.some((call) => call.endsWith("/poweron")) ? [`POST /v1/servers/${after.id}/actions/poweron`] : []),
    `POST /v1/firewalls/${after.firewall}/actions/remove_from_resources`,
    `POST /v1/firewalls/${after.spare}/actions/apply_to_resources`,
  ]);
  const { server } = (await (await send("GET", `/servers/${after.id}`)).json()) as { server: Record<string, unknown> };
  expect(server).toMatchObject({ name: "reef-1", labels: { fleet: "atoll" }, status: "running" });
  await stack.expectSettled();
});

test("another image, location or user-data replaces", async () => {
  const before = await stack.outputs();
  const changes = ['image: "debian-13"', 'location: "nbg1"', 'userData: "#cloud-config other"'];
  for (const change of changes) {
    await stack.program(program(`{ ${change} }`));
    expect(await stack.must("preview"), change).toMatch(/1 to replace/);
  }
  expect(await stack.up(program(`{ ${changes.join(", ")} }`))).toMatch(/1 replaced/);
  expect((await stack.outputs()).id).not.toBe(before.id);
  await stack.expectSettled();
});

test("firewall rules and labels change in place; what was changed by hand comes back", async () => {
  const wide = '[{ direction: "in", protocol: "icmp", sourceIps: ["0.0.0.0/0"] }]';
  const args = '{ image: "debian-13", location: "nbg1", userData: "#cloud-config other" }';
  await stack.up(program(args, wide));
  const { firewall } = await stack.outputs();
  await stack.expectSettled();

  const open = { rules: [{ direction: "in", protocol: "tcp", port: "any", source_ips: ["0.0.0.0/0"] }] };
  expect((await send("POST", `/firewalls/${firewall}/actions/set_rules`, open)).ok).toBe(true);
  await stack.must("preview", "--expect-no-changes");
  expect(await stack.must("refresh", "--yes", "--skip-preview")).toMatch(/1 updated/);
  expect(await stack.up()).toMatch(/1 updated/);
  await stack.expectSettled();
});

test("a server removed behind the back is seen by refresh and made again", async () => {
  const { id } = await stack.outputs();
  expect((await send("DELETE", `/servers/${id}`)).ok).toBe(true);
  expect(await stack.must("refresh", "--yes", "--skip-preview")).toMatch(/1 deleted/);
  await stack.up();
  expect((await stack.outputs()).id).not.toBe(id);
  await stack.expectSettled();
});

test("networks, subnets, memberships, groups, volumes and addresses live their whole life", async () => {
  const other = await ProgramStack.open({ HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: endpoint }, ["hcloud"]);
  await other.must("config", "set", "hcloud:pollInterval", "20ms");
  const parts = (label: string, size: number, alias: string) => `
    const labels = { step: "${label}" };
    const network = new hcloud.Network("net", { ipRange: "10.0.0.0/16", labels });
    const subnet = new hcloud.NetworkSubnet("subnet", {
      networkId: network.id.apply(Number), type: "cloud", ipRange: "10.0.1.0/24", networkZone: "eu-central",
    });
    const group = new hcloud.PlacementGroup("group", { type: "spread", labels });
    const address = new hcloud.PrimaryIp("address", { type: "ipv4", location: "fsn1", labels });
    const inline = new hcloud.Server("inline", {
      serverType: "cx23", image: "debian-12", location: "fsn1", placementGroupId: group.id.apply(Number),
      publicNets: [{ ipv4Enabled: false, ipv6Enabled: false }],
      networks: [{ networkId: network.id.apply(Number), ip: "10.0.1.9" }],
    }, { dependsOn: subnet });
    const outside = new hcloud.Server("outside", {
      serverType: "cx23", image: "debian-12", location: "fsn1",
      publicNets: [{ ipv4: address.id.apply(Number), ipv6Enabled: false }],
    });
    const member = new hcloud.ServerNetwork("member", {
      serverId: outside.id.apply(Number), subnetId: subnet.id, ip: "10.0.1.5", aliasIps: ["${alias}"],
    });
    const volume = new hcloud.Volume("volume", { size: ${size}, serverId: outside.id.apply(Number), format: "ext4", labels });
    const wall = new hcloud.Firewall("wall", {});
    const attachment = new hcloud.FirewallAttachment("attachment", {
      firewallId: wall.id.apply(Number), serverIds: [outside.id.apply(Number)],
    });
    exports.ids = [subnet.id, member.id, outside.ipv4Address, address.ipAddress];
  `;
  await other.up(parts("one", 10, "10.0.1.6"));
  const [subnet, member, ip, address] = (await other.outputs()).ids as string[];
  expect(subnet).toMatch(/^\d+-10\.0\.1\.0\/24$/);
  expect(member).toMatch(/^\d+-\d+$/);
  expect(ip).toBe(address);
  await other.expectSettled();
  const output = await other.up(parts("two", 20, "10.0.1.7"));
  expect(output).toMatch(/5 updated/);
  expect(output).not.toMatch(/replaced/);
  await other.expectSettled();
  await other.close();
});

test("an existing thing is imported and then belongs to the program", async () => {
  const response = await send("POST", "/ssh_keys", { name: "by-hand", public_key: key.replace("GPK", "GPL") });
  const { ssh_key: existing } = (await response.json()) as { ssh_key: { id: number; public_key: string } };
  const source = (options: string) => `
    const key = new hcloud.SshKey("taken", { name: "by-hand", publicKey: "${existing.public_key}" }, ${options});
    exports.id = key.id;
  `;
  const other = await ProgramStack.open({ HCLOUD_TOKEN: token, HCLOUD_ENDPOINT: endpoint }, ["hcloud"]);
  await other.up(source(`{ import: "${existing.id}" }`));
  expect((await other.outputs()).id).toBe(String(existing.id));
  await other.up(source("{}"));
  await other.expectSettled();
  await other.close();
});
