import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Json, TestProject } from "./project";

let project: TestProject;

const ssh = { direction: "in", protocol: "tcp", port: "22", source_ips: ["198.51.100.7/32"] };
const ping = { direction: "in", protocol: "icmp", source_ips: ["0.0.0.0/0", "::/0"] };
const out = { direction: "out", protocol: "tcp", port: "443", destination_ips: ["0.0.0.0/0"] };

beforeEach(async () => {
  project = await new TestProject().start();
});
afterEach(() => project.stop());

async function allFinished(actions: Json[]): Promise<void> {
  for (const action of actions) expect((await project.finished(action.id)).status).toBe("success");
}

const filterOf = (server: Json) => project.machines.filters.get(server.id);

describe("a firewall in front of servers", () => {
  it("stands before the machine does", async () => {
    const { firewall } = await project.make("/firewalls", { name: "edge", rules: [ssh, ping, out] });
    const server = await project.makeServer("reef-1", { firewalls: [{ firewall: firewall.id }] });
    expect(project.machines.calls.slice(0, 2)).toEqual([`setFirewall ${server.id}`, `create ${server.id}`]);
    expect(filterOf(server)).toEqual([
      { protocol: "tcp", port: "22", sources: ["198.51.100.7/32"] },
      { protocol: "icmp", sources: ["0.0.0.0/0", "::/0"] },
    ]);
  });

  it("is absent where none was applied, and lets nothing in where it has no rules", async () => {
    const { firewall } = await project.make("/firewalls", { name: "shut" });
    const open = await project.makeServer("open");
    const shut = await project.makeServer("shut", { firewalls: [{ firewall: firewall.id }] });
    expect(filterOf(open)).toBeUndefined();
    expect(filterOf(shut)).toEqual([]);
  });

  it("changes with its rules, on every server", async () => {
    const { firewall } = await project.make("/firewalls", { name: "edge", rules: [ssh] });
    const servers = [
      await project.makeServer("reef-1", { firewalls: [{ firewall: firewall.id }] }),
      await project.makeServer("reef-2", { firewalls: [{ firewall: firewall.id }] }),
    ];
    const { actions } = await project.make(`/firewalls/${firewall.id}/actions/set_rules`, { rules: [] });
    expect(actions).toMatchObject([{ command: "set_firewall_rules" }]);
    await allFinished(actions);
    expect(servers.map(filterOf)).toEqual([[], []]);
    expect((await project.call("GET", `/firewalls/${firewall.id}`)).body.firewall.rules).toEqual([]);
  });

  it("adds up with others, and goes when it is taken away", async () => {
    const server = await project.makeServer("reef-1");
    const ids: number[] = [];
    for (const [name, rules] of [
      ["one", [ssh]],
      ["two", [ping]],
    ] as const) {
      const { firewall } = await project.make("/firewalls", { name, rules });
      ids.push(firewall.id);
      const { actions } = await project.make(`/firewalls/${firewall.id}/actions/apply_to_resources`, {
        apply_to: [{ type: "server", server: { id: server.id } }],
      });
      expect(actions).toMatchObject([{ command: "apply_firewall" }]);
      await allFinished(actions);
    }
    expect(filterOf(server)).toHaveLength(2);
    const { actions } = await project.make(`/firewalls/${ids[0]}/actions/remove_from_resources`, {
      remove_from: [{ type: "server", server: { id: server.id } }],
    });
    expect(actions).toMatchObject([{ command: "remove_firewall" }]);
    await allFinished(actions);
    expect(filterOf(server)).toEqual([{ protocol: "icmp", sources: ["0.0.0.0/0", "::/0"] }]);
    expect((await project.call("DELETE", `/firewalls/${ids[0]}`)).status).toBe(204);
  });

  it("follows labels", async () => {
    const inside = await project.makeServer("reef-1", { labels: { role: "agent" } });
    const outside = await project.makeServer("reef-2", { labels: { role: "other" } });
    const { firewall, actions } = await project.make("/firewalls", {
      name: "agents",
      rules: [ssh],
      apply_to: [{ type: "label_selector", label_selector: { selector: "role=agent" } }],
    });
    await allFinished(actions);
    expect(firewall.applied_to).toEqual([
      {
        type: "label_selector",
        label_selector: { selector: "role=agent" },
        applied_to_resources: [{ type: "server", server: { id: inside.id } }],
      },
    ]);
    expect(filterOf(inside)).toHaveLength(1);
    expect(filterOf(outside)).toBeUndefined();
    await project.call("PUT", `/servers/${outside.id}`, { labels: { role: "agent" } });
    await expect.poll(() => filterOf(outside)).toHaveLength(1);
    const refused = await project.call("POST", `/firewalls/${firewall.id}/actions/remove_from_resources`, {
      remove_from: [{ type: "server", server: { id: inside.id } }],
    });
    expect(refused.body.error.code).toBe("firewall_managed_by_label_selector");
  });

  it("is free again when its server is gone", async () => {
    const { firewall } = await project.make("/firewalls", { name: "edge", rules: [ssh] });
    const server = await project.makeServer("reef-1", { firewalls: [{ firewall: firewall.id }] });
    expect(await project.call("DELETE", `/firewalls/${firewall.id}`)).toMatchObject({
      status: 422,
      body: { error: { code: "resource_in_use", message: `firewall with ID ${firewall.id} is still in use` } },
    });
    const { action } = (await project.call("DELETE", `/servers/${server.id}`)).body;
    await project.finished(action.id);
    expect(filterOf(server)).toBeUndefined();
    expect((await project.call("DELETE", `/firewalls/${firewall.id}`)).status).toBe(204);
  });

  it("whose driver fails ends the action with an error", async () => {
    await project.stop();
    const setFirewall = () => Promise.reject(new Error("nft: permission denied"));
    project = await new TestProject(undefined, { setFirewall }).start();
    const { action } = await project.make("/servers", {
      name: "reef-1",
      server_type: "cx23",
      image: "debian-12",
      location: "fsn1",
    });
    expect((await project.finished(action.id)).error.message).toBe("nft: permission denied");
    expect(project.machines.specs.size).toBe(0);
    expect((await project.call("GET", "/servers")).body.servers).toMatchObject([{ status: "off" }]);
  });
});

describe("the rules of a firewall", () => {
  const rule = { direction: "in", protocol: "tcp", port: "22", source_ips: ["10.0.0.0/8"] };
  it.each<[string, object, string]>([
    ["direction", { ...rule, direction: "sideways" }, "rules.0.direction"],
    ["protocol", { ...rule, protocol: "sctp" }, "rules.0.protocol"],
    ["tcp without port", { ...rule, port: undefined }, "rules.0.port"],
    ["icmp with port", { ...rule, protocol: "icmp" }, "rules.0.port"],
    ["port 0", { ...rule, port: "0" }, "rules.0.port"],
    ["port 65536", { ...rule, port: "65536" }, "rules.0.port"],
    ["range the wrong way round", { ...rule, port: "90-80" }, "rules.0.port"],
    ["words as port", { ...rule, port: "ssh" }, "rules.0.port"],
    ["address without prefix", { ...rule, source_ips: ["10.0.0.1"] }, "rules.0.source_ips.0"],
    ["host bits", { ...rule, source_ips: ["10.0.0.0/8", "10.0.0.1/8"] }, "rules.0.source_ips.1"],
    ["host bits of IPv6", { ...rule, source_ips: ["2001:db8::1/32"] }, "rules.0.source_ips.0"],
    ["too long a prefix", { ...rule, source_ips: ["10.0.0.0/33"] }, "rules.0.source_ips.0"],
    ["no sources", { ...rule, source_ips: [] }, "rules.0.source_ips"],
    ["destinations of an inbound rule", { ...rule, destination_ips: ["10.0.0.0/8"] }, "rules.0.destination_ips"],
    ["outbound without destinations", { ...rule, direction: "out", source_ips: [] }, "rules.0.destination_ips"],
    ["101 networks", { ...rule, source_ips: Array(101).fill("10.0.0.0/8") }, "rules.0.source_ips"],
    ["a long description", { ...rule, description: "x".repeat(256) }, "rules.0.description"],
  ])("refuse %s", async (_, wrong, field) => {
    const { status, body } = await project.call("POST", "/firewalls", { name: "edge", rules: [wrong] });
    expect(status).toBe(422);
    expect(body.error.code).toBe("invalid_input");
    expect(body.error.details.fields.map((fault: Json) => fault.name)).toContain(field);
    expect((await project.call("GET", "/_sandbox/inventory")).body.firewalls.count).toBe(0);
  });

  it.each<[string, object]>([
    ["a single address", { ...rule, source_ips: ["198.51.100.7/32", "2001:db8::1/128"] }],
    ["a range of ports", { ...rule, port: "1024-5000" }],
    ["every port", { ...rule, port: "any" }],
    ["gre", { direction: "in", protocol: "gre", source_ips: ["0.0.0.0/0"] }],
    ["outbound", out],
  ])("accept %s", async (_, right) => {
    const { firewall } = await project.make("/firewalls", { name: "edge", rules: [right] });
    expect(firewall.rules).toHaveLength(1);
  });

  it("are at most 50, and 500 with all their networks", async () => {
    const many = await project.call("POST", "/firewalls", { name: "a", rules: Array(51).fill(rule) });
    expect(many.body.error.details.fields[0].name).toBe("rules");
    const wide = { ...rule, source_ips: Array(100).fill("10.0.0.0/8") };
    const effective = await project.call("POST", "/firewalls", { name: "a", rules: Array(6).fill(wide) });
    expect(effective.body.error.message).toContain("500 effective rules");
  });
});
