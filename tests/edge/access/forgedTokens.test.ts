import { createHmac, createPublicKey, generateKeyPairSync } from "node:crypto";
import { importJWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { accountId } from "../../clouds/cloudflare/account";
import { type Browser, field, team } from "./browser";
import { Setting } from "./setting";

let setting: Setting;
let browser: Browser;
let genuine: string;
let claims: JWTPayload;
const host = "atlas.example.com";
const url = `https://${host}/`;
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const pairs = () => setting.world.state.access_keys[accountId]!.pairs!;

beforeAll(async () => {
  setting = await new Setting().start();
  await setting.application(host);
  await setting.application("borealis.example.com");
  browser = setting.browser();
  await setting.logIn(browser, url);
  genuine = browser.cookie(host, "CF_Authorization")!;
  claims = JSON.parse(Buffer.from(genuine.split(".")[1]!, "base64url").toString());
});
afterAll(() => setting.stop());

const withCookie = async (token: string, to = url) =>
  (await setting.ask(to, { headers: { cookie: `CF_Authorization=${token}` } })).passed !== undefined;

/** Signs with the account's own key: only the claims are wrong. */
async function signed(change: JWTPayload, header: object = {}): Promise<string> {
  const [{ jwk, kid }] = pairs() as [ReturnType<typeof pairs>[0]];
  const given = Object.fromEntries(Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg: "RS256", kid, ...header }).sign(await importJWK(jwk, "RS256"));
}

it("the same claims signed anew are as good as the genuine token", async () => {
  expect(await withCookie(genuine)).toBe(true);
  expect(await withCookie(await signed({}))).toBe(true);
});

describe("claims that do not count", () => {
  const now = () => Math.floor(Date.now() / 1000);
  it.each<[string, () => JWTPayload]>([
    ["of another application", () => ({ aud: ["0".repeat(64)] })],
    ["of another team", () => ({ iss: "https://evil.cloudflareaccess.com" })],
    ["of no team", () => ({ iss: undefined })],
    ["of no application", () => ({ aud: undefined })],
    ["expired", () => ({ exp: now() - 1 })],
    ["without an end", () => ({ exp: undefined })],
    ["not yet in force", () => ({ nbf: now() + 60 })],
    ["the team's session", () => ({ type: "org" })],
    ["of no type", () => ({ type: undefined })],
    ["of a session that is not there", () => ({ identity_nonce: "x" })],
    ["of a session by an odd name", () => ({ identity_nonce: "__proto__" })],
    ["of somebody else's session", () => ({ email: "eve@example.com" })],
    ["of a service token that is not there", () => ({ sub: "", common_name: "0.access" })],
    ["of nobody", () => ({ sub: "" })],
  ])("%s", async (_, change) => expect(await withCookie(await signed(change()))).toBe(false));
});

describe("signatures that do not count", () => {
  const parts = () => genuine.split(".") as [string, string, string];
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
  it.each<[string, () => string | Promise<string>]>([
    ["none", () => `${part({ alg: "none" })}.${parts()[1]}.`],
    ["none, with a key's name", () => `${part({ alg: "none", kid: pairs()[0]!.kid })}.${parts()[1]}.${parts()[2]}`],
    ["left out", () => `${parts()[0]}.${parts()[1]}.`],
    ["of other claims", () => `${parts()[0]}.${part({ ...claims, email: "eve@example.com" })}.${parts()[2]}`],
    [
      "HS256 by the public key",
      () => {
        const { n, e, kty } = pairs()[0]!.jwk as Record<string, string>;
        const pem = createPublicKey({ key: { n, e, kty }, format: "jwk" }).export({ type: "spki", format: "pem" });
        const text = `${part({ alg: "HS256", kid: pairs()[0]!.kid })}.${parts()[1]}`;
        return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
      },
    ],
    [
      "of a stranger's key by a known name",
      () => new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: pairs()[0]!.kid }).sign(stranger.privateKey),
    ],
    [
      "of a key that comes along",
      () => {
        const jwk = stranger.publicKey.export({ format: "jwk" }) as never;
        return new SignJWT(claims).setProtectedHeader({ alg: "RS256", jwk }).sign(stranger.privateKey);
      },
    ],
    ["garbage", () => "a.b.c"],
    ["very long", () => genuine + "A".repeat(1_000_000)],
    ["empty", () => ""],
  ])("%s", async (_, token) => expect(await withCookie(await token())).toBe(false));

  it("of another account's keys, with the same audience", async () => {
    const other = await new Setting().start();
    const { aud } = await other.application(host);
    const [mine] = Object.values(setting.world.state.access_apps).filter(({ domain }) => domain === host);
    Object.values(other.world.state.access_apps).find((app) => app.aud === aud)!.aud = mine!.aud;
    const seen = await other.logIn(other.browser(), url);
    const token = field(seen.passed?.headers, "cf-access-jwt-assertion")!;
    await other.stop();
    expect(await withCookie(token)).toBe(false);
  });
});

describe("genuine tokens in the wrong place", () => {
  it("another application, though the same person may go there", async () => {
    expect(await withCookie(genuine, "https://borealis.example.com/")).toBe(false);
    expect(await withCookie(browser.cookie(team, "CF_Authorization")!)).toBe(false);
  });

  it("what the login page was told", async () => {
    const { response } = await setting.ask(url);
    const meta = new URL(field(response?.headers, "location")!).searchParams.get("meta")!;
    expect(await withCookie(meta)).toBe(false);
  });

  it("the field that the origin reads", async () => {
    const headers: HeaderList = [
      ["cf-access-jwt-assertion", genuine],
      ["cf-access-authenticated-user-email", "ana@example.com"],
    ];
    expect((await setting.ask(url, { headers })).response?.status).toBe(302);
  });
});
