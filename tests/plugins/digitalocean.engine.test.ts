import { afterAll, beforeAll, expect, test } from "vitest";
import { TestAccount, token } from "../clouds/digitalocean/account";
import { ProgramStack } from "./stack";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUrGsGnlmyVPsF7oQmz2Ry5c7J9QL2u0FGqNyXyV ops";

const account = new TestAccount();
let stack: ProgramStack;
/** The stack's outputs after the first `up`. */
let made: Record<string, unknown>;

const inPlace = `{ name: "reef-1", size: "s-2vcpu-4gb", resizeDisk: false, tags: [tag.name, "fleet:atoll"] }`;
const pingOnly = '[{ protocol: "icmp", sourceAddresses: ["0.0.0.0/0"] }]';

/** A droplet with its key, network, tag and firewall; `args` are laid over the droplet's, `rules` are the inbound ones, `more` goes with it. */
function program(
  args = "{}",
  rules = '[{ protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.7/32"] }]',
  more = "",
) {
  return `
    const key = new digitalocean.SshKey("ops", { publicKey: "${key}" });
    const tag = new digitalocean.Tag("mark");
    const network = new digitalocean.Vpc("inner", { region: "fra1", ipRange: "10.20.0.0/20" });
    const everywhere = ["0.0.0.0/0", "::/0"];
    const firewall = new digitalocean.Firewall("wall", {
      tags: [tag.name],
      inboundRules: ${rules},
      outboundRules: [
        { protocol: "tcp", portRange: "all", destinationAddresses: everywhere },
        { protocol: "icmp", destinationAddresses: everywhere },
      ],
    });
    const droplet = new digitalocean.Droplet("reef", {
      size: "s-1vcpu-2gb",
      image: "debian-12-x64",
      region: "fra1",
      tags: [tag.name, "fleet:reef"],
      sshKeys: [key.id],
      vpcUuid: network.id,
      userData: pulumi.secret("#cloud-config canary"),
      dropletAgent: false,
      ipv6: true,
      ...${args},
    }, { dependsOn: firewall });
    ${more}
    exports.id = droplet.id;
    exports.ip = droplet.ipv4Address;
    exports.ip6 = droplet.ipv6Address;
    exports.inner = droplet.ipv4AddressPrivate;
    exports.urn = droplet.dropletUrn;
    exports.price = droplet.priceHourly;
    exports.tag = tag.name;
    exports.firewall = firewall.id;
  `;
}

/** What the plugin asked of the API since the last look, without what only looks. */
const changes = () =>
  account.entries
    .splice(0)
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => `${method} ${path.replace("/v2", "")}`);

/** The droplet's actions in their order. */
async function actions(id: unknown): Promise<string[]> {
  const { body } = await account.call("GET", `/droplets/${id}/actions`);
  return body.actions.map(({ type }: { type: string }) => type).reverse();
}

beforeAll(async () => {
  await account.start();
  // The first VPC of a region becomes its default, which nobody can delete.
  await account.make("/vpcs", { name: "default-fra1", region: "fra1" });
  account.entries.length = 0;
  stack = await ProgramStack.open({ DIGITALOCEAN_TOKEN: token, DIGITALOCEAN_API_URL: account.url }, ["digitalocean"]);
});
afterAll(async () => {
  await stack?.close();
  const { body } = await account.call("GET", "/_sandbox/inventory");
  const left = Object.entries(body as Record<string, { count: number }>).filter(([, { count }]) => count > 0);
  await account.stop();
  // Tags that droplets brought along stay, as they do with the official provider.
  expect(left.map(([kind, { count }]) => `${count} ${kind}`)).toEqual(["2 tags"]);
});

test("a droplet is ordered behind its firewall in one call, and settles", async () => {
  await stack.up(program());
  made = await stack.outputs();
  expect(made.id).toMatch(/^4\d{8}$/);
  expect(made.ip).toMatch(/^198\.51\.100\.\d+$/);
  expect(made.ip6).toMatch(/^2001:db8:/);
  expect(made.inner).toMatch(/^10\.20\.\d+\.\d+$/);
  expect(made).toMatchObject({ urn: `do:droplet:${made.id}`, price: expect.any(Number) });
  const calls = changes();
  expect(calls.at(-1)).toBe("POST /droplets");
  const others = ["POST /account/keys", "POST /firewalls", "POST /tags", "POST /vpcs"];
  expect(calls.slice(0, -1).sort()).toEqual(others);
  const { body } = await account.call("GET", `/_sandbox/droplets/${made.id}/rules`);
  expect(body.rules.inbound).toHaveLength(1);
  expect(await stack.stateText()).not.toContain("canary");
  await stack.expectSettled();
});

test("size, name, tags and rules change in place", async () => {
  changes();
  await stack.up(program(inPlace, pingOnly));
  expect(await actions(made.id)).toEqual(["create", "power_off", "resize", "power_on", "rename"]);
  const calls = changes();
  expect(calls.filter((call) => call.includes("firewalls"))).toEqual([`PUT /firewalls/${made.firewall}`]);
  expect(calls.filter((call) => !call.includes("firewalls"))).toEqual([
    ...Array(4).fill(`POST /droplets/${made.id}/actions`),
    "DELETE /tags/fleet:reef/resources",
    "POST /tags",
    "POST /tags/fleet:atoll/resources",
  ]);
  const { droplet } = (await account.call("GET", `/droplets/${made.id}`)).body;
  expect(droplet).toMatchObject({ name: "reef-1", size_slug: "s-2vcpu-4gb", status: "active" });
});

test("what was changed by hand comes back", async () => {
  const open = { inbound_rules: [{ protocol: "tcp", ports: "all", sources: { addresses: ["0.0.0.0/0"] } }] };
  await account.make(`/firewalls/${made.firewall}/rules`, open);
  const resources = [{ resource_id: made.id, resource_type: "droplet" }];
  await account.make(`/tags/${made.tag}/resources`, { resources }, "DELETE");
  await stack.must("refresh", "--yes", "--skip-preview");
  expect(await stack.up()).toMatch(/2 updated/);
  await stack.must("preview", "--expect-no-changes");
});

test("other user-data replaces; an existing droplet becomes the program's", async () => {
  const existing = await account.makeDroplet("by-hand", { ipv6: true });
  const taken = (options: string) => `new digitalocean.Droplet("taken", {
    name: "by-hand", region: "fra1", size: "s-1vcpu-2gb", image: "debian-12-x64", ipv6: true,
  }, ${options});`;
  const other = inPlace.replace("}", ', userData: "#cloud-config other" }');
  expect(await stack.up(program(other, pingOnly, taken(`{ import: "${existing.id}" }`)))).toMatch(/1 replaced/);
  expect((await account.call("GET", `/droplets/${made.id}`)).status).toBe(404);
  await stack.program(program(other, pingOnly, taken("{}")));
  await stack.must("preview", "--expect-no-changes");
});
