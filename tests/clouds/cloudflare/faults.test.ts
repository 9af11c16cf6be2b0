import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { account, otherAccountId, TestAccount, zone, zoneIds } from "./account";
import { expectRefused, type Refused, refused } from "./refused";

let test: TestAccount;
const ids: Record<string, string> = {};

beforeAll(async () => {
  test = await new TestAccount().start();
  ids.tunnel = (await test.make(account("/cfd_tunnel"), { name: "atlas", config_src: "cloudflare" })).id;
  const gone = (await test.make(account("/cfd_tunnel"), { name: "gone" })).id;
  await test.call("DELETE", account(`/cfd_tunnel/${gone}`));
  ids.gone = gone;
  const record = { type: "CNAME", name: "atlas.example.com", content: "x.cfargotunnel.com", proxied: true, ttl: 1 };
  ids.record = (await test.make(zone("/dns_records"), record)).id;
});
afterAll(() => test.stop());

const nowhere = "00000000-0000-4000-8000-000000000000";
const requests: Refused[] = [
  refused("an unknown route", "GET /nothing", undefined, "404 7003: No route for the URI."),
  refused("a method that a route has not", `DELETE ${zone("")}`, undefined, "405 7001"),
  refused("a body that is no JSON", `POST ${account("/cfd_tunnel")}`, "{", "400 6007"),
  refused("an account id of another form", "GET /accounts/42/cfd_tunnel", undefined, "404 7003: Could not route to"),
  refused("another's account", `GET /accounts/${otherAccountId}/cfd_tunnel`, undefined, "403 10000"),
  refused("another's zone", `GET /zones/${otherAccountId}`, undefined, "403 10000: Authentication error"),
  refused("a zone id of another form", "GET /zones/example.com", undefined, "404 7003"),
  refused("page 0", `GET ${account("/cfd_tunnel?page=0")}`, undefined, "400 6003: page"),
  refused("a page that is too long", `GET ${account("/cfd_tunnel?per_page=1001")}`, undefined, "400 6003: per_page"),
];

const tunnel = account("/cfd_tunnel");
const create = (title: string, body: object, expected: string) => refused(title, `POST ${tunnel}`, body, expected);
const tunnels: Refused[] = [
  create("no name", {}, "400 1001: name"),
  create("an empty name", { name: "" }, "400 1001: name"),
  create("an unknown source", { name: "x", config_src: "git" }, "400 1001: config_src"),
  create("a short secret", { name: "x", tunnel_secret: Buffer.alloc(31).toString("base64") }, "400 1001: 32 bytes"),
  create("a secret that is no base64", { name: "x", tunnel_secret: "!".repeat(60) }, "400 1001: base64"),
  create("a taken name", { name: "atlas" }, "409 1013: You already have a tunnel with this name"),
  refused("an unknown tunnel", `GET ${tunnel}/${nowhere}`, undefined, "404 1003: Tunnel not found"),
  refused("changing a deleted one", `PATCH ${tunnel}/{gone}`, { name: "x" }, "404 1003"),
  refused("deleting it again", `DELETE ${tunnel}/{gone}`, undefined, "404 1003"),
  refused("its token", `GET ${tunnel}/{gone}/token`, undefined, "404 1003"),
  refused("its configuration", `PUT ${tunnel}/{gone}/configurations`, { config: {} }, "404 1003"),
];

const configure = (title: string, ingress: unknown, words: string) =>
  refused(title, `PUT ${tunnel}/{tunnel}/configurations`, { config: { ingress } }, `400 1056: ${words}`);
const last = { service: "http_status:404" };
const configurations: Refused[] = [
  configure("no rules", [], "doesn't contain any ingress rules"),
  configure(
    "no catch-all",
    [{ hostname: "a.example.com", service: "http://a:1" }],
    "last ingress rule must match all URLs",
  ),
  configure("a path on the last rule", [{ path: "^/x$", service: "http://a:1" }], "last ingress rule must match all"),
  configure("a catch-all in between", [last, last], "Rule #1 is matching the hostname ''"),
  configure("a service with a path", [{ hostname: "a", service: "http://a:1/" }, last], "don't support proxying"),
  configure("a service without a scheme", [{ hostname: "a", service: "a:1" }, last], "make sure it has a scheme"),
  configure("an unknown status", [{ service: "http_status:99" }], "invalid HTTP status code: 99"),
  configure("a status in words", [{ service: "http_status:teapot" }], "invalid HTTP status code"),
  configure(
    "a bad expression",
    [{ hostname: "a", path: "(", service: "http://a:1" }, last],
    "Rule #1 has an invalid regex",
  ),
  configure("look-ahead", [{ hostname: "a", path: "^(?!x)", service: "http://a:1" }, last], "invalid regex"),
  configure("a port", [{ hostname: "a.example.com:80", service: "http://a:1" }, last], "cannot contain a port"),
  configure("an inner wildcard", [{ hostname: "a.*.com", service: "http://a:1" }, last], "at most one wildcard"),
  configure(
    "audiences without a team",
    [{ hostname: "a", service: "http://a:1", originRequest: { access: { required: true, audTag: ["x"] } } }, last],
    "TeamName cannot be blank",
  ),
  refused(
    "a time-out in words",
    `PUT ${tunnel}/{tunnel}/configurations`,
    { config: { ingress: [{ ...last, originRequest: { connectTimeout: "30s" } }] } },
    "400 1001: connectTimeout",
  ),
];

const record = { type: "A", name: "x.example.com", content: "198.51.100.9", ttl: 300 };
const add = (title: string, fields: object, expected: string) =>
  refused(title, `POST ${zone("/dns_records")}`, { ...record, ...fields }, expected);
const alias = { type: "CNAME", name: "atlas.example.com" };
const records: Refused[] = [
  add("no name", { name: undefined }, "400 9207: name"),
  add("an unknown type", { type: "X" }, "400 9207: type"),
  add("a bad name", { name: "a..b" }, "400 9000"),
  add("a wildcard inside", { name: "a.*.example.com" }, "400 9000"),
  add("a long label", { name: "a".repeat(64) }, "400 9000"),
  add("an address that is none", { content: "198.51.100.256" }, "400 9005"),
  add("IPv4 for IPv6", { type: "AAAA" }, "400 9006"),
  add("an alias to an address", { type: "CNAME" }, "400 9007"),
  add("an alias to itself", { type: "CNAME", content: "x.example.com" }, "400 9039"),
  add("no content", { content: undefined }, "400 9101"),
  add("a proxied text", { type: "TXT", proxied: true, ttl: 1 }, "400 9004"),
  add("a proxied record with a TTL", { proxied: true }, "400 9021: Must be 1"),
  add("a short TTL", { ttl: 59 }, "400 9021: 60"),
  add("a long TTL", { ttl: 86401 }, "400 9021"),
  add("an alias beside an address", { name: "atlas.example.com" }, "400 81053"),
  add("an alias a second time", { ...alias, content: "y.cfargotunnel.com", ttl: 1 }, "400 81053"),
  add("the same record", { ...alias, content: "x.cfargotunnel.com", ttl: 1 }, "400 81058: identical record"),
  add("a tag on the free plan", { tags: ["a:b"] }, "400 9300: quota of 0"),
  add("a long comment", { comment: "x".repeat(101) }, "400 9301"),
  refused("an incomplete update", `PUT ${zone("/dns_records")}/{record}`, { content: "y" }, "400 9207"),
  refused("an unknown record", `DELETE ${zone("/dns_records")}/${otherAccountId}`, undefined, "404 81044"),
  refused("another zone's record", `GET /zones/${zoneIds.pro}/dns_records/{record}`, undefined, "404 81044"),
];

const setting = (name: string) => `PATCH ${zone("/settings/")}${name}`;
const bots = `PUT ${zone("/bot_management")}`;
const settings: Refused[] = [
  refused("an empty change", setting("min_tls_version"), {}, "400 1007"),
  refused("an unknown value", setting("min_tls_version"), { value: "1.4" }, "400 1007: min_tls_version"),
  refused("a number for a word", setting("always_use_https"), { value: 1 }, "400 1007"),
  refused("an unknown setting", setting("speed"), { value: "on" }, "400 1006"),
  refused("a setting named like a method", setting("constructor"), { value: "on" }, "400 1006"),
  refused("a setting of a higher plan", setting("polish"), { value: "lossy" }, "400 1015: pro plan"),
  refused("a value of a higher plan", setting("ssl"), { value: "origin_pull" }, "400 1015: enterprise plan"),
  refused("a word for a number", setting("browser_cache_ttl"), { value: "14400" }, "400 1007: browser_cache_ttl"),
  refused("a time off the list", setting("challenge_ttl"), { value: 301 }, "400 1007"),
  refused("half a header", setting("security_header"), { value: { enabled: true } }, "400 1007"),
  refused(
    "a long time as a word",
    setting("security_header"),
    { value: { strict_transport_security: { max_age: "86400" } } },
    "400 1007",
  ),
  refused("bot settings of a higher plan", bots, { sbfm_definitely_automated: "block" }, "403 20120: not entitled"),
  refused("an unknown bot setting's value", bots, { ai_bots_protection: "maybe" }, "400 1004"),
  refused(
    "fight mode above the free plan",
    `PUT /zones/${zoneIds.pro}/bot_management`,
    { fight_mode: true },
    "403 20120",
  ),
];

const all = { requests, tunnels, configurations, records, settings };
describe.each(Object.entries(all))("refused: %s", (_, rows) => {
  it.each(rows)("$title", (row) => expectRefused(test, row, ids));
});

describe("a token", () => {
  it.each([
    ["that is missing", "", "400 9106"],
    ["that is wrong", `Bearer ${"x".repeat(40)}`, "403 10000"],
  ])("%s", async (_, authorization, expected) => {
    const { status, body } = await test.call("GET", zone(""), undefined, { authorization });
    expect(`${status} ${body.errors[0].code}`).toBe(expected);
  });

  it("that is wrong does not verify", async () => {
    const authorization = `Bearer ${"x".repeat(40)}`;
    const { status, body } = await test.call("GET", "/user/tokens/verify", undefined, { authorization });
    expect([status, body.errors]).toEqual([401, [{ code: 1000, message: "Invalid API Token" }]]);
  });
});

describe("limits of an account", () => {
  it("are 200 records in a free zone", async () => {
    const fresh = await new TestAccount().start();
    const make = (index: number) => fresh.call("POST", zone("/dns_records"), { ...record, name: `n${index}` });
    const statuses = await Promise.all(Array.from({ length: 201 }, (_, index) => make(index)));
    const full = statuses.filter((answer) => answer.status === 400);
    expect(full.map((answer) => answer.body.errors[0].code)).toEqual([81045]);
    expect(new Set(statuses.map((answer) => answer.body.result?.id)).size).toBe(201);
    await fresh.stop();
  });

  it("are 1000 tunnels", async () => {
    const fresh = await new TestAccount().start();
    const { id } = await fresh.make(account("/cfd_tunnel"), { name: "t" });
    const first = fresh.store.state.tunnels[id];
    for (let index = 1; index < 1000; index++) {
      Object.assign(fresh.store.state.tunnels, { [`t${index}`]: { ...first, id: `t${index}`, name: `t${index}` } });
    }
    const { status, body } = await fresh.call("POST", account("/cfd_tunnel"), { name: "one more" });
    expect([status, body.errors[0].message]).toEqual([400, "You have reached the limit of 1000 tunnels"]);
    await fresh.stop();
  });
});

describe("DNS names", () => {
  it.each([
    ["sub", "sub.example.com"],
    ["SUB.Example.com", "sub.example.com"],
    ["@", "example.com"],
    ["*.agents", "*.agents.example.com"],
    ["sub.other.org", "sub.other.org.example.com"],
    ["_dmarc", "_dmarc.example.com"],
  ])("%s is taken for %s", async (name, full) => {
    const { id, name: shown } = await test.make(zone("/dns_records"), { ...record, name });
    expect(shown).toBe(full);
    await test.call("DELETE", zone(`/dns_records/${id}`));
  });
});
