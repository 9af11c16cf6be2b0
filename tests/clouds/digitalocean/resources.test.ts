import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publicKey } from "../hetzner/project";
import { TestAccount } from "./account";

let account: TestAccount;

beforeEach(async () => {
  account = await new TestAccount().start();
});
afterEach(() => account.stop());

describe("the API", () => {
  it("knows one token, and words refusals as documented", async () => {
    expect(await account.call("GET", "/account", undefined, { authorization: "Bearer no" })).toMatchObject({
      status: 401,
      body: { id: "unauthorized", message: "Unable to authenticate you.", request_id: expect.any(String) },
    });
    expect((await account.call("GET", "/nothing")).body.id).toBe("not_found");
    expect((await account.call("POST", "/droplets", "{")).body.id).toBe("bad_request");
    expect((await account.call("PUT", "/droplets", {})).status).toBe(405);
    for (const path of [
      "/firewalls/constructor",
      "/vpcs/constructor",
      "/account/keys/constructor",
      "/tags/constructor",
    ]) {
      expect((await account.call("GET", path)).status).toBe(404);
    }
    expect((await account.call("GET", "/account")).body.account).toMatchObject({ status: "active", droplet_limit: 30 });
  });

  it("counts requests by the hour and by the minute", async () => {
    const limited = await new TestAccount({}, { requestsPerHour: 60 }).start();
    const answers = [];
    for (let index = 0; index < 4; index++) answers.push(await limited.call("GET", "/regions"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get("ratelimit-limit")).toBe("60");
    expect(answers[0]?.headers.get("ratelimit-remaining")).toBe("59");
    expect(Number(answers[3]?.headers.get("retry-after"))).toBeGreaterThan(50);
    expect(answers[3]?.body.id).toBe("too_many_requests");
    await limited.stop();
  });

  it("pages by 20 with links to the others", async () => {
    for (let index = 0; index < 45; index++) account.store.state.tags.push(`tag-${index}`);
    const page = (await account.call("GET", "/tags?page=2")).body;
    expect(page.tags).toHaveLength(20);
    expect(page.meta).toEqual({ total: 45 });
    const url = `${account.url}/v2/tags?page=`;
    expect(page.links.pages).toEqual({ first: `${url}1`, prev: `${url}1`, next: `${url}3`, last: `${url}3` });
    const all = (await account.call("GET", "/tags?per_page=1000")).body;
    expect(all).toMatchObject({ links: {} });
    expect(all.tags).toHaveLength(45);
    expect((await account.call("GET", "/tags?page=0")).status).toBe(400);
  });

  it("lists what can be ordered", async () => {
    const slugs = async (path: string, key: string) =>
      (await account.call("GET", path)).body[key].map((entry: { slug: string }) => entry.slug);
    expect(await slugs("/regions", "regions")).toContain("fra1");
    expect(await slugs("/sizes", "sizes")).toContain("s-2vcpu-4gb");
    expect(await slugs("/images?type=distribution", "images")).toContain("debian-12-x64");
    expect((await account.call("GET", "/images/debian-12-x64")).body.image.distribution).toBe("Debian");
  });

  it("logs neither token nor user data", async () => {
    await account.makeDroplet("reef-1", { user_data: "canary-user-data" });
    const text = JSON.stringify(account.entries);
    expect(account.entries[0]).toMatchObject({ cloud: "digitalocean", method: "POST", status: 202 });
    expect(text).not.toContain("canary-user-data");
    expect(text).not.toContain("dop_v1_");
  });
});

describe("keys", () => {
  it("are unique, renamed, and addressed by id or fingerprint", async () => {
    const public_key = publicKey();
    const { ssh_key } = await account.make("/account/keys", { name: "ana", public_key });
    expect((await account.call("POST", "/account/keys", { name: "bo", public_key })).body.message).toContain("in use");
    expect((await account.call("POST", "/account/keys", { name: "bo", public_key: "ssh-rsa x" })).status).toBe(422);
    await account.make(`/account/keys/${ssh_key.id}`, { name: "ana-2" }, "PUT");
    const found = await account.call("GET", `/account/keys/${ssh_key.fingerprint}`);
    expect(found.body.ssh_key).toMatchObject({ id: ssh_key.id, name: "ana-2" });
    expect((await account.call("DELETE", `/account/keys/${ssh_key.id}`)).status).toBe(204);
    expect((await account.call("GET", `/account/keys/${ssh_key.id}`)).status).toBe(404);
  });
});

describe("tags", () => {
  it("keep their first capitalization, and refuse in words of their own", async () => {
    expect((await account.call("POST", "/tags", { name: "PROD" })).status).toBe(201);
    expect((await account.make("/tags", { name: "prod" })).tag.name).toBe("PROD");
    expect((await account.call("GET", "/tags/prod")).status).toBe(404);
    expect(await account.call("POST", "/tags", { name: "a b" })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("invalid characters"), messages: null },
    });
  });

  it("leave droplets when they are deleted", async () => {
    const { id } = await account.makeDroplet("reef-1", { tags: ["reef", "other"] });
    expect((await account.call("DELETE", "/tags/reef")).status).toBe(204);
    expect((await account.call("GET", `/droplets/${id}`)).body.droplet.tags).toEqual(["other"]);
  });
});

describe("VPCs", () => {
  it("hold droplets, and cannot be deleted before they are empty", async () => {
    await account.make("/vpcs", { name: "first", region: "fra1" });
    const { vpc } = await account.make("/vpcs", { name: "reef", region: "fra1", ip_range: "10.20.0.0/24" });
    expect(vpc.urn).toBe(`do:vpc:${vpc.id}`);
    const droplet = await account.makeDroplet("reef-1", { vpc_uuid: vpc.id, public_networking: false });
    expect(droplet.networks.v4).toMatchObject([{ ip_address: "10.20.0.2", netmask: "255.255.255.0" }]);
    const { members } = (await account.call("GET", `/vpcs/${vpc.id}/members`)).body;
    expect(members).toMatchObject([{ urn: `do:droplet:${droplet.id}` }]);
    expect(await account.call("DELETE", `/vpcs/${vpc.id}`)).toMatchObject({ status: 403, body: { id: "forbidden" } });
    await account.call("DELETE", `/droplets/${droplet.id}`);
    await account.gone(droplet.id);
    await account.make(`/vpcs/${vpc.id}`, { description: "empty" }, "PATCH");
    expect((await account.call("DELETE", `/vpcs/${vpc.id}`)).status).toBe(204);
  });

  it("come by default for each region, and stay", async () => {
    const { vpc_uuid } = await account.makeDroplet("reef-1");
    expect((await account.call("GET", `/vpcs/${vpc_uuid}`)).body.vpc).toMatchObject({ default: true, region: "fra1" });
    expect((await account.call("DELETE", `/vpcs/${vpc_uuid}`)).status).toBe(403);
  });

  it.each(["10.20.0.0/12", "10.20.0.0/29", "8.8.8.0/24", "10.20.0.1/24", "10.30.0.0/25"])(
    "refuse %s",
    async (ip_range) => {
      await account.make("/vpcs", { name: "taken", region: "fra1", ip_range: "10.30.0.0/24" });
      const answer = await account.call("POST", "/vpcs", { name: "reef", region: "fra1", ip_range });
      expect(answer.status).toBe(422);
    },
  );
});
