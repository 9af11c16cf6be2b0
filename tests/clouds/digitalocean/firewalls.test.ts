import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { goodDroplet, sshOnly, TestAccount } from "./account";

let account: TestAccount;

beforeEach(async () => {
  account = await new TestAccount().start();
});
afterEach(() => account.stop());

const everywhere = ["0.0.0.0/0", "::/0"];

describe("a firewall by tag", () => {
  it("stands before a droplet from its creation: the filter comes before the machine", async () => {
    await account.make("/tags", { name: "reef" });
    const answer = await account.call("POST", "/firewalls", { ...sshOnly, tags: ["reef"] });
    expect(answer).toMatchObject({ status: 202, body: { firewall: { status: "succeeded", pending_changes: [] } } });
    const { droplet, links } = await account.make("/droplets", { ...goodDroplet, tags: ["reef"] });
    expect((await account.rules(droplet.id)).inbound).toEqual([
      { protocol: "tcp", port: "22", sources: ["198.51.100.0/24"] },
    ]);
    await account.finished(links.actions[0].id);
    expect(account.machines.calls).toEqual([`setFirewall ${droplet.id}`, `create ${droplet.id}`]);
    expect(account.machines.filters.get(droplet.id)).toEqual([
      { protocol: "tcp", port: "22", sources: ["198.51.100.0/24"] },
    ]);
  });

  it("comes and goes with the tag", async () => {
    const { id } = await account.makeDroplet("reef-1");
    expect(await account.rules(id)).toBeNull();
    await account.make("/tags", { name: "reef" });
    const { firewall } = await account.make("/firewalls", { ...sshOnly, tags: ["reef"] });
    const resources = [{ resource_id: String(id), resource_type: "droplet" }];
    await account.make("/tags/reef/resources", { resources });
    expect((await account.call("GET", "/tags/reef")).body.tag.resources.droplets.count).toBe(1);
    expect((await account.call("GET", `/droplets/${id}/firewalls`)).body.firewalls[0].id).toBe(firewall.id);
    await account.settled(firewall.id);
    expect(account.machines.filters.get(id)).toHaveLength(1);
    // Nothing leaves that no rule names.
    expect(account.machines.exits.get(id)).toEqual([]);
    await account.make("/tags/reef/resources", { resources }, "DELETE");
    expect(await account.rules(id)).toBeNull();
    await expect.poll(() => account.machines.filters.get(id)).toBeUndefined();
    expect(account.machines.exits.get(id)).toBeUndefined();
  });

  it("resolves the droplets and tags its rules name, as they come and go", async () => {
    await account.make("/tags", { name: "db" });
    const app = await account.makeDroplet("app");
    const { firewall } = await account.make("/firewalls", {
      name: "between",
      droplet_ids: [app.id],
      inbound_rules: [{ protocol: "tcp", ports: "0", sources: { tags: ["db"] } }],
      outbound_rules: [{ protocol: "icmp", destinations: { addresses: everywhere } }],
    });
    await account.settled(firewall.id);
    expect(account.machines.filters.get(app.id)).toEqual([{ protocol: "tcp", sources: [] }]);
    const db = await account.makeDroplet("db", { tags: ["db"] });
    await account.settled(firewall.id);
    const [outside, inside] = db.networks.v4.map((network: { ip_address: string }) => `${network.ip_address}/32`);
    expect(await account.rules(app.id)).toEqual({
      inbound: [{ protocol: "tcp", sources: [outside, inside] }],
      outbound: [{ protocol: "icmp", destinations: everywhere }],
    });
    expect(account.machines.filters.get(app.id)).toEqual([{ protocol: "tcp", sources: [outside, inside] }]);
    expect(account.machines.exits.get(app.id)).toEqual([{ protocol: "icmp", destinations: everywhere }]);
    await account.call("DELETE", `/droplets/${db.id}`);
    await account.gone(db.id);
    await expect.poll(() => account.machines.filters.get(app.id)).toEqual([{ protocol: "tcp", sources: [] }]);
  });
});

describe("a firewall", () => {
  it("is changed by parts and as a whole", async () => {
    const { id } = await account.makeDroplet("reef-1");
    const { firewall } = await account.make("/firewalls", sshOnly);
    const path = `/firewalls/${firewall.id}`;
    const web = { inbound_rules: [{ protocol: "tcp", ports: "443", sources: { addresses: everywhere } }] };
    await account.make(`${path}/droplets`, { droplet_ids: [id] });
    await account.make(`${path}/rules`, web);
    expect((await account.rules(id)).inbound.map((rule: { port: string }) => rule.port)).toEqual(["22", "443"]);
    await account.make(`${path}/rules`, { inbound_rules: sshOnly.inbound_rules }, "DELETE");
    expect((await account.rules(id)).inbound.map((rule: { port: string }) => rule.port)).toEqual(["443"]);
    await account.make(`${path}/droplets`, { droplet_ids: [id] }, "DELETE");
    expect(await account.rules(id)).toBeNull();
    await account.make("/tags", { name: "reef" });
    await account.make(`${path}/tags`, { tags: ["reef"] });
    await account.make(`${path}/tags`, { tags: ["reef"] }, "DELETE");
    // What an update leaves out is emptied.
    await account.make(path, { ...sshOnly, tags: ["reef"] }, "PUT");
    const updated = await account.make(path, sshOnly, "PUT");
    expect(updated.firewall).toMatchObject({ tags: [], outbound_rules: [], droplet_ids: [] });
    expect((await account.call("DELETE", path)).status).toBe(204);
    expect((await account.call("GET", path)).status).toBe(404);
  });

  it("says when the filter could not be set", async () => {
    const setFirewall = async (_: unknown, rules: unknown) => {
      if (rules) throw new Error("no filter");
    };
    const broken = await new TestAccount({ setFirewall }).start();
    const { id } = await broken.makeDroplet("reef-1");
    const { firewall } = await broken.make("/firewalls", { ...sshOnly, droplet_ids: [id] });
    expect(firewall).toMatchObject({ status: "waiting", pending_changes: [{ droplet_id: id, status: "waiting" }] });
    expect(await broken.settled(firewall.id)).toMatchObject({ status: "failed" });
    await broken.stop();
  });

  it("stays within the documented limits", async () => {
    const droplets = await Promise.all(
      Array.from({ length: 11 }, async (_, index) => (await account.makeDroplet(`reef-${index}`)).id as number),
    );
    const tags = Array.from({ length: 6 }, (_, index) => `tag-${index}`);
    for (const name of tags) await account.make("/tags", { name });
    const rules = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...sshOnly.inbound_rules[0], ports: String(index + 1) }));
    const good = {
      name: "edge",
      droplet_ids: droplets.slice(0, 10),
      tags: tags.slice(0, 5),
      inbound_rules: rules(50),
    };
    const refused: [object, string][] = [
      [{ droplet_ids: droplets }, "at most 10 droplets"],
      [{ tags }, "at most 5 tags"],
      [{ inbound_rules: rules(51) }, "at most 50 rules"],
      [{ inbound_rules: [] }, "at least one rule"],
    ];
    for (const [fields, words] of refused) {
      const answer = await account.call("POST", "/firewalls", { ...good, ...fields });
      expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining(words) } });
    }
    const { firewall } = await account.make("/firewalls", good);
    const eleventh = await account.call("POST", `/firewalls/${firewall.id}/droplets`, { droplet_ids: droplets });
    expect(eleventh.status).toBe(422);
    const sixth = await account.call("POST", `/firewalls/${firewall.id}/tags`, { tags: ["tag-5"] });
    expect(sixth.status).toBe(422);
    expect((await account.call("POST", "/firewalls", sshOnly)).body).toMatchObject({
      id: "conflict",
      message: "duplicate name",
    });
  });

  it.each([
    ["a port that is none", { ports: "70000" }],
    ["no port", { ports: "" }],
    ["a range upside down", { ports: "20-10" }],
    ["another protocol", { protocol: "esp" }],
    ["a source that is no network", { sources: { addresses: ["reef"] } }],
    ["an unknown tag", { sources: { tags: ["nobody"] } }],
    ["an unknown droplet", { sources: { droplet_ids: [1] } }],
    ["a load balancer", { sources: { load_balancer_uids: ["x"] } }],
  ])("refuses %s", async (_, fields) => {
    const inbound_rules = [{ ...sshOnly.inbound_rules[0], ...fields }];
    expect((await account.call("POST", "/firewalls", { ...sshOnly, inbound_rules })).status).toBe(422);
  });
});
