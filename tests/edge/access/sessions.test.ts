import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { account, type Json } from "../../clouds/cloudflare/account";
import { type Browser, edgeRequest, field, formOn } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
const hour = 3_600_000;

beforeAll(async () => {
  setting = await new Setting().start();
});
afterAll(() => setting.stop());

/** A new application and somebody logged in there. */
async function loggedIn(name: string, settings: object = {}, policies?: object[]) {
  const host = `${name}.example.com`;
  const application: Json = await setting.application(host, settings, policies);
  const browser = setting.browser();
  const url = `https://${host}/`;
  expect((await setting.logIn(browser, url)).passed).toBeDefined();
  return { application, browser, url, host };
}

/** Whether a browser reaches the origin without being sent to log in. */
const inside = async (browser: Browser, url: string) => (await browser.once(url)).passed !== undefined;

describe("a session lasts", () => {
  it.each([
    ["as long as the application says", { session_duration: "2h" }, { session_duration: "" }, 2],
    ["as long as the policy says, if it does", { session_duration: "2h" }, { session_duration: "30m" }, 0.5],
  ])("%s", async (name, settings, policy, hours) => {
    const label = name.replace(/\W+/g, "-").replace(/-+$/, "");
    const { browser, url } = await loggedIn(label, settings, [allow("ana@example.com", policy)]);
    setting.ahead += hours * hour - 5000;
    expect(await inside(browser, url)).toBe(true);
    setting.ahead += 10_000;
    expect(await inside(browser, url)).toBe(false);
    // The team's session is longer: no new login.
    expect((await browser.go(url)).passed).toBeDefined();
    setting.ahead = 0;
  });

  it("with the team as long as the organisation says", async () => {
    await setting.change("organizations", { session_duration: "15m" });
    const { browser, url } = await loggedIn("short", { session_duration: "2h" }, [
      allow("ana@example.com", { session_duration: "2h" }),
    ]);
    setting.ahead += hour;
    expect(await inside(browser, url)).toBe(true);
    setting.ahead += 1.5 * hour;
    expect(String((await browser.go(url)).response?.body)).toContain("Send me a code");
    setting.ahead = 0;
    await setting.change("organizations", { session_duration: "24h" });
  });

  it("over a restart", async () => {
    const { browser, url, host } = await loggedIn("restart");
    const cookie = `CF_Authorization=${browser.cookie(host, "CF_Authorization")}`;
    const again = await setting.newAccess().rule(edgeRequest(url, { headers: { cookie } }));
    expect(again.pass).toBe(true);
  });
});

describe("a session ends", () => {
  it("for a person, when the API revokes it", async () => {
    const { browser, url } = await loggedIn("revoked");
    await setting.api.make(account("/access/organizations/revoke_user"), { email: "Ana@example.com" });
    expect(String((await browser.go(url)).response?.body)).toContain("Send me a code");
  });

  it("for an application, when the API revokes its tokens", async () => {
    const { application, browser, url } = await loggedIn("tokens-revoked");
    await setting.api.make(account(`/access/apps/${application.id}/revoke_tokens`), {});
    expect(await inside(browser, url)).toBe(false);
    setting.ahead += 2000;
    expect((await browser.go(url)).passed).toBeDefined();
    setting.ahead = 0;
  });

  it("not because a policy admits others now, until the next login", async () => {
    const { application, browser, url } = await loggedIn("changed");
    const [policy] = application.policies;
    await setting.change(`apps/${application.id}`, { policies: [{ ...policy, ...allow("bo@example.com") }] });
    expect(await inside(browser, url)).toBe(true);
    browser.cookies.delete("changed.example.com");
    expect((await browser.go(url)).response?.status).toBe(403);
  });

  it("at once, where the place or the address is not right any more", async () => {
    const here = allow("ana@example.com", { require: [{ geo: { country_code: "DE" } }] });
    const deny = { name: "not these", decision: "deny", include: [{ ip: { ip: "192.0.2.0/24" } }] };
    const { host, browser, url } = await loggedIn("here", {}, [deny, here]);
    const headers = { cookie: `CF_Authorization=${browser.cookie(host, "CF_Authorization")}` };
    expect((await setting.ask(url, { headers })).passed).toBeDefined();
    expect((await setting.ask(url, { headers, country: "US" })).response?.status).toBe(302);
    expect((await setting.ask(url, { headers, address: "192.0.2.7" })).response?.status).toBe(302);
  });
});

describe("cookies", () => {
  const cookiesOf = async (name: string, settings: object, path = "/") => {
    const host = `${name}.example.com`;
    await setting.application(path === "/" ? host : `${host}${path}`, settings);
    const browser = setting.browser();
    const code = await browser.submit(await browser.go(`https://${host}${path}`), { email: "ana@example.com" });
    const { pin } = (await setting.mails())[0]!;
    const form = { ...formOn(code).hidden, code: pin };
    const back = await browser.once("https://acme.cloudflareaccess.com/cdn-cgi/access/callback", { form });
    const { response } = await browser.once(field(back.response?.headers, "location")!);
    const set = response?.headers.filter(([field]) => field === "set-cookie").map(([, value]) => value) ?? [];
    return { set, browser, host };
  };

  it("are as the application says", async () => {
    expect((await cookiesOf("plain", {})).set).toEqual([
      expect.stringMatching(/^CF_Authorization=[\w.-]+; Expires=[^;]+; Path=\/; Secure; HttpOnly$/),
    ]);
    const settings = { http_only_cookie_attribute: false, same_site_cookie_attribute: "lax" };
    expect((await cookiesOf("lax", settings)).set[0]).toMatch(/; Path=\/; Secure; SameSite=Lax$/);
    const path = { path_cookie_attribute: true };
    expect((await cookiesOf("path", path, "/admin")).set[0]).toMatch(/; Path=\/admin; Secure; HttpOnly$/);
  });

  it("the binding one is asked for, and kept from the origin", async () => {
    const { set, browser, host } = await cookiesOf("bound", { enable_binding_cookie: true });
    expect(set[1]).toMatch(/^CF_Binding=[\w-]{43}; .*; Secure; HttpOnly; SameSite=None$/);
    const url = `https://${host}/`;
    const { passed } = await browser.once(url, { headers: { cookie: "theme=dark" } });
    expect(passed?.headers?.find(([name]) => name === "cookie")?.[1]).not.toContain("CF_Binding");
    const stolen = browser.cookie(host, "CF_Authorization");
    for (const binding of ["", "; CF_Binding=x", `; CF_Binding=${"A".repeat(43)}`]) {
      const cookie = `CF_Authorization=${stolen}${binding}`;
      expect((await setting.ask(url, { headers: { cookie } })).response?.status).toBe(302);
    }
  });

  it("of the same name from elsewhere do not stand in the way", async () => {
    const { browser, url, host } = await loggedIn("several");
    const cookie = `CF_Authorization=garbage; a=1; CF_Authorization=${browser.cookie(host, "CF_Authorization")}`;
    const { passed } = await setting.ask(url, { headers: { cookie } });
    expect(field(passed?.headers, "cookie")).toBe(`a=1; CF_Authorization=${browser.cookie(host, "CF_Authorization")}`);
  });

  it("of the application's own all go on, from several fields too", async () => {
    const everyone = { name: "open", decision: "bypass", include: [{ everyone: {} }] };
    await setting.application("own-cookies.example.com", {}, [everyone]);
    const headers: HeaderList = [
      ["cookie", "a=1; flag"],
      ["cookie", "b=2"],
    ];
    const { passed } = await setting.ask("https://own-cookies.example.com/", { headers });
    expect(field(passed?.headers, "cookie")).toBe("a=1; flag; b=2");
  });
});
