import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, field, team } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
const url = "https://atlas.example.com/chat?room=1";
let aud = "";

beforeAll(async () => {
  setting = await new Setting().start();
  aud = (await setting.application("atlas.example.com")).aud;
});
afterAll(() => setting.stop());

describe("somebody without a session", () => {
  it("is sent to the team's login page", async () => {
    const { response } = await setting.browser().once(url);
    expect(response?.status).toBe(302);
    const location = new URL(field(response?.headers, "location")!);
    expect(location.host + location.pathname).toBe(`${team}/cdn-cgi/access/login/atlas.example.com`);
    expect(location.searchParams.get("kid")).toBe(aud);
    expect(location.searchParams.get("redirect_url")).toBe("/chat?room=1");
    expect(location.searchParams.get("meta")).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const cookie = field(response?.headers, "set-cookie");
    expect(cookie).toMatch(/^CF_AppSession=[\w-]{43}; Expires=.* GMT; Path=\/; Secure; HttpOnly; SameSite=None$/);
  });

  it("keeps the cookie it has, if it is one of ours", async () => {
    const first = field((await setting.ask(url)).response?.headers, "set-cookie")!.split(";")[0]!;
    for (const [cookie, kept] of [
      [first, true],
      ["CF_AppSession=x", false],
    ] as const) {
      const { response } = await setting.ask(url, { headers: { cookie } });
      expect(field(response?.headers, "set-cookie")?.startsWith(`${cookie};`)).toBe(kept);
    }
  });

  it("gets 401 as a program in a page", async () => {
    const { response } = await setting.browser().once(url, { headers: { "x-requested-with": "XMLHttpRequest" } });
    expect(response?.status).toBe(401);
    expect(field(response?.headers, "www-authenticate")).toContain("Cloudflare-Access");
  });
});

describe("one-time PIN", () => {
  it("leads back to where one wanted to go, with a token for the origin", async () => {
    const browser = setting.browser();
    const login = await browser.go(url);
    expect(login.response?.status).toBe(200);
    expect(field(login.response?.headers, "content-security-policy")).toContain("default-src 'none'");
    const seen = await setting.withPin(browser, login, "ana@example.com");
    expect(seen.url).toBe(url);
    expect(field(seen.passed?.headers, "cf-access-authenticated-user-email")).toBe("ana@example.com");
    const token = field(seen.passed?.headers, "cf-access-jwt-assertion")!;
    expect(token).toBe(browser.cookie("atlas.example.com", "CF_Authorization"));
    expect(JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString())).toEqual({
      type: "app",
      aud: [aud],
      iss: `https://${team}`,
      email: "ana@example.com",
      sub: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
      country: "DE",
      identity_nonce: expect.stringMatching(/^[\w-]{22}$/),
      policy_id: expect.any(String),
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: expect.any(Number),
    });
  });

  it("is sent to nobody whom no policy admits, and nothing tells", async () => {
    const [known, unknown] = [setting.browser(), setting.browser()];
    const pages = [];
    for (const [browser, email] of [
      [known, "ana@example.com"],
      [unknown, "eve@example.com"],
    ] as [Browser, string][]) {
      const code = await browser.submit(await browser.go(url), { email });
      const wrong = await browser.submit(code, { code: "not a PIN" });
      const text = (seen: typeof code) =>
        String(seen.response?.body)
          .replaceAll(email, "")
          .replace(/value="[\w-]{43}"/, "");
      pages.push([code.response?.status, text(code), wrong.response?.status, text(wrong)]);
    }
    expect(pages[0]).toEqual(pages[1]);
    expect(pages[0]?.[3]).toContain("That account does not have access.");
    expect((await setting.mails()).map(({ to }) => to)).not.toContain("eve@example.com");
  });

  it("counts once, for ten minutes", async () => {
    const browser = setting.browser();
    const code = await browser.submit(await browser.go(url), { email: "ana@example.com" });
    const { pin } = (await setting.mails())[0]!;
    setting.ahead += 10 * 60_000;
    expect((await browser.submit(code, { code: pin })).response?.status).toBe(403);
    setting.ahead -= 10 * 60_000;
    expect((await browser.submit(code, { code: pin })).passed).toBeDefined();
    expect((await browser.submit(code, { code: pin })).passed).toBeUndefined();
  });
});

describe("the team's session", () => {
  it("lets into the next application without a login", async () => {
    await setting.application("borealis.example.com");
    const browser = setting.browser();
    await setting.logIn(browser, url);
    expect((await browser.go("https://borealis.example.com/")).passed).toBeDefined();
  });

  it("shows the way out to somebody whom the next application does not admit", async () => {
    const settings = { custom_deny_message: "Ask <ops>" };
    await setting.application("cirrus.example.com", settings, [allow("bo@example.com")]);
    const browser = setting.browser();
    await setting.logIn(browser, url);
    const { response } = await browser.go("https://cirrus.example.com/");
    expect(response?.status).toBe(403);
    expect(response?.body).toContain("Ask &lt;ops&gt;");
    expect(response?.body).toContain('href="/cdn-cgi/access/logout"');
  });

  it("ends everywhere with a logout", async () => {
    const browser = setting.browser();
    await setting.logIn(browser, url);
    const token = browser.cookie("atlas.example.com", "CF_Authorization")!;
    expect((await browser.go("https://atlas.example.com/cdn-cgi/access/logout")).response?.status).toBe(200);
    expect(browser.cookie("atlas.example.com", "CF_Authorization")).toBeUndefined();
    const stolen = await setting.browser().once(url, { headers: { cookie: `CF_Authorization=${token}` } });
    expect(stolen.response?.status).toBe(302);
    expect(String((await browser.go(url)).response?.body)).toContain("Send me a code");
  });
});
