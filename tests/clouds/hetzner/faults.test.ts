import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goodServer, type Json, publicKey, TestProject } from "./project";

let project: TestProject;
/** Ids of what there is, for `{name}` in paths and bodies. */
const there: Record<string, number> = {};
const knownKey = publicKey();

beforeAll(async () => {
  project = await new TestProject().start();
  await project.make("/ssh_keys", { name: "ana", public_key: knownKey });
  const { firewall } = await project.make("/firewalls", { name: "edge" });
  const { network } = await project.make("/networks", {
    name: "inner",
    ip_range: "10.0.0.0/16",
    subnets: [{ type: "cloud", network_zone: "eu-central", ip_range: "10.0.1.0/30" }],
  });
  const { placement_group } = await project.make("/placement_groups", { name: "apart", type: "spread" });
  const firewalls = [{ firewall: firewall.id }];
  const server = await project.makeServer("reef-1", { firewalls, placement_group: placement_group.id });
  const { volume } = await project.make("/volumes", { name: "data", size: 10, server: server.id });
  const spare = { name: "spare", type: "ipv4", assignee_type: "server", location: "nbg1" };
  Object.assign(there, {
    firewall: firewall.id,
    network: network.id,
    group: placement_group.id,
    server: server.id,
    volume: volume.id,
    ip: server.public_net.ipv4.id,
    spare: (await project.make("/primary_ips", spare)).primary_ip.id,
  });
});
afterAll(() => project.stop());

interface Refused {
  title: string;
  request: string;
  body: unknown;
  /** Status and code, then words of the answer. */
  expected: string;
}

const refused = (title: string, request: string, body: unknown, expected: string): Refused => {
  return { title, request, body, expected };
};
const order = (title: string, fields: object, expected: string) =>
  refused(title, "POST /servers", { ...goodServer, name: "new", ...fields }, expected);
const act = (title: string, action: string, body: object, expected: string) =>
  refused(title, `POST /servers/{server}/actions/${action}`, body, expected);
const key = (title: string, public_key: string, expected: string, name = "eve") =>
  refused(title, "POST /ssh_keys", { name, public_key }, expected);
const toServer = [{ type: "server", server: { id: "{server}" } }];
const toNothing = [{ type: "server", server: { id: 1e9 } }];
const zone = { type: "cloud", network_zone: "eu-central" };

const requests: Refused[] = [
  refused("an unknown path", "GET /nothing", undefined, "404 not_found"),
  refused("an unknown method", "PATCH /servers", undefined, "405 method_not_allowed"),
  refused("a body that is no JSON", "POST /servers", "{", "400 json_error"),
  refused("an unknown server", "GET /servers/424242", undefined, "404 not_found: server with ID '424242' not found"),
  refused("an id that is no number", "GET /servers/reef-1", undefined, "404 not_found"),
  refused("an unknown action", "GET /actions/424242", undefined, "404 not_found"),
  refused("all actions", "GET /actions", undefined, "410 deprecated_api_endpoint: changelog"),
  refused("data centers", "GET /datacenters", undefined, "410 deprecated_api_endpoint: changelog"),
  refused("page 0", "GET /servers?page=0", undefined, "422 invalid_input: page"),
  refused("an unknown sort field", "GET /servers?sort=price", undefined, "422 invalid_input: sort"),
  refused("a bad selector", "GET /servers?label_selector=a%20b", undefined, "422 invalid_input: label_selector"),
];

const servers: Refused[] = [
  refused("no body", "POST /servers", undefined, "422 invalid_input: name"),
  order("a taken name", { name: "reef-1" }, "409 uniqueness_error: name"),
  order("an underscore in the name", { name: "reef_1" }, "422 invalid_input: name"),
  order("a name that begins with a dash", { name: "-reef" }, "422 invalid_input: name"),
  order("an unknown type", { server_type: "cx99" }, "422 invalid_input: server_type"),
  order("an unknown image", { image: "windows" }, "422 invalid_input: image"),
  order("an image of another architecture", { image: 114690389 }, "422 invalid_input: image"),
  order("an unknown location", { location: "moon1" }, "422 invalid_input: location"),
  order("a type not sold there", { location: "ash" }, "422 invalid_input: unsupported location for server type"),
  order("a type of the past", { server_type: "cx22" }, "412 resource_unavailable"),
  order("a type of the past in Europe", { server_type: "cpx11" }, "412 resource_unavailable: fsn1"),
  order("a data center", { datacenter: "fsn1-dc14" }, "422 invalid_input: datacenter"),
  order("an unknown key", { ssh_keys: ["ana", "eve"] }, "422 invalid_input: ssh_keys.1"),
  order("large user-data", { user_data: "x".repeat(32 * 1024 + 1) }, "422 invalid_input: user_data"),
  order(
    "large user-data in two-byte letters",
    { user_data: "é".repeat(16 * 1024 + 1) },
    "422 invalid_input: user_data",
  ),
  order("a bad label", { labels: { "a b": "" } }, "422 invalid_input: labels"),
  order("a reserved label", { labels: { "hetzner.cloud/a": "" } }, "422 invalid_input: labels"),
  order("an unknown firewall", { firewalls: [{ firewall: 1e9 }] }, "404 not_found: firewall"),
  order("a firewall twice", { firewalls: Array(2).fill({ firewall: "{firewall}" }) }, "422 server_already_added"),
  order("an unknown network", { networks: [1e9] }, "404 not_found: network"),
  order("an attached volume", { volumes: ["{volume}"] }, "422 volume_already_attached"),
  order("an address elsewhere", { public_net: { ipv4: "{spare}" } }, "422 primary_ip_datacenter_mismatch"),
  order("an address of the other kind", { public_net: { ipv6: "{spare}" } }, "422 primary_ip_version_mismatch"),
  order("an address of another", { public_net: { ipv4: "{ip}" } }, "422 primary_ip_assigned"),
  order("no network", { public_net: { enable_ipv4: false, enable_ipv6: false } }, "422 invalid_input: public_net"),
  act(
    "another type while running",
    "change_type",
    { server_type: "cx33", upgrade_disk: false },
    "422 server_not_stopped",
  ),
  act("half a protection", "change_protection", { delete: true }, "422 invalid_input: rebuild"),
  act("a rebuild", "rebuild", { image: "debian-12" }, "422 unsupported_error: rebuild"),
  act("joining while running", "add_to_placement_group", { placement_group: "{group}" }, "422 server_not_stopped"),
  act("an address of no subnet", "attach_to_network", { network: "{network}", ip: "10.0.9.9" }, "422 ip_not_available"),
];

const sshKeys: Refused[] = [
  key("a known key", knownKey, "409 uniqueness_error: SSH key with the same fingerprint already exists"),
  key("a taken name", publicKey(), "409 uniqueness_error: name", "ana"),
  key("half a key", "ssh-ed25519 AAAA", "422 invalid_input: public_key"),
  key("a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx", "422 invalid_input: public_key"),
  key("another type than the blob's", knownKey.replace("ssh-ed25519", "ssh-rsa"), "422 invalid_input: public_key"),
  key("two keys in one", `${publicKey()}\n${publicKey()}`, "422 invalid_input: public_key"),
];

const firewall = "/firewalls/{firewall}";
const firewalls: Refused[] = [
  refused("a taken name", "POST /firewalls", { name: "edge" }, "409 uniqueness_error: name"),
  refused("no such server", "POST /firewalls", { name: "x", apply_to: toNothing }, "422 firewall_resource_not_found"),
  refused(
    "applying to no server",
    `POST ${firewall}/actions/apply_to_resources`,
    { apply_to: toNothing },
    "404 firewall_resource_not_found",
  ),
  refused(
    "applying twice",
    `POST ${firewall}/actions/apply_to_resources`,
    { apply_to: toServer },
    "422 firewall_already_applied",
  ),
  refused(
    "removing from no server",
    `POST ${firewall}/actions/remove_from_resources`,
    { remove_from: toNothing },
    "404 firewall_resource_not_found",
  ),
  refused("deletion while in use", `DELETE ${firewall}`, undefined, "422 resource_in_use"),
];

const volume = "/volumes/{volume}";
const ip = { name: "x", type: "ipv4", assignee_type: "server" };
const others: Refused[] = [
  refused("deleting a group in use", "DELETE /placement_groups/{group}", undefined, "422 resource_in_use"),
  refused("deleting a volume in use", `DELETE ${volume}`, undefined, "422 volume_still_attached"),
  refused("a small volume", "POST /volumes", { name: "x", size: 9, location: "fsn1" }, "422 invalid_input: size"),
  refused("a volume nowhere", "POST /volumes", { name: "x", size: 10 }, "422 invalid_input: location"),
  refused("shrinking a volume", `POST ${volume}/actions/resize`, { size: 10 }, "422 invalid_input: size"),
  refused("attaching twice", `POST ${volume}/actions/attach`, { server: "{server}" }, "422 volume_already_attached"),
  refused("deleting an address in use", "DELETE /primary_ips/{ip}", undefined, "422 must_be_unassigned"),
  refused("unassigning while running", "POST /primary_ips/{ip}/actions/unassign", {}, "422 server_not_stopped"),
  refused("an address nowhere", "POST /primary_ips", ip, "422 invalid_input: location"),
  refused(
    "an address by data center",
    "POST /primary_ips",
    { ...ip, datacenter: "fsn1-dc14" },
    "422 invalid_input: datacenter",
  ),
];

const network = "/networks/{network}/actions";
const networks: Refused[] = [
  refused(
    "a public range",
    "POST /networks",
    { name: "x", ip_range: "198.51.100.0/24" },
    "422 invalid_input: ip_range",
  ),
  refused("a small range", "POST /networks", { name: "x", ip_range: "10.0.0.0/25" }, "422 invalid_input: ip_range"),
  refused(
    "an overlap",
    `POST ${network}/add_subnet`,
    { ...zone, ip_range: "10.0.0.0/20" },
    "422 invalid_input: ip_range",
  ),
  refused(
    "a subnet outside",
    `POST ${network}/add_subnet`,
    { ...zone, ip_range: "10.9.0.0/24" },
    "422 invalid_input: ip_range",
  ),
  refused(
    "an unknown zone",
    `POST ${network}/add_subnet`,
    { ...zone, network_zone: "mars" },
    "422 invalid_input: network_zone",
  ),
  refused(
    "a route into a subnet",
    `POST ${network}/add_route`,
    { destination: "10.0.1.0/24", gateway: "10.0.1.2" },
    "422 invalid_input: destination",
  ),
  refused(
    "a gateway outside",
    `POST ${network}/add_route`,
    { destination: "10.99.0.0/24", gateway: "10.9.1.2" },
    "422 invalid_input: gateway",
  ),
  refused(
    "a smaller range",
    `POST ${network}/change_ip_range`,
    { ip_range: "10.0.0.0/17" },
    "422 invalid_input: ip_range",
  ),
];

/** Puts the ids of what there is in the place of their names. */
function filledIn(template: string): string {
  return template.replace(/"?\{(\w+)\}"?/g, (_, name: string) => String(there[name]));
}

describe.each(Object.entries({ requests, servers, sshKeys, firewalls, networks, others }))("refused: %s", (_, rows) => {
  it.each(rows)("$title", async ({ request, body, expected }) => {
    const before = (await project.call("GET", "/_sandbox/inventory")).body;
    const [method = "", path = ""] = filledIn(request).split(" ");
    const sent = typeof body === "object" ? filledIn(JSON.stringify(body)) : body;
    const answer = await project.call(method, path, sent);
    const [outcome, words] = expected.split(": ");
    expect(`${answer.status} ${answer.body.error.code}`).toBe(outcome);
    expect(Object.keys(answer.body.error)).toEqual(["code", "message", "details"]);
    if (words) expect(JSON.stringify(answer.body.error)).toContain(words);
    expect((await project.call("GET", "/_sandbox/inventory")).body).toEqual(before);
  });
});

describe("a request without the right token", () => {
  it.each(["", `Bearer ${"x".repeat(64)}`, `Basic ${"t".repeat(64)}`])("is refused: %j", async (authorization) => {
    const answer = await project.call("GET", "/servers", undefined, { authorization });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "unauthorized" } } });
  });
});

describe("a body with several faults", () => {
  it("is told all of them", async () => {
    const { body } = await project.call("POST", "/servers", { name: "_", server_type: true });
    expect(body.error.details.fields.map((field: Json) => field.name).sort()).toEqual(["image", "name", "server_type"]);
    expect(body.error.message).toMatch(/^invalid input in field '/);
  });
});

describe("protection", () => {
  it.each([
    ["networks", { name: "kept", ip_range: "10.1.0.0/16" }],
    ["volumes", { name: "kept", size: 10, location: "fsn1" }],
    ["primary_ips", { name: "kept", type: "ipv6", assignee_type: "server", location: "fsn1" }],
  ])("keeps %s from being deleted", async (collection, body) => {
    const { id } = Object.values(await project.make(`/${collection}`, body))[0] as Json;
    await project.act(`/${collection}/${id}/actions/change_protection`, { delete: true });
    const answer = await project.call("DELETE", `/${collection}/${id}`);
    expect(answer).toMatchObject({ status: 423, body: { error: { code: "protected" } } });
    await project.act(`/${collection}/${id}/actions/change_protection`, { delete: false });
    expect((await project.call("DELETE", `/${collection}/${id}`)).status).toBe(204);
  });

  it("keeps a server from being deleted", async () => {
    const { id } = await project.makeServer("kept");
    await project.act(`/servers/${id}/actions/change_protection`, { delete: true, rebuild: true });
    expect((await project.call("DELETE", `/servers/${id}`)).status).toBe(423);
    await project.act(`/servers/${id}/actions/change_protection`, { delete: false, rebuild: false });
    expect((await project.call("DELETE", `/servers/${id}`)).status).toBe(200);
  });
});
