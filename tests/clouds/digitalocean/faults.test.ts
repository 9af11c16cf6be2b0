import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publicKey } from "../hetzner/project";
import { goodDroplet, sshOnly, TestAccount } from "./account";

let account: TestAccount;

beforeEach(async () => {
  account = await new TestAccount().start();
});
afterEach(() => account.stop());

describe("refusals in the API's own words", () => {
  const droplet = (fields: object) => ["POST", "/droplets", { ...goodDroplet, ...fields }] as const;
  it.each([
    [droplet({ size: "s-9vcpu" }), "You specified an invalid size for Droplet creation."],
    [droplet({ image: 7 }), "You specified an invalid image for Droplet creation."],
    [droplet({ region: "moon1" }), "You specified an invalid region for Droplet creation."],
    [droplet({ ssh_keys: [7, "a:b"] }), "7, a:b are invalid key identifiers for Droplet creation."],
    [droplet({ name: "-" }), "name: Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"],
    [droplet({ vpc_uuid: "7" }), "You specified an invalid VPC for Droplet creation."],
    [droplet({ name: undefined }), "name or names is required"],
    [droplet({ names: Array(11).fill("a") }), "names: at most 10 droplets can be created at once"],
    [droplet({ names: Array(10).fill("a"), region: "ny" }), undefined],
    [
      ["POST", "/account/keys", { name: "a", public_key: "x" }],
      "Key invalid, key should be of the format `type key [comment]`",
    ],
    [["POST", "/account/keys", { name: "", public_key: "x" }], "name: can't be blank"],
    [
      ["POST", "/vpcs", { name: "a b", region: "fra1" }],
      "name: may only contain alphanumeric characters, dashes, and periods",
    ],
    [["POST", "/vpcs", { name: "a", region: "moon1" }], "region is invalid"],
    [["POST", "/firewalls", { ...sshOnly, tags: ["none"] }], "tag none not found"],
    [["POST", "/firewalls", { ...sshOnly, droplet_ids: [7] }], "droplet 7 not found"],
  ] as const)("%j", async ([method, path, body], message) => {
    const answer = await account.call(method, path, body);
    if (message === undefined) expect(answer.status).toBe(202);
    else expect(answer).toMatchObject({ status: 422, body: { id: "unprocessable_entity", message } });
  });

  it("of a droplet's actions", async () => {
    const { id } = await account.makeDroplet("reef-1", { public_networking: false });
    const act = async (body: object) => (await account.call("POST", `/droplets/${id}/actions`, body)).body.message;
    expect(await act({ type: "power_on" })).toBe("Droplet is already powered on.");
    expect(await act({ type: "resize", size: "s-2vcpu-4gb" })).toBe(
      "Droplet must be powered off before it can be resized.",
    );
    expect(await act({ type: "enable_ipv6" })).toBe("IPv6 can not be enabled without public networking.");
    await account.act(id, { type: "power_off" });
    expect(await act({ type: "power_off" })).toBe("Droplet is already powered off.");
    expect(await act({ type: "reboot" })).toBe("Droplet is currently powered off.");
    expect(await act({ type: "resize", size: "s-1vcpu-1gb" })).toContain("smaller disk");
    expect(await act({ type: "resize", size: "s-1vcpu-2gb" })).toBe("Droplet already has this size.");
    expect(await act({ type: "resize", size: "none" })).toBe("You specified an invalid size for Droplet resize.");
    expect(await act({ type: "fly" })).toBe("You specified an invalid action type.");
  });

  it("of networks that stay", async () => {
    const { vpc } = await account.make("/vpcs", { name: "first", region: "fra1" });
    const { vpc: second } = await account.make("/vpcs", { name: "second", region: "fra1" });
    const refused = (words: string) => ({ status: 403, body: { id: "forbidden", message: words } });
    expect(await account.call("DELETE", `/vpcs/${vpc.id}`)).toMatchObject(refused("Can not delete default VPCs"));
    await account.makeDroplet("reef-1", { vpc_uuid: second.id });
    expect(await account.call("DELETE", `/vpcs/${second.id}`)).toMatchObject(
      refused("Can not delete VPC with members"),
    );
    // Another default frees the first.
    await account.make(`/vpcs/${second.id}`, { default: true }, "PATCH");
    expect((await account.call("DELETE", `/vpcs/${vpc.id}`)).status).toBe(204);
    const overlapping = { name: "third", region: "nyc3", ip_range: second.ip_range };
    expect((await account.call("POST", "/vpcs", overlapping)).body.message).toBe(
      "This range/size overlaps with another VPC network in your account",
    );
    expect(
      (await account.call("POST", "/droplets", { ...goodDroplet, region: "nyc3", vpc_uuid: second.id })).status,
    ).toBe(422);
  });

  it("of a tag with other characters, in an envelope of its own", async () => {
    expect(await account.call("POST", "/tags", { name: "здорово" })).toMatchObject({
      status: 400,
      body: {
        error: 'Error validating resource tag: "tag-name "здорово" contains invalid characters"',
        messages: null,
        root_causes: [expect.stringContaining("code = InvalidArgument")],
      },
    });
    for (const [method, path] of [
      ["POST", "/tags/none/resources"],
      ["DELETE", "/tags/none"],
      ["DELETE", "/droplets?tag_name=none"],
    ] as const) {
      expect((await account.call(method, path, { resources: [] })).status).toBe(404);
    }
    await account.make("/tags", { name: "reef" });
    const resources = [{ resource_id: "7", resource_type: "droplet" }];
    expect((await account.call("POST", "/tags/reef/resources", { resources })).status).toBe(404);
    expect((await account.call("DELETE", "/droplets")).status).toBe(400);
  });
});

describe("limits of requests", () => {
  it("lets keys be listed ten times a minute", async () => {
    await account.make("/account/keys", { name: "ana", public_key: publicKey() });
    for (let index = 0; index < 10; index++) expect((await account.call("GET", "/account/keys")).status).toBe(200);
    const refused = await account.call("GET", "/account/keys");
    expect(refused).toMatchObject({ status: 429, body: { id: "too_many_requests" } });
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    expect((await account.call("GET", "/account")).headers.get("ratelimit-remaining")).toBe("4988");
  });

  it("has 5,000 an hour and 250 a minute", async () => {
    const answers = await Promise.all(Array.from({ length: 251 }, () => account.call("GET", "/account")));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(answers[0]?.headers.get("ratelimit-limit")).toBe("5000");
    const reset = Number(answers[0]?.headers.get("ratelimit-reset"));
    expect(Math.abs(reset - Date.now() / 1000 - 3600)).toBeLessThan(10);
  });
});
