import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { account, type Json } from "../../clouds/cloudflare/account";
import { type Browser, field, formOn, type Seen, team } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
let okta: Json;
let pin: Json;
let google: Json;
const config = { client_id: "id", client_secret: "secret" };

beforeAll(async () => {
  setting = await new Setting().start();
  const oktaConfig = { ...config, okta_account: "https://acme.okta.test" };
  okta = await setting.make("identity_providers", { name: "Okta <staff>", type: "okta", config: oktaConfig });
  pin = await setting.make("identity_providers", { name: "PIN", type: "onetimepin", config: {} });
  const googleConfig = { ...config, apps_domain: "example.com" };
  google = await setting.make("identity_providers", { name: "Google", type: "google-apps", config: googleConfig });
});
afterAll(() => setting.stop());

const body = ({ response }: Seen) => String(response?.body);

/** Takes a provider on the login page. */
function choose(browser: Browser, login: Seen, provider: Json): Promise<Seen> {
  const link = new RegExp(`href="(/cdn-cgi/access/identity-provider/${provider.id}\\?nonce=[\\w-]+)"`);
  return browser.go(`https://${team}${link.exec(body(login))?.[1]}`);
}

async function oktaLogin(browser: Browser, url: string, fields: Record<string, string> = {}): Promise<Seen> {
  const page = await choose(browser, await browser.go(url), okta);
  return browser.submit(page, { email: "ana@example.com", ...fields });
}

describe("the login page", () => {
  it("offers the application's identity providers", async () => {
    await setting.application("all.example.com");
    const all = body(await setting.browser().go("https://all.example.com/"));
    expect(all).toContain("Okta &lt;staff&gt;");
    expect(all).toContain("Send me a code");
    await setting.application("some.example.com", { allowed_idps: [google.id] });
    const some = body(await setting.browser().go("https://some.example.com/"));
    expect(some).toContain("Google");
    expect(some).not.toContain("Okta");
    expect(some).not.toContain("Send me a code");
  });

  it("is left out where there is one provider and the application says so", async () => {
    const settings = { allowed_idps: [okta.id], auto_redirect_to_identity: true };
    await setting.application("direct.example.com", settings);
    const seen = await setting.browser().go("https://direct.example.com/");
    expect(body(seen)).toContain("The sandbox&#39;s identity provider");
    expect(body(seen)).toContain("It believes what you say");
  });

  it("takes no provider and no PIN that it did not offer", async () => {
    await setting.application("narrow.example.com", { allowed_idps: [google.id] });
    const browser = setting.browser();
    const page = await choose(browser, await browser.go("https://narrow.example.com/"), google);
    const wrong: Record<string, string>[] = [
      { provider: okta.id },
      { provider: pin.id },
      { provider: "" },
      { code: "1" },
    ];
    for (const fields of wrong) {
      expect((await browser.submit(page, { email: "ana@example.com", ...fields })).response?.status).toBe(400);
    }
  });

  it("does not take a session by another provider", async () => {
    await setting.application("by-pin.example.com", { allowed_idps: [pin.id] });
    await setting.application("by-okta.example.com", { allowed_idps: [okta.id] });
    const browser = setting.browser();
    expect((await setting.logIn(browser, "https://by-pin.example.com/")).passed).toBeDefined();
    expect(body(await browser.go("https://by-okta.example.com/"))).toContain("Okta");
  });
});

describe("what an identity provider says", () => {
  it("groups admit", async () => {
    const group = { okta: { name: "ops", identity_provider_id: okta.id } };
    await setting.application("groups.example.com", {}, [{ name: "ops", decision: "allow", include: [group] }]);
    const url = "https://groups.example.com/";
    expect((await oktaLogin(setting.browser(), url, { groups: "dev\r\nops\r\n" })).passed).toBeDefined();
    expect((await oktaLogin(setting.browser(), url, { groups: "dev\r\noops" })).response?.status).toBe(403);
    const identity = setting.browser();
    await oktaLogin(identity, url, { groups: "ops" });
    const told = await identity.go("https://groups.example.com/cdn-cgi/access/get-identity");
    expect(JSON.parse(body(told))).toMatchObject({
      email: "ana@example.com",
      groups: ["ops"],
      idp: { id: okta.id, type: "okta" },
      geo: { country: "DE" },
    });
  });

  it("a second factor admits, when the provider reports it", async () => {
    const require = [{ auth_method: { auth_method: "mfa" } }];
    await setting.application("factor.example.com", {}, [allow("ana@example.com", { require })]);
    const url = "https://factor.example.com/";
    expect((await oktaLogin(setting.browser(), url, { factor: "yes" })).passed).toBeDefined();
    expect((await oktaLogin(setting.browser(), url)).response?.status).toBe(403);
    const byGoogle = setting.browser();
    const page = await choose(byGoogle, await byGoogle.go(url), google);
    const seen = await byGoogle.submit(page, { email: "ana@example.com", factor: "yes" });
    expect(seen.response?.status).toBe(403);
  });

  it("a Google Workspace knows its own domain only", async () => {
    await setting.application("workspace.example.com", {}, [allow("ana@other.test")]);
    const browser = setting.browser();
    const page = await choose(browser, await browser.go("https://workspace.example.com/"), google);
    expect((await browser.submit(page, { email: "ana@other.test" })).response?.status).toBe(400);
    expect((await browser.submit(page, { email: "no address" })).response?.status).toBe(400);
  });

  it("may send people elsewhere when no policy admits them", async () => {
    const settings = { custom_deny_url: "https://help.example.com/no?a=1" };
    await setting.application("elsewhere.example.com", settings, [allow("bo@example.com")]);
    const browser = setting.browser();
    const page = await choose(browser, await browser.go("https://elsewhere.example.com/"), okta);
    const form = { ...formOn(page).hidden, email: "ana@example.com" };
    const { response } = await browser.once(`https://${team}/cdn-cgi/access/callback`, { form });
    expect(field(response?.headers, "location")).toBe("https://help.example.com/no?a=1");
  });
});

describe("before the application", () => {
  it("the policy's question wants an answer, each session anew", async () => {
    const settings = { purpose_justification_required: true, purpose_justification_prompt: "Why <now>?" };
    await setting.application("why.example.com", { session_duration: "1h" }, [
      allow("ana@example.com", { ...settings, session_duration: "1h" }),
    ]);
    const browser = setting.browser();
    const asked = await oktaLogin(browser, "https://why.example.com/");
    expect(body(asked)).toContain("Why &lt;now&gt;?");
    expect(body(await browser.submit(asked, { purpose: "  " }))).toContain("Why &lt;now&gt;?");
    expect((await browser.submit(asked, { purpose: "repair" })).passed).toBeDefined();
    setting.ahead += 3_600_000;
    expect(body(await browser.go("https://why.example.com/"))).toContain("Why &lt;now&gt;?");
    setting.ahead = 0;
  });

  it("a session that is revoked while the question is open is none any more", async () => {
    await setting.application("late.example.com", {}, [
      allow("ana@example.com", { purpose_justification_required: true }),
    ]);
    const browser = setting.browser();
    await browser.submit(await oktaLogin(browser, "https://late.example.com/"), { purpose: "repair" });
    browser.cookies.delete("late.example.com");
    const asked = await browser.go("https://late.example.com/");
    await setting.api.make(account("/access/organizations/revoke_user"), { email: "ana@example.com" });
    expect((await browser.submit(asked, { purpose: "again" })).response?.status).toBe(400);
  });

  it("a second factor of Access's own is asked for, and kept as long as it says", async () => {
    const allowed = { allowed_authenticators: ["totp", "security_key"] };
    await setting.change("organizations", { mfa_config: { ...allowed, session_duration: "2h" } });
    const mfa_config = { allowed_authenticators: ["security_key"], session_duration: "1h" };
    await setting.application("keyed.example.com", { mfa_config, session_duration: "10m" }, [
      allow("ana@example.com", { session_duration: "10m" }),
    ]);
    const browser = setting.browser();
    const asked = await oktaLogin(browser, "https://keyed.example.com/");
    expect(body(asked)).toContain("security_key");
    expect(body(await browser.submit(asked, { authenticator: "totp" }))).toContain("security_key");
    expect((await browser.submit(asked, { authenticator: "security_key" })).passed).toBeDefined();
    setting.ahead += 30 * 60_000;
    expect((await browser.go("https://keyed.example.com/")).passed).toBeDefined();
    setting.ahead += 40 * 60_000;
    expect(body(await browser.go("https://keyed.example.com/"))).toContain("security_key");
    setting.ahead = 0;
    const off = allow("ana@example.com", { mfa_config: { mfa_disabled: true } });
    await setting.application("unkeyed.example.com", { mfa_config }, [off]);
    expect((await oktaLogin(setting.browser(), "https://unkeyed.example.com/")).passed).toBeDefined();
  });
});
