import { createApiClient } from "dots-wrapper";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publicKey } from "../hetzner/project";
import { goodDroplet, TestAccount, token } from "./account";

let account: TestAccount;
let client: ReturnType<typeof createApiClient>;

beforeEach(async () => {
  account = await new TestAccount().start();
  client = createApiClient({ endpoint: `${account.url}/v2`, token });
});
afterEach(() => account.stop());

it("serves a client that knows nothing of it: from an empty account to a guarded droplet and back", async () => {
  expect((await client.account.getAccount()).data.account.status).toBe("active");
  const { ssh_key } = (await client.sshKey.createSshKey({ name: "ana", public_key: publicKey() })).data;
  await client.tag.createTag({ name: "reef" });
  const rule = { protocol: "tcp", ports: "22", sources: { addresses: ["198.51.100.0/24"] } } as never;
  const { firewall } = (
    await client.firewall.createFirewall({ name: "edge", inbound_rules: [rule], outbound_rules: [], tags: ["reef"] })
  ).data;
  const created = await client.droplet.createDroplet({
    ...goodDroplet,
    ssh_keys: [ssh_key.id],
    tags: ["reef"],
    with_droplet_agent: false,
  });
  expect(created.status).toBe(202);
  const { id } = created.data.droplet;
  await expect
    .poll(async () => (await client.droplet.getDroplet({ droplet_id: id })).data.droplet.status)
    .toBe("active");
  expect(account.machines.filters.get(id)).toHaveLength(1);

  const { action } = (await client.droplet.powerOffDroplet({ droplet_id: id })).data;
  await expect
    .poll(async () => (await client.action.getAction({ action_id: action.id })).data.action.status)
    .toBe("completed");
  const listed = (await client.droplet.listDroplets({ tag_name: "reef" })).data;
  expect(listed.droplets).toMatchObject([{ id, status: "off" }]);
  expect(listed.meta?.total).toBe(1);
  expect((await client.vpc.listVpcs({})).data.vpcs).toMatchObject([{ default: true }]);

  await client.droplet.deleteDroplet({ droplet_id: id });
  await account.gone(id);
  await expect(client.droplet.getDroplet({ droplet_id: id })).rejects.toMatchObject({
    response: { status: 404, data: { id: "not_found" } },
  });
  await client.firewall.deleteFirewall({ firewall_id: firewall.id! });
  await client.tag.deleteTag({ tag_name: "reef" });
  await client.sshKey.destroySshKey({ ssh_key_id: ssh_key.id });
  const inventory = (await account.call("GET", "/_sandbox/inventory")).body;
  expect(Object.values(inventory).map((kind) => (kind as { count: number }).count)).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
