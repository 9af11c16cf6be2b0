import { afterEach, expect, test } from "vitest";
import { provider } from "../../sandbox/plugins/digitalocean";
import { type Call, PartialFailure, type Props } from "../../sandbox/plugins/framework/provider";
import { FakeApi, type Reply } from "./fakeApi";

const call: Call = { urn: "", name: "thing", log: () => {}, signal: new AbortController().signal, timeout: 0 };
const lost: Reply = { status: 500, body: { message: "Server Error" } };
const missing: Reply = { status: 404, body: { message: "The resource you requested could not be found." } };

let api: FakeApi;
afterEach(() => api.stop());

/** The stand-in before an API that answers each method in one way; its requests are not repeated. */
async function open(answers: Record<string, Reply>) {
  api = await FakeApi.start(({ method }) => answers[method] ?? { body: {} });
  const cloud = await provider.configure({ apiEndpoint: api.url, token: "t", httpRetryMax: 0 });
  return { cloud, of: (type: string) => provider.resources[`digitalocean:index/${type}`]! };
}

const rule = { protocol: "icmp", sourceAddresses: ["::/0"] };
const key = { id: 7, name: "ops", public_key: "ssh-ed25519 AAAA" };

test.each<[type: string, inputs: Props, made: object, id: string, reason: string]>([
  ["firewall:Firewall", { name: "wall", inboundRules: [rule] }, { firewall: { id: "f" } }, "f", "retrieving firewall"],
  ["vpc:Vpc", { name: "inner", region: "fra1" }, { vpc: { id: "v" } }, "v", "reading VPC"],
  ["tag:Tag", { name: "mark" }, { tag: { name: "mark" } }, "mark", "retrieving tag"],
  ["sshKey:SshKey", { name: "ops", publicKey: key.public_key }, { ssh_key: key }, "7", "retrieving SSH Key"],
])("a %s that was made but cannot be looked at stays in state", async (type, inputs, body, id, reason) => {
  const { cloud, of } = await open({ POST: { status: 201, body }, GET: lost });
  const failure = await of(type)
    .create(cloud, inputs, call)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(PartialFailure);
  const message = expect.stringMatching(new RegExp(`^Error ${reason}: GET http.*: 500 Server Error$`));
  expect(failure).toMatchObject({ id, outputs: inputs, reasons: [message] });
});

test("one that is gone as soon as it was made is not kept", async () => {
  const { cloud, of } = await open({ POST: { status: 201, body: { tag: { name: "mark" } } }, GET: missing });
  const failure = of("tag:Tag").create(cloud, { name: "mark" }, call);
  await expect(failure).rejects.toThrow("not found: mark");
  await expect(failure).rejects.not.toBeInstanceOf(PartialFailure);
});

test("a droplet that is not there cannot be imported, and is gone when refreshed", async () => {
  const { cloud, of } = await open({ GET: missing });
  const droplet = of("droplet:Droplet");
  await expect(droplet.read(cloud, "7", {}, {}, call)).rejects.toThrow(/^Error importing droplet: GET .*: 404 /);
  expect(await droplet.read(cloud, "7", { name: "reef" }, { name: "reef" }, call)).toBeUndefined();
  await expect(droplet.read(cloud, "reef", { name: "reef" }, {}, call)).rejects.toThrow("invalid droplet id: reef");
});

test("a VPC with members is asked for again until the time is over, and then says why it stays", async () => {
  const { cloud, of } = await open({ DELETE: { status: 403, body: { message: "Can not delete VPC with members" } } });
  const failure = of("vpc:Vpc").delete(cloud, "v", {}, { ...call, timeout: 0.7 });
  await expect(failure).rejects.toThrow(/^DELETE http.*\/v2\/vpcs\/v: 403 Can not delete VPC with members$/);
  expect(api.asked.length).toBe(2);
});

test("a VPC that is gone already is an error", async () => {
  const { cloud, of } = await open({ DELETE: missing });
  await expect(of("vpc:Vpc").delete(cloud, "v", {}, call)).rejects.toThrow(/^Error deleting VPC: DELETE .*: 404 /);
});

test("a backup policy without an hour means midnight", async () => {
  const { cloud, of } = await open({ POST: lost });
  const inputs = { name: "reef", size: "s", image: "1", backups: true, backupPolicy: { plan: "daily" } };
  await expect(of("droplet:Droplet").create(cloud, inputs, call)).rejects.toThrow("Error creating droplet");
  expect(api.asked[0]?.body).toMatchObject({ image: 1, backup_policy: { plan: "daily", hour: 0 } });
});
