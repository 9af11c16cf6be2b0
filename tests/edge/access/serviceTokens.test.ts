import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { account, type Json } from "../../clouds/cloudflare/account";
import { field } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
let token: Json;
const only = "https://machines.example.com/run";
const mixed = "https://mixed.example.com/run";
const service = () => ({
  name: "machines",
  decision: "non_identity",
  include: [{ service_token: { token_id: token.id } }],
});
const pair = (secret: string = token.client_secret, id: string = token.client_id): HeaderList => [
  ["cf-access-client-id", id],
  ["cf-access-client-secret", secret],
];
const status = async (url: string, headers: HeaderList) =>
  (await setting.ask(url, { headers })).response?.status ?? 200;

beforeAll(async () => {
  setting = await new Setting().start();
  token = await setting.make("service_tokens", { name: "ci", duration: "1h" });
  await setting.application("machines.example.com", {}, [service()]);
  await setting.application("mixed.example.com", {}, [allow("ana@example.com"), service()]);
});
afterAll(() => setting.stop());

describe("a service token", () => {
  it("lets in, tells the origin by a token and not by its secret", async () => {
    const { passed } = await setting.ask(only, { headers: [...pair(), ["cf-access-jwt-assertion", "forged"]] });
    const jwt = field(passed?.headers, "cf-access-jwt-assertion")!;
    const claims = JSON.parse(Buffer.from(jwt.split(".")[1]!, "base64url").toString());
    expect(claims).toMatchObject({ type: "app", common_name: token.client_id, sub: "" });
    expect(claims).not.toHaveProperty("email");
    expect(passed?.dropped).toEqual(
      expect.arrayContaining(["cf-access-client-id", "cf-access-client-secret", "cf-access-jwt-assertion"]),
    );
    expect(field(passed?.headers, "cf-access-authenticated-user-email")).toBeUndefined();
    expect(field(passed?.answerHeaders, "set-cookie")).toContain(`CF_Authorization=${jwt}; `);
    expect(field(passed?.headers, "cookie")).toBe(`CF_Authorization=${jwt}`);
  });

  it.each<[string, () => HeaderList]>([
    ["nothing", () => []],
    ["a wrong secret", () => pair("0".repeat(64))],
    ["an empty secret", () => pair("")],
    ["an unknown id", () => pair(token.client_secret, "0.access")],
    ["half of it", () => pair().slice(0, 1)],
    ["a doubled id", () => [...pair(), ["cf-access-client-id", token.client_id]]],
    ["a doubled secret", () => [["cf-access-client-secret", "x"], ...pair()]],
  ])("%s: 403 where there is no login, the login page where there is one", async (_, headers) => {
    expect(await status(only, headers())).toBe(403);
    expect(await status(mixed, headers())).toBe(302);
  });

  it("refusals tell of the application, in JSON to who asks for it", async () => {
    const { response } = await setting.ask(only, { headers: { accept: "application/json" } });
    expect(JSON.parse(String(response?.body))).toMatchObject({ status: 403 });
    expect(field(response?.headers, "cf-access-domain")).toBe("machines.example.com");
    expect(field(response?.headers, "cf-access-aud")).toMatch(/^[0-9a-f]{64}$/);
  });

  it("its cookie counts only where there is an Allow policy, and as long as the token does", async () => {
    const { passed } = await setting.ask(mixed, { headers: pair() });
    const jwt = field(passed?.headers, "cf-access-jwt-assertion")!;
    const ways: HeaderList = [
      ["cookie", `CF_Authorization=${jwt}`],
      ["cf-access-token", jwt],
    ];
    for (const headers of ways.map((way) => [way] as HeaderList)) {
      expect((await setting.ask(mixed, { headers })).passed).toBeDefined();
    }
    const other = field((await setting.ask(only, { headers: pair() })).passed?.headers, "cf-access-jwt-assertion")!;
    expect(await status(only, [["cookie", `CF_Authorization=${other}`]])).toBe(403);
    await setting.change(`service_tokens/${token.id}`, { enabled: false });
    expect(await status(mixed, [["cookie", `CF_Authorization=${jwt}`]])).toBe(302);
    await setting.change(`service_tokens/${token.id}`, { enabled: true });
  });

  it("is of no use when it has expired, is switched off or belongs elsewhere", async () => {
    expect(await status(only, pair())).toBe(200);
    setting.ahead += 3_600_000;
    expect(await status(only, pair())).toBe(403);
    setting.ahead -= 3_600_000;
    await setting.change(`service_tokens/${token.id}`, { enabled: false });
    expect(await status(only, pair())).toBe(403);
    await setting.change(`service_tokens/${token.id}`, { enabled: true });
    const other = await setting.make("service_tokens", { name: "other" });
    expect(await status(only, pair(other.client_secret, other.client_id))).toBe(403);
  });

  it("an old secret counts until its time is over", async () => {
    const old = await setting.make("service_tokens", { name: "rotated" });
    const policy = { ...service(), include: [{ service_token: { token_id: old.id } }] };
    await setting.application("rotated.example.com", {}, [policy]);
    const url = "https://rotated.example.com/";
    const until = new Date(Date.now() + 60_000).toISOString();
    const body = { client_secret_version: 2, previous_client_secret_expires_at: until };
    const next = await setting.change(`service_tokens/${old.id}`, body);
    expect(await status(url, pair(old.client_secret, old.client_id))).toBe(200);
    expect(await status(url, pair(next.client_secret, old.client_id))).toBe(200);
    setting.ahead += 61_000;
    expect(await status(url, pair(old.client_secret, old.client_id))).toBe(403);
    expect(await status(url, pair(next.client_secret, old.client_id))).toBe(200);
    setting.ahead -= 61_000;
    const last = await setting.api.make(account(`/access/service_tokens/${old.id}/rotate`), {});
    expect(await status(url, pair(next.client_secret, old.client_id))).toBe(403);
    expect(await status(url, pair(last.client_secret, old.client_id))).toBe(200);
  });
});

describe("settings", () => {
  it("401 in place of other refusals, for programs only", async () => {
    const settings = { service_auth_401_redirect: true };
    await setting.application("m401.example.com", settings, [service()]);
    await setting.application("x401.example.com", settings, [allow("ana@example.com"), service()]);
    expect(await status("https://m401.example.com/", [])).toBe(401);
    expect(await status("https://x401.example.com/", pair("wrong"))).toBe(401);
    expect(await status("https://x401.example.com/", [])).toBe(302);
  });

  it("both halves in one field, which then stays here", async () => {
    const settings = { read_service_tokens_from_header: "Authorization" };
    await setting.application("one.example.com", settings, [service()]);
    const both = { "cf-access-client-id": token.client_id, "cf-access-client-secret": token.client_secret };
    const authorization: HeaderList = [["authorization", JSON.stringify(both)]];
    const { passed } = await setting.ask("https://one.example.com/", { headers: authorization });
    expect(passed?.dropped).toContain("authorization");
    expect(await status("https://one.example.com/", pair())).toBe(200);
    expect(await status("https://one.example.com/", [...pair(), ...authorization])).toBe(403);
    expect(await status("https://one.example.com/", [["authorization", '{"cf-access-client-id":1}']])).toBe(403);
    expect(await status("https://machines.example.com/", authorization)).toBe(403);
  });

  it("strict: no way back to a login, no cookie", async () => {
    const { passed } = await setting.ask(mixed, { headers: pair() });
    const jwt = field(passed?.headers, "cf-access-jwt-assertion")!;
    await setting.change("organizations", { strict_service_token_auth: true });
    const other = await setting.make("service_tokens", { name: "valid elsewhere" });
    expect(await status(mixed, pair("wrong"))).toBe(401);
    expect(await status(mixed, pair(other.client_secret, other.client_id))).toBe(403);
    expect(await status(mixed, [...pair("wrong"), ["cookie", `CF_Authorization=${jwt}`]])).toBe(401);
    expect((await setting.ask(mixed, { headers: pair() })).passed?.answerHeaders).toEqual([]);
    await setting.change("organizations", { strict_service_token_auth: false });
  });

  it("any token of the account, where a policy says so", async () => {
    const any = { name: "any", decision: "non_identity", include: [{ any_valid_service_token: {} }] };
    await setting.application("any.example.com", {}, [any]);
    expect(await status("https://any.example.com/", pair())).toBe(200);
    expect(await status("https://any.example.com/", pair("wrong"))).toBe(403);
  });
});
