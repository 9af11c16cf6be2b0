import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Json, publicKey, TestProject } from "./project";

let project: TestProject;

beforeEach(async () => {
  project = await new TestProject().start();
});
afterEach(() => project.stop());

describe("SSH keys", () => {
  it("show the fingerprint that ssh-keygen shows, and may be deleted while servers have them", async () => {
    const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl git";
    const { ssh_key } = await project.make("/ssh_keys", { name: "git", public_key: `${key}\n` });
    expect(ssh_key).toMatchObject({ public_key: key, fingerprint: "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd" });
    const query = encodeURIComponent(ssh_key.fingerprint);
    expect((await project.call("GET", `/ssh_keys?fingerprint=${query}`)).body.ssh_keys).toHaveLength(1);
    await project.makeServer("reef-1", { ssh_keys: [ssh_key.id] });
    expect((await project.call("DELETE", `/ssh_keys/${ssh_key.id}`)).status).toBe(204);
  });

  it("can be renamed, but not to a name that is taken", async () => {
    await project.make("/ssh_keys", { name: "ana", public_key: publicKey() });
    const { ssh_key } = await project.make("/ssh_keys", { name: "eve", public_key: publicKey() });
    expect((await project.call("PUT", `/ssh_keys/${ssh_key.id}`, { name: "ana" })).status).toBe(409);
    const { body } = await project.call("PUT", `/ssh_keys/${ssh_key.id}`, { name: "eva", labels: { a: "b" } });
    expect(body.ssh_key).toMatchObject({ name: "eva", labels: { a: "b" } });
  });
});

describe("networks", () => {
  const makeNetwork = async (subnets: string[] = ["10.0.1.0/24"]): Promise<Json> => {
    const body = {
      name: "inner",
      ip_range: "10.0.0.0/16",
      subnets: subnets.map((ip_range) => ({ type: "cloud", network_zone: "eu-central", ip_range })),
    };
    return (await project.make("/networks", body)).network;
  };

  it("give servers addresses: the next free one, or the one asked for", async () => {
    const network = await makeNetwork();
    expect(network.subnets).toEqual([
      { type: "cloud", ip_range: "10.0.1.0/24", network_zone: "eu-central", gateway: "10.0.0.1" },
    ]);
    const first = await project.makeServer("reef-1", { networks: [network.id] });
    expect(first.private_net).toMatchObject([{ network: network.id, ip: "10.0.1.2", alias_ips: [] }]);
    const second = await project.makeServer("reef-2");
    await project.act(`/servers/${second.id}/actions/attach_to_network`, {
      network: network.id,
      ip: "10.0.1.77",
      alias_ips: ["10.0.1.78"],
    });
    const third = await project.makeServer("reef-3", { networks: [network.id] });
    expect(third.private_net[0].ip).toBe("10.0.1.3");
    const { body } = await project.call("GET", `/networks/${network.id}`);
    expect(body.network.servers).toEqual([first.id, second.id, third.id]);

    const attach = (server: Json, fields: object) =>
      project.call("POST", `/servers/${server.id}/actions/attach_to_network`, { network: network.id, ...fields });
    expect((await attach(first, {})).body.error.code).toBe("server_already_attached");
    await project.act(`/servers/${third.id}/actions/detach_from_network`, { network: network.id });
    expect((await attach(third, { ip: "10.0.1.78" })).body.error.code).toBe("ip_not_available");
    await project.act(`/servers/${second.id}/actions/change_alias_ips`, { network: network.id, alias_ips: [] });
    expect((await attach(third, { ip: "10.0.1.78" })).status).toBe(201);
  });

  it("grow, take the first free subnet, and keep subnets that are in use", async () => {
    const network = await makeNetwork(["10.0.0.0/24"]);
    await project.act(`/networks/${network.id}/actions/add_subnet`, { type: "cloud", network_zone: "eu-central" });
    await project.act(`/networks/${network.id}/actions/add_route`, {
      destination: "10.99.0.0/24",
      gateway: "10.0.0.9",
    });
    await project.act(`/networks/${network.id}/actions/change_ip_range`, { ip_range: "10.0.0.0/15" });
    const { body } = await project.call("GET", `/networks/${network.id}`);
    expect(body.network).toMatchObject({ ip_range: "10.0.0.0/15", routes: [{ destination: "10.99.0.0/24" }] });
    expect(body.network.subnets.map((subnet: Json) => subnet.ip_range)).toEqual(["10.0.0.0/24", "10.0.1.0/24"]);
    const server = await project.makeServer("reef-1", { networks: [network.id] });
    const remove = (ip_range: string) =>
      project.call("POST", `/networks/${network.id}/actions/delete_subnet`, { ip_range });
    expect((await remove("10.0.0.0/24")).status).toBe(422);
    expect((await remove("10.0.1.0/24")).status).toBe(201);
    expect((await project.call("DELETE", `/networks/${network.id}`)).status).toBe(204);
    expect((await project.call("GET", `/servers/${server.id}`)).body.server.private_net).toEqual([]);
  });

  it("do not overlap on one server, and hold no more than fit", async () => {
    const network = await makeNetwork(["10.0.1.0/30"]);
    const other = await project.make("/networks", {
      name: "other",
      ip_range: "10.0.0.0/8",
      subnets: [{ type: "cloud", network_zone: "eu-central", ip_range: "10.5.0.0/24" }],
    });
    const server = await project.makeServer("reef-1", { networks: [network.id] });
    const overlapping = { network: other.network.id };
    const refused = await project.call("POST", `/servers/${server.id}/actions/attach_to_network`, overlapping);
    expect(refused.body.error.code).toBe("networks_overlap");
    const full = await project.call("POST", "/servers", {
      name: "reef-2",
      server_type: "cx23",
      image: "debian-12",
      networks: [network.id],
    });
    expect(full.body.error.code).toBe("no_subnet_available");
    // What a refused order had taken is free again.
    expect((await project.call("GET", "/_sandbox/inventory")).body).toMatchObject({
      servers: { count: 1 },
      primary_ips: { count: 2 },
    });
  });
});

describe("placement groups", () => {
  it("hold ten servers", async () => {
    const { placement_group } = await project.make("/placement_groups", { name: "apart", type: "spread" });
    const order = (index: number) =>
      project.call("POST", "/servers", {
        name: `reef-${index}`,
        server_type: "cx23",
        image: "debian-12",
        placement_group: placement_group.id,
      });
    const statuses = [];
    for (let index = 0; index < 11; index++) statuses.push((await order(index)).status);
    expect(statuses).toEqual([...Array(10).fill(201), 422]);
    const { body } = await project.call("GET", `/placement_groups/${placement_group.id}`);
    expect(body.placement_group.servers).toHaveLength(10);
  });
});

describe("primary IPs", () => {
  it("outlive their server unless they were made with it", async () => {
    const { primary_ip } = await project.make("/primary_ips", {
      name: "front",
      type: "ipv4",
      assignee_type: "server",
      location: "fsn1",
    });
    const server = await project.makeServer("reef-1", { public_net: { ipv4: primary_ip.id, enable_ipv6: false } });
    expect(server.public_net).toMatchObject({ ipv4: { id: primary_ip.id, ip: primary_ip.ip }, ipv6: null });
    await project.call("DELETE", `/servers/${server.id}`);
    const { body } = await project.call("GET", "/primary_ips");
    expect(body.primary_ips).toMatchObject([{ name: "front", assignee_id: null, location: { name: "fsn1" } }]);
  });

  it("move between servers that are off", async () => {
    const { primary_ip } = await project.make("/primary_ips", {
      name: "front",
      type: "ipv4",
      assignee_type: "server",
      location: "fsn1",
    });
    const server = await project.makeServer("reef-1", { public_net: { enable_ipv4: false } });
    const assign = { assignee_id: server.id, assignee_type: "server" };
    const path = `/primary_ips/${primary_ip.id}/actions/assign`;
    expect((await project.call("POST", path, assign)).body.error.code).toBe("server_not_stopped");
    await project.act(`/servers/${server.id}/actions/poweroff`);
    await project.act(path, assign);
    await project.act(`/primary_ips/${primary_ip.id}/actions/unassign`);
    expect((await project.call("DELETE", `/primary_ips/${primary_ip.id}`)).status).toBe(204);
  });
});

describe("volumes", () => {
  it("are attached, grown, detached and deleted", async () => {
    const server = await project.makeServer("reef-1");
    const { volume, next_actions } = await project.make("/volumes", { name: "data", size: 10, server: server.id });
    expect(volume).toMatchObject({ server: server.id, location: { name: "fsn1" }, status: "available" });
    expect(next_actions).toMatchObject([{ command: "attach_volume" }]);
    expect((await project.call("GET", `/servers/${server.id}`)).body.server.volumes).toEqual([volume.id]);
    await project.act(`/volumes/${volume.id}/actions/resize`, { size: 20 });
    await project.act(`/volumes/${volume.id}/actions/detach`);
    expect((await project.call("DELETE", `/volumes/${volume.id}`)).status).toBe(204);
  });
});

describe("the request log", () => {
  it("has what was asked and how it ended, and no secrets", async () => {
    await project.call("POST", "/servers", {
      name: "reef-1",
      server_type: "cx23",
      image: "debian-12",
      user_data: "canary-user-data",
    });
    await project.call("GET", "/servers/424242");
    const text = JSON.stringify(project.entries);
    expect(text).not.toContain("canary-user-data");
    expect(text).not.toContain("t".repeat(64));
    expect(project.entries[0]).toMatchObject({
      cloud: "hetzner",
      method: "POST",
      path: "/v1/servers",
      status: 201,
      body: { name: "reef-1", user_data: "[secret]" },
    });
    expect(project.entries[1]).toMatchObject({ path: "/v1/servers/424242", status: 404, error: "not_found" });
  });
});
