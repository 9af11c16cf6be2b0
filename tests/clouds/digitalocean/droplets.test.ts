import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyDigitalOcean } from "../../../sandbox/clouds/digitalocean/server";
import { memoryStore } from "../../../sandbox/clouds/store";
import { addresses, publicKey } from "../hetzner/project";
import { goodDroplet, observable, TestAccount } from "./account";

let account: TestAccount;

beforeEach(async () => {
  account = await new TestAccount().start();
});
afterEach(() => account.stop());

describe("a droplet's life", () => {
  it("is new with everything that clients look into, and becomes active", async () => {
    const public_key = publicKey();
    const { ssh_key } = await account.make("/account/keys", { name: "ana", public_key });
    const answer = await account.call("POST", "/droplets", {
      ...goodDroplet,
      ssh_keys: [ssh_key.fingerprint],
      user_data: "#cloud-config\n",
      tags: ["reef"],
      ipv6: true,
      with_droplet_agent: false,
    });
    expect(answer.status).toBe(202);
    const { droplet, links } = answer.body;
    expect(droplet).toMatchObject({
      status: "new",
      locked: true,
      region: { slug: "fra1" },
      size: { slug: "s-1vcpu-2gb" },
      size_slug: "s-1vcpu-2gb",
      image: { slug: "debian-12-x64" },
      networks: { v4: [], v6: [] },
      tags: ["reef"],
      memory: 2048,
      disk: 50,
    });
    expect(droplet.features).not.toContain("droplet_agent");
    expect(JSON.stringify(answer.body)).not.toContain("cloud-config");
    expect(links.actions).toMatchObject([{ rel: "create" }]);

    expect(await account.finished(links.actions[0].id)).toMatchObject({
      type: "create",
      status: "completed",
      resource_id: droplet.id,
      region: { slug: "fra1" },
    });
    const { body } = await account.call("GET", `/droplets/${droplet.id}`);
    expect(body.droplet).toMatchObject({ status: "active", locked: false });
    expect(body.droplet.networks.v4).toMatchObject([
      { ip_address: "198.51.100.10", type: "public" },
      { ip_address: "10.100.0.2", netmask: "255.255.240.0", gateway: null, type: "private" },
    ]);
    expect(body.droplet.networks.v6).toMatchObject([{ netmask: 64, type: "public" }]);
    expect(account.machines.specs.get(droplet.id)).toEqual({
      id: droplet.id,
      name: "reef-1",
      ipv4: "198.51.100.10",
      cores: 1,
      memoryMiB: 2048,
      userData: "#cloud-config\n",
      image: "debian-12",
      location: "fra1",
      sshKeys: [public_key],
    });
  });

  it("is switched, renamed and resized, and tells what its machine does by itself", async () => {
    const { id } = await account.makeDroplet("reef-1");
    const path = `/droplets/${id}`;
    const status = async () => (await account.call("GET", path)).body.droplet.status;
    const running = await account.call("POST", `${path}/actions`, { type: "resize", size: "s-2vcpu-4gb" });
    expect(running.status).toBe(422);
    await account.act(id, { type: "shutdown" });
    expect(await status()).toBe("off");
    expect(await account.act(id, { type: "resize", size: "s-2vcpu-4gb" })).toMatchObject({ status: "completed" });
    await account.act(id, { type: "rename", name: "reef-2" });
    await account.act(id, { type: "enable_ipv6" });
    await account.act(id, { type: "power_on" });
    const { droplet } = (await account.call("GET", path)).body;
    expect(droplet).toMatchObject({ name: "reef-2", status: "active", memory: 4096, disk: 50 });
    expect(droplet.networks.v6).toHaveLength(1);
    await account.machines.driver.powerOff(id);
    expect(await status()).toBe("off");
    await account.act(id, { type: "resize", size: "s-2vcpu-4gb", disk: true });
    const smaller = await account.call("POST", `${path}/actions`, { type: "resize", size: "s-1vcpu-2gb" });
    expect(smaller).toMatchObject({ status: 422, body: { id: "unprocessable_entity" } });
    const own = await account.call("GET", `${path}/actions`);
    expect(own.body.actions.map((action: { type: string }) => action.type)).toEqual([
      "resize",
      "power_on",
      "enable_ipv6",
      "rename",
      "resize",
      "shutdown",
      "create",
    ]);
  });

  it("is locked while an action runs, and gone a while after its deletion was accepted", async () => {
    const slow = await new TestAccount({}, { actionTime: observable }).start();
    const { droplet, links } = await slow.make("/droplets", goodDroplet);
    const path = `/droplets/${droplet.id}`;
    const pending = { status: 422, body: { message: "Droplet already has a pending event." } };
    expect(await slow.call("DELETE", path)).toMatchObject(pending);
    await slow.finished(links.actions[0].id);
    expect(await slow.call("DELETE", path)).toMatchObject({ status: 204, body: undefined });
    expect((await slow.call("GET", path)).body.droplet).toMatchObject({ status: "active", locked: true });
    expect(await slow.call("DELETE", path)).toMatchObject(pending);
    await slow.gone(droplet.id);
    expect(await slow.call("GET", path)).toMatchObject({
      status: 404,
      body: { id: "not_found", request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect((await slow.call("DELETE", path)).status).toBe(404);
    expect(slow.machines.calls.slice(-2)).toEqual([`remove ${droplet.id}`, `setFirewall ${droplet.id}`]);
    await slow.stop();
  });

  it("keeps its address until its machine is gone", async () => {
    let busy = true;
    const remove = async () => {
      if (busy) throw new Error("busy");
    };
    const small = await new TestAccount({ remove }, { pool: addresses(1) }).start();
    const first = await small.makeDroplet("reef-1");
    await small.call("DELETE", `/droplets/${first.id}`);
    const destroyed = async () => (await small.call("GET", `/droplets/${first.id}/actions`)).body.actions[0];
    await expect.poll(destroyed).toMatchObject({ type: "destroy", status: "errored" });
    expect(await small.call("POST", "/droplets", goodDroplet)).toMatchObject({
      status: 422,
      body: { message: "creating this/these droplet(s) will exceed your droplet limit" },
    });
    busy = false;
    await small.call("DELETE", `/droplets/${first.id}`);
    await small.gone(first.id);
    expect((await small.makeDroplet("reef-2")).networks.v4[0].ip_address).toBe("198.51.100.10");
    await small.stop();
  });

  it("is deleted to the end by the process that comes after a killed one", async () => {
    const store = memoryStore(emptyDigitalOcean());
    const killed = await new TestAccount({ remove: () => new Promise(() => {}) }, {}, store).start();
    const { id } = await killed.makeDroplet("reef-1");
    await killed.call("DELETE", `/droplets/${id}`);
    await killed.stop();
    const next = await new TestAccount({}, {}, memoryStore(structuredClone(store.state))).start();
    await next.gone(id);
    expect(next.machines.calls).toContain(`remove ${id}`);
    await next.stop();
  });

  it("says when it could not be made", async () => {
    const failing = await new TestAccount({ create: async () => Promise.reject(new Error("no room")) }).start();
    const { links } = await failing.make("/droplets", goodDroplet);
    expect(await failing.finished(links.actions[0].id)).toMatchObject({ status: "errored" });
    await failing.stop();
  });

  it("comes in several by names, and is found and deleted by tag", async () => {
    const { name: _, ...order } = goodDroplet;
    const { droplets, links } = await account.make("/droplets", { ...order, names: ["a", "b"], tags: ["pair"] });
    await Promise.all(links.actions.map((action: { id: number }) => account.finished(action.id)));
    await account.makeDroplet("c");
    const tagged = await account.call("GET", "/droplets?tag_name=pair");
    expect(tagged.body.droplets.map((droplet: { id: number }) => droplet.id)).toEqual([droplets[0].id, droplets[1].id]);
    expect((await account.call("DELETE", "/droplets?tag_name=pair")).status).toBe(204);
    await Promise.all(droplets.map((droplet: { id: number }) => account.gone(droplet.id)));
    expect((await account.call("GET", "/_sandbox/inventory")).body.droplets).toEqual({ count: 1, names: ["c"] });
  });
});

describe("what is refused", () => {
  it.each([
    ["a size that is not sold", { size: "s-9vcpu" }, "invalid size"],
    ["an unknown image", { image: "debian-3-x64" }, "invalid image"],
    ["an unknown region", { region: "moon1" }, "invalid region"],
    ["an unknown key", { ssh_keys: [7] }, "invalid key identifiers"],
    ["a name that is no hostname", { name: "reef_1" }, "hostname characters"],
    ["user data beyond 64 KiB", { user_data: "x".repeat(64 * 1024 + 1) }, "64 KiB"],
    ["an unknown VPC", { vpc_uuid: "__proto__" }, "invalid VPC"],
    ["IPv6 without public networking", { ipv6: true, public_networking: false }, "ipv6 must be false"],
  ])("%s", async (_, fields, words) => {
    const answer = await account.call("POST", "/droplets", { ...goodDroplet, ...fields });
    expect(answer).toMatchObject({
      status: 422,
      body: { id: "unprocessable_entity", message: expect.stringContaining(words) },
    });
    expect((await account.call("GET", "/droplets")).body.droplets).toEqual([]);
  });

  it.each(["constructor", "rebuild", "__proto__"])("the action %s", async (type) => {
    const { id } = await account.makeDroplet("reef-1");
    expect((await account.call("POST", `/droplets/${id}/actions`, { type })).status).toBe(422);
  });
});
