import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyHetzner } from "../../../sandbox/clouds/hetzner/server";
import { memoryStore } from "../../../sandbox/clouds/store";
import { addresses, goodServer, type Json, publicKey, TestProject } from "./project";

let project: TestProject;

beforeEach(async () => {
  project = await new TestProject().start();
});
afterEach(() => project.stop());

describe("a server's life", () => {
  it("is created with everything that was ordered, and becomes running", async () => {
    const { ssh_key } = await project.make("/ssh_keys", { name: "ana", public_key: publicKey() });
    const { firewall } = await project.make("/firewalls", {
      name: "edge",
      rules: [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["198.51.100.0/24"] }],
    });
    const { server, action, next_actions, root_password } = await project.make("/servers", {
      ...goodServer,
      ssh_keys: ["ana"],
      user_data: "#cloud-config\n",
      labels: { fleet: "reef" },
      firewalls: [{ firewall: firewall.id }],
    });
    expect(server).toMatchObject({
      name: "reef-1",
      status: "initializing",
      locked: true,
      location: { name: "fsn1", network_zone: "eu-central" },
      datacenter: { name: "fsn1-dc14" },
      server_type: { name: "cx23", cores: 2, memory: 4, disk: 40 },
      image: { name: "debian-12", architecture: "x86" },
      labels: { fleet: "reef" },
      public_net: { ipv4: { ip: "198.51.100.10" }, firewalls: [{ id: firewall.id, status: "applied" }] },
      primary_disk_size: 40,
    });
    expect(server).not.toHaveProperty("user_data");
    expect(server).not.toHaveProperty("ssh_keys");
    expect(root_password).toBeNull();
    expect(action).toMatchObject({ command: "create_server", status: "running", progress: 0, finished: null });
    expect(next_actions.map((next: Json) => next.command)).toEqual(["start_server"]);

    expect(await project.finished(action.id)).toMatchObject({ status: "success", progress: 100, error: null });
    expect(await project.finished(next_actions[0].id)).toMatchObject({ status: "success" });
    expect((await project.call("GET", `/servers/${server.id}`)).body.server).toMatchObject({
      status: "running",
      locked: false,
    });
    expect(project.machines.specs.get(server.id)).toEqual({
      id: server.id,
      name: "reef-1",
      ipv4: "198.51.100.10",
      cores: 2,
      memoryMiB: 4096,
      userData: "#cloud-config\n",
      image: "debian-12",
      location: "fsn1",
      sshKeys: [ssh_key.public_key],
    });
  });

  it("answers the poll that clients make, and finds actions by server", async () => {
    const { server, action, next_actions } = await project.make("/servers", goodServer);
    await project.finished(action.id);
    await project.finished(next_actions[0].id);
    const ids = `id=${action.id}&id=${next_actions[0].id}&id=999999`;
    const { body } = await project.call("GET", `/actions?${ids}&sort=status&sort=id&page=1&per_page=50`);
    expect(body.actions.map((found: Json) => found.id)).toEqual([action.id, next_actions[0].id]);
    expect(body.meta.pagination.total_entries).toBe(2);
    const own = await project.call("GET", `/servers/${server.id}/actions?status=success`);
    expect(own.body.actions).toHaveLength(2);
    expect((await project.call("GET", `/servers/${server.id}/actions/${action.id}`)).body.action.id).toBe(action.id);
    expect((await project.call("GET", `/servers/actions/${action.id}`)).status).toBe(200);
    expect((await project.call("GET", `/firewalls/actions/${action.id}`)).status).toBe(404);
  });

  it("has a root password when no key was given", async () => {
    const { root_password } = await project.make("/servers", goodServer);
    expect(root_password).toMatch(/^\S{16,}$/);
  });

  it("goes off and on through the machine driver", async () => {
    const { id } = await project.makeServer("reef-1");
    project.machines.calls.length = 0;
    const status = async () => (await project.call("GET", `/servers/${id}`)).body.server.status;
    expect(await project.act(`/servers/${id}/actions/shutdown`)).toMatchObject({
      command: "shutdown_server",
      status: "success",
    });
    expect(await status()).toBe("off");
    await project.act(`/servers/${id}/actions/poweron`);
    expect(await status()).toBe("running");
    await project.act(`/servers/${id}/actions/reboot`);
    await project.act(`/servers/${id}/actions/reset`);
    await project.act(`/servers/${id}/actions/poweroff`);
    expect(await status()).toBe("off");
    expect(project.machines.calls).toEqual(
      ["powerOff", "powerOn", "reboot", "powerOff", "powerOn", "powerOff"].map((call) => `${call} ${id}`),
    );
  });

  it("is seen to be off when it was halted from inside", async () => {
    const { id } = await project.makeServer("reef-1");
    await project.machines.driver.powerOff(id);
    expect((await project.call("GET", `/servers/${id}`)).body.server.status).toBe("off");
    expect((await project.call("GET", "/servers?status=off")).body.servers).toHaveLength(1);
  });

  it("has no machine before it is started for the first time", async () => {
    const { server, action, next_actions } = await project.make("/servers", {
      ...goodServer,
      start_after_create: false,
    });
    await project.finished(action.id);
    expect(next_actions).toEqual([]);
    expect(project.machines.specs.size).toBe(0);
    expect((await project.call("GET", `/servers/${server.id}`)).body.server.status).toBe("off");
    await project.act(`/servers/${server.id}/actions/poweron`);
    expect(project.machines.specs.size).toBe(1);
  });

  it("leaves nothing behind, and gives its address back only when the machine is gone", async () => {
    let release = () => {};
    const removed = new Promise<void>((resolve) => {
      release = resolve;
    });
    await project.stop();
    project = await new TestProject(undefined, { remove: () => removed }, { pool: addresses(1) }).start();
    const { id } = await project.makeServer("reef-1");
    const answer = await project.call("DELETE", `/servers/${id}`);
    expect(answer).toMatchObject({ status: 200, body: { action: { command: "delete_server", status: "running" } } });
    expect((await project.call("GET", `/servers/${id}`)).status).toBe(404);
    expect((await project.call("POST", "/servers", goodServer)).body.error.code).toBe("resource_limit_exceeded");
    release();
    expect(await project.finished(answer.body.action.id)).toMatchObject({ status: "success" });
    expect((await project.makeServer("reef-2")).public_net.ipv4.ip).toBe("198.51.100.10");
    const { body } = await project.call("GET", "/_sandbox/inventory");
    expect(body.servers).toEqual({ count: 1, names: ["reef-2"] });
    expect(body.primary_ips.count).toBe(2);
  });

  it("changes its size when it is off", async () => {
    const { id } = await project.makeServer("reef-1");
    await project.act(`/servers/${id}/actions/poweroff`);
    await project.act(`/servers/${id}/actions/change_type`, { server_type: "cx33", upgrade_disk: false });
    expect((await project.call("GET", `/servers/${id}`)).body.server).toMatchObject({
      server_type: { name: "cx33" },
      primary_disk_size: 40,
    });
  });

  it("takes a new name and labels", async () => {
    const { id } = await project.makeServer("reef-1");
    const { body } = await project.call("PUT", `/servers/${id}`, { name: "reef-9", labels: { a: "b" } });
    expect(body.server).toMatchObject({ name: "reef-9", labels: { a: "b" } });
  });
});

describe("a machine that fails", () => {
  it("ends the action with its message, and the server can be deleted", async () => {
    await project.stop();
    const create = () => Promise.reject(new Error('the sandbox has no image "debian-13" to boot'));
    project = await new TestProject(undefined, { create }).start();
    const { server, action, next_actions } = await project.make("/servers", { ...goodServer, image: "debian-13" });
    const error = { code: "action_failed", message: 'the sandbox has no image "debian-13" to boot' };
    expect(await project.finished(action.id)).toMatchObject({ status: "error", error });
    expect(await project.finished(next_actions[0].id)).toMatchObject({ status: "error" });
    expect((await project.call("GET", `/servers/${server.id}`)).body.server.status).toBe("off");
    expect((await project.call("DELETE", `/servers/${server.id}`)).status).toBe(200);
  });

  it("is made by starting it once more, when the cause is gone", async () => {
    await project.stop();
    let broken = true;
    const create = async () => {
      if (broken) throw new Error("no space left on device");
    };
    project = await new TestProject(undefined, { create }).start();
    const { server, next_actions } = await project.make("/servers", goodServer);
    await project.finished(next_actions[0].id);
    expect(await project.act(`/servers/${server.id}/actions/poweron`)).toMatchObject({ status: "error" });
    broken = false;
    expect(await project.act(`/servers/${server.id}/actions/poweron`)).toMatchObject({ status: "success" });
    expect((await project.call("GET", `/servers/${server.id}`)).body.server.status).toBe("running");
  });

  it("is locked as long as it is being made", async () => {
    await project.stop();
    let boot = () => {};
    const booted = new Promise<void>((resolve) => {
      boot = resolve;
    });
    project = await new TestProject(undefined, { create: () => booted }).start();
    const { server, action } = await project.make("/servers", goodServer);
    for (const [method, path] of [
      ["POST", `/servers/${server.id}/actions/poweroff`],
      ["DELETE", `/servers/${server.id}`],
    ] as const) {
      expect(await project.call(method, path)).toMatchObject({ status: 423, body: { error: { code: "locked" } } });
    }
    boot();
    await project.finished(action.id);
    expect((await project.call("DELETE", `/servers/${server.id}`)).status).toBe(200);
  });

  it("is taken up again by the next process", async () => {
    const store = memoryStore(emptyHetzner());
    const killed = await new TestProject(store, { create: () => new Promise(() => {}) }).start();
    const { server, action } = await killed.make("/servers", goodServer);
    const { server: other } = await killed.make("/servers", { ...goodServer, name: "reef-2" });
    await killed.stop();
    project = await new TestProject(memoryStore(structuredClone(store.state))).start();
    expect(await project.finished(action.id)).toMatchObject({ status: "success" });
    expect(project.machines.specs.get(server.id)?.name).toBe("reef-1");
    expect(project.machines.specs.get(other.id)?.name).toBe("reef-2");
  });
});

describe("twenty orders at once", () => {
  it("get ids and addresses of their own", async () => {
    const orders = Array.from({ length: 20 }, (_, index) => project.makeServer(`reef-${index}`));
    const servers = await Promise.all(orders);
    const different = (values: unknown[]) => new Set(values).size;
    expect(different(servers.map((server) => server.id))).toBe(20);
    expect(different(servers.map((server) => server.public_net.ipv4.ip))).toBe(20);
    expect(different(servers.map((server) => server.public_net.ipv6.ip))).toBe(20);
    expect(different([...project.machines.specs.values()].map((machine) => machine.ipv4))).toBe(20);
  });

  it("of one name make one server", async () => {
    const orders = Array.from({ length: 20 }, () => project.call("POST", "/servers", goodServer));
    const statuses = (await Promise.all(orders)).map((answer) => answer.status).sort();
    expect(statuses).toEqual([201, ...Array(19).fill(409)]);
  });
});
