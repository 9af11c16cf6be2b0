import { X509Certificate } from "node:crypto";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { account, type Json } from "../../clouds/cloudflare/account";
import { field, team } from "./browser";
import { Setting } from "./setting";

let setting: Setting;
const url = "https://atlas.example.com/";
let aud = "";

beforeAll(async () => {
  setting = await new Setting().start();
  aud = (await setting.application("atlas.example.com", { session_duration: "720h" })).aud;
});
afterAll(() => setting.stop());

async function certs(): Promise<Json> {
  return JSON.parse(String((await setting.ask(`https://${team}/cdn-cgi/access/certs`)).response?.body));
}
const rotate = () => setting.api.make(account("/access/keys/rotate"), {});
const kids = (set: Json): string[] => set.keys.map((key: Json) => key.kid);

it("anybody checks a token by the team's key set", async () => {
  const seen = await setting.logIn(setting.browser(), url);
  const token = field(seen.passed?.headers, "cf-access-jwt-assertion")!;
  const set = await certs();
  const options = { issuer: `https://${team}`, audience: aud, algorithms: ["RS256"] };
  const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(set), options);
  expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: kids(set)[0] });
});

it("the key set has two keys, as JSON and as certificates, and nothing private", async () => {
  const set = await certs();
  expect(kids(set)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
  for (const key of set.keys) expect(Object.keys(key).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
  expect(set.public_certs.map((entry: Json) => entry.kid)).toEqual(kids(set));
  expect(set.public_cert).toEqual(set.public_certs[0]);
  for (const [index, { cert }] of set.public_certs.entries()) {
    expect(new X509Certificate(cert).publicKey.export({ format: "jwk" }).n).toBe(set.keys[index].n);
  }
  const shown = await setting.api.call("GET", account("/access/keys"));
  expect(Object.keys(shown.body.result).sort()).toEqual([
    "days_until_next_rotation",
    "key_rotation_interval_days",
    "last_key_rotation_at",
  ]);
});

it("after a rotation the key before still counts, after two no more", async () => {
  const browser = setting.browser();
  await setting.logIn(browser, url);
  const before = kids(await certs());
  await rotate();
  const after = kids(await certs());
  expect(after[1]).toBe(before[0]);
  expect(before).not.toContain(after[0]);
  expect((await browser.once(url)).passed).toBeDefined();
  const token = field((await setting.logIn(setting.browser(), url)).passed?.headers, "cf-access-jwt-assertion")!;
  expect(JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()).kid).toBe(after[0]);
  await rotate();
  expect(kids(await certs())).not.toContain(before[0]);
  expect((await browser.once(url)).passed).toBeUndefined();
});

it("keys rotate by themselves when their time has come", async () => {
  await setting.api.make(account("/access/keys"), { key_rotation_interval_days: 21 }, "PUT");
  const before = kids(await certs());
  setting.ahead = 20.9 * 86_400_000;
  expect(kids(await certs())).toEqual(before);
  setting.ahead = 21.1 * 86_400_000;
  const sets = await Promise.all([certs(), certs(), certs()]);
  expect(kids(sets[0])[1]).toBe(before[0]);
  expect(sets[1]).toEqual(sets[0]);
  expect(sets[2]).toEqual(sets[0]);
});
