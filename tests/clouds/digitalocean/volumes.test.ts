import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { observable, TestAccount } from "./account";

let account: TestAccount;

beforeEach(async () => {
  account = await new TestAccount({}, { actionTime: observable }).start();
});
afterEach(() => account.stop());

const order = { name: "state", region: "fra1", size_gigabytes: 10 };

describe("volumes", () => {
  it("are attached, grown, detached and deleted, by actions that lock their droplet", async () => {
    const { volume } = await account.make("/volumes", { ...order, filesystem_type: "ext4", tags: ["reef"] });
    expect(volume).toMatchObject({ ...order, region: { slug: "fra1" }, droplet_ids: [], tags: ["reef"] });
    expect((await account.call("GET", "/tags/reef")).body.tag.resources).toMatchObject({
      count: 1,
      droplets: { count: 0 },
      volumes: { count: 1, last_tagged_uri: `${account.url}/v2/volumes/${volume.id}` },
    });
    const { id } = await account.makeDroplet("reef-1");
    const path = `/volumes/${volume.id}/actions`;
    const attach = await account.call("POST", path, { type: "attach", droplet_id: id });
    expect(attach).toMatchObject({ status: 202, body: { action: { type: "attach_volume", status: "in-progress" } } });
    expect((await account.call("POST", path, { type: "detach", droplet_id: id })).body.message).toBe(
      "Droplet already has a pending event.",
    );
    await account.finished(attach.body.action.id);
    expect((await account.call("GET", `/droplets/${id}`)).body.droplet.volume_ids).toEqual([volume.id]);
    expect(await account.call("DELETE", `/volumes/${volume.id}`)).toMatchObject({
      status: 409,
      body: { id: "conflict", message: "attached volume cannot be deleted" },
    });
    const grow = await account.make(path, { type: "resize", size_gigabytes: 20, region: "fra1" });
    await account.finished(grow.action.id);
    const byName = { volume_name: "state", region: "fra1", type: "detach", droplet_id: id };
    await account.finished((await account.make("/volumes/actions", byName)).action.id);
    const [again] = (await account.call("GET", "/volumes?name=state&region=fra1")).body.volumes;
    expect(again).toMatchObject({ size_gigabytes: 20, droplet_ids: [] });
    expect((await account.call("GET", path)).body.actions.map((action: { type: string }) => action.type)).toEqual([
      "detach_volume",
      "resize_volume",
      "attach_volume",
    ]);
    expect((await account.call("DELETE", "/volumes?name=state&region=fra1")).status).toBe(204);
    expect((await account.call("GET", `/volumes/${volume.id}`)).status).toBe(404);
  });

  it("come with a droplet, and outlive it", async () => {
    const { volume } = await account.make("/volumes", order);
    const { id, volume_ids } = await account.makeDroplet("reef-1", { volumes: [{ id: volume.id }] });
    expect(volume_ids).toEqual([volume.id]);
    const taken = { name: "reef-2", size: "s-1vcpu-1gb", image: "debian-12-x64", region: "fra1", volumes: [volume.id] };
    expect((await account.call("POST", "/droplets", taken)).body.message).toBe("Invalid volume allocations");
    await account.call("DELETE", `/droplets/${id}`);
    await account.gone(id);
    expect((await account.call("GET", `/volumes/${volume.id}`)).body.volume.droplet_ids).toEqual([]);
  });

  it("are refused", async () => {
    await account.make("/volumes", order);
    const { volume: far } = await account.make("/volumes", { ...order, region: "nyc3" });
    const { id } = await account.makeDroplet("reef-1");
    const refusals: [string, object, number, string][] = [
      ["/volumes", order, 409, "already exists"],
      ["/volumes", { ...order, name: "State" }, 422, "lowercase"],
      ["/volumes", { ...order, name: "a", region: "moon1" }, 422, "region is invalid"],
      ["/volumes", { ...order, name: "a", size_gigabytes: 16385 }, 422, "at most 16384"],
      ["/volumes", { ...order, name: "a", filesystem_label: "x" }, 422, "in conjunction with filesystem_type"],
      ["/volumes", { ...order, name: "a", filesystem_type: "xfs", filesystem_label: "thirteen-long" }, 422, "12"],
      [`/volumes/${far.id}/actions`, { type: "attach", droplet_id: id }, 422, "not in the same region"],
      [`/volumes/${far.id}/actions`, { type: "detach", droplet_id: id }, 422, "Attachment not found"],
      [`/volumes/${far.id}/actions`, { type: "resize", size_gigabytes: 10 }, 422, "must be larger"],
      [`/volumes/${far.id}/actions`, { type: "attach", droplet_id: 1 }, 404, "could not be found"],
    ];
    for (const [path, body, status, words] of refusals) {
      expect(await account.call("POST", path, body)).toMatchObject({
        status,
        body: { message: expect.stringContaining(words) },
      });
    }
  });
});

describe("reserved IPs", () => {
  it("are reserved to a region or a droplet, move, and are given back", async () => {
    const droplets = [await account.makeDroplet("a"), await account.makeDroplet("b")];
    const [first, second] = droplets.map((droplet) => droplet.id);
    const created = await account.call("POST", "/reserved_ips", { droplet_id: first });
    expect(created).toMatchObject({
      status: 202,
      body: {
        reserved_ip: { droplet: null, locked: true, region: { slug: "fra1" } },
        links: { droplets: [{ id: first }], actions: [{ rel: "assign_ip" }] },
      },
    });
    const { ip } = created.body.reserved_ip;
    const path = `/reserved_ips/${ip}`;
    await account.finished(created.body.links.actions[0].id);
    expect((await account.call("GET", path)).body.reserved_ip).toMatchObject({ droplet: { id: first }, locked: false });
    const move = async (body: object) => {
      const answer = await account.call("POST", `${path}/actions`, body);
      expect(answer.status).toBe(201);
      expect((await account.call("POST", `${path}/actions`, body)).status).toBe(422);
      await account.finished(answer.body.action.id);
      return (await account.call("GET", path)).body.reserved_ip.droplet?.id;
    };
    expect(await move({ type: "assign", droplet_id: second })).toBe(second);
    expect(await move({ type: "unassign" })).toBeUndefined();
    // Nobody else gets the address meanwhile.
    expect((await account.makeDroplet("c")).networks.v4[0].ip_address).not.toBe(ip);
    expect((await account.call("DELETE", path)).status).toBe(204);
    expect((await account.call("GET", path)).status).toBe(404);
    expect((await account.call("POST", "/reserved_ips", {})).status).toBe(422);
    expect((await account.call("POST", "/reserved_ips", { region: "moon1" })).status).toBe(422);
  });
});
