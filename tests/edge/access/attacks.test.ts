import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { account } from "../../clouds/cloudflare/account";
import { type Browser, edgeRequest, field, formOn, team } from "./browser";
import { Setting } from "./setting";

let setting: Setting;
const host = "atlas.example.com";
const url = `https://${host}/`;
const callback = `https://${team}/cdn-cgi/access/callback`;

beforeAll(async () => {
  setting = await new Setting().start();
  await setting.application(host, { name: '<script>alert("x")</script>' });
  await setting.application("borealis.example.com");
});
beforeEach(() => {
  setting.ahead += 11 * 60_000; // what others sent does not count against this test
});
afterAll(() => setting.stop());

/** A login up to the way back to the application, which is not taken. */
async function beforeEntry(browser: Browser): Promise<string> {
  const code = await browser.submit(await browser.go(url), { email: "ana@example.com" });
  const form = { ...formOn(code).hidden, code: (await setting.mails())[0]!.pin };
  return field((await browser.once(callback, { form })).response?.headers, "location")!;
}

describe("the way back", () => {
  it("counts once", async () => {
    const browser = setting.browser();
    const entry = await beforeEntry(browser);
    expect((await browser.once(entry)).response?.status).toBe(302);
    expect((await browser.once(entry)).response?.status).toBe(400);
  });

  it("counts in the browser that began only, and there not after another tried", async () => {
    const browser = setting.browser();
    const entry = await beforeEntry(browser);
    const victim = setting.browser();
    await victim.once(url); // has a cookie of its own
    expect((await victim.once(entry)).response?.status).toBe(400);
    expect((await browser.once(entry)).response?.status).toBe(400);
  });

  it("counts on its own hostname, for a minute", async () => {
    const browser = setting.browser();
    const entry = await beforeEntry(browser);
    // Even with the right cookie there, which a page of a neighbouring name could have set.
    browser.cookies.set("borealis.example.com", browser.cookies.get(host)!);
    expect((await browser.once(entry.replace(host, "borealis.example.com"))).response?.status).toBe(400);
    const slow = setting.browser();
    const late = await beforeEntry(slow);
    setting.ahead += 60_000;
    expect((await slow.once(late)).response?.status).toBe(400);
  });

  it("is not made up", async () => {
    for (const nonce of ["", "x", "__proto__", "A".repeat(43)]) {
      const { response } = await setting.browser().once(`https://${host}/cdn-cgi/access/authorized?nonce=${nonce}`);
      expect(response?.status).toBe(400);
      expect(field(response?.headers, "set-cookie")).toBeUndefined();
    }
  });
});

describe("one-time PINs", () => {
  it("are void after five wrong ones", async () => {
    const browser = setting.browser();
    const code = await browser.submit(await browser.go(url), { email: "ana@example.com" });
    const { pin } = (await setting.mails())[0]!;
    const wrong = pin === "111111" ? "222222" : "111111";
    for (let i = 0; i < 5; i++) expect((await browser.submit(code, { code: wrong })).response?.status).toBe(403);
    expect((await browser.submit(code, { code: pin })).response?.status).toBe(403);
  });

  it("are sent to an address five times, then the guessing is over", async () => {
    const before = (await setting.mails()).length;
    const browser = setting.browser();
    for (let i = 0; i < 7; i++) await browser.submit(await browser.go(url), { email: "ANA@example.com" });
    expect((await setting.mails()).length - before).toBe(5);
  });

  it("belong to the browser that asked", async () => {
    const browser = setting.browser();
    const form = formOn(await browser.submit(await browser.go(url), { email: "ana@example.com" }));
    const { pin: code } = (await setting.mails())[0]!;
    const thief = setting.browser();
    await thief.go(url);
    expect((await thief.once(callback, { form: { ...form.hidden, code } })).response?.status).toBe(400);
    expect((await setting.ask(callback, { form: { ...form.hidden, code } })).response?.status).toBe(400);
  });

  it("are not left out by calling them an identity provider", async () => {
    const login = async () => {
      const browser = setting.browser();
      return { browser, hidden: formOn(await browser.go(url)).hidden };
    };
    const initial = await login();
    const made = await setting.make("identity_providers", { name: "PIN", type: "onetimepin", config: {} });
    const provided = await login();
    for (const { browser, hidden } of [initial, provided]) {
      for (const provider of ["", made.id]) {
        const form = { ...hidden, provider, email: "ana@example.com" };
        expect((await browser.once(callback, { form })).response?.status).toBe(400);
      }
    }
    await setting.api.call("DELETE", account(`/access/identity_providers/${made.id}`));
    const form = { ...initial.hidden, provider: "", email: "ana@example.com" };
    expect((await initial.browser.once(callback, { form })).response?.status).toBe(400);
  });

  it("are not taken from a page elsewhere", async () => {
    const browser = setting.browser();
    const { hidden } = formOn(await browser.submit(await browser.go(url), { email: "ana@example.com" }));
    const form = { ...hidden, code: (await setting.mails())[0]!.pin };
    const foreign: HeaderList[] = [
      [["origin", "https://evil.test"]],
      [["origin", "null"]],
      [["sec-fetch-site", "cross-site"]],
      [["sec-fetch-site", "same-site"]],
    ];
    for (const headers of foreign) {
      expect((await browser.once(callback, { form, headers })).response?.status).toBe(400);
    }
    expect((await browser.once(callback, { form })).response?.status).toBe(302);
  });
});

describe("the login page", () => {
  const at = (location: string, change: Record<string, string>) => {
    const target = new URL(location);
    for (const [name, value] of Object.entries(change)) target.searchParams.set(name, value);
    return target.href;
  };
  const location = async (to = url) => field((await setting.ask(to)).response?.headers, "location")!;

  it("goes back to where the application says, not to where the address says", async () => {
    const browser = setting.browser();
    const { response } = await browser.once(url);
    const page = await browser.go(at(field(response?.headers, "location")!, { redirect_url: "//evil.test/" }));
    const code = await browser.submit(page, { email: "ana@example.com" });
    expect((await browser.submit(code, { code: (await setting.mails())[0]!.pin })).url).toBe(url);
  });

  it.each(["//evil.test/x", "/\\evil.test", "/@evil.test", "/%0d%0aset-cookie:x=1", "/a?b=https://evil.test"])(
    "a target %s stays on the hostname",
    async (target) => {
      const browser = setting.browser();
      const login = await browser.once(`https://${host}${target.replace("\\", "%5C")}`, {});
      expect(new URL(field(login.response?.headers, "location")!).host).toBe(team);
      const page = await browser.go(field(login.response?.headers, "location")!);
      const code = await browser.submit(page, { email: "ana@example.com" });
      const back = await browser.submit(code, { code: (await setting.mails())[0]!.pin });
      expect(new URL(back.url).host).toBe(host);
      expect(back.passed).toBeDefined();
    },
  );

  it("a target that would break a header field is not gone back to", async () => {
    for (const target of ["/a\r\nset-cookie: x=1", "/a b", "/\u00fc", `/${"a".repeat(3000)}`]) {
      const request = { ...edgeRequest(url), target };
      const login = await setting.access.rule(request);
      const location = new URL(field(login.pass ? [] : login.response.headers, "location")!);
      expect(location.searchParams.get("redirect_url")).toBe("/");
      const plain = await setting.access.rule({ ...request, tls: undefined });
      expect(field(plain.pass ? [] : plain.response.headers, "location")).toBe(url);
    }
  });

  it("is for the account's applications alone, as they said themselves", async () => {
    const genuine = await location();
    const other = await location("https://borealis.example.com/");
    const wrong = [
      genuine.replace(`/login/${host}`, "/login/evil.test"),
      genuine.replace(`/login/${host}`, "/login/borealis.example.com"),
      at(genuine, { kid: new URL(other).searchParams.get("kid")! }),
      at(genuine, { meta: new URL(other).searchParams.get("meta")! }),
      at(genuine, { meta: "" }),
      `https://${team}/cdn-cgi/access/login/${host}`,
    ];
    for (const address of wrong) expect((await setting.ask(address)).response?.status).toBe(400);
    setting.ahead += 5 * 60_000;
    expect((await setting.ask(genuine)).response?.status).toBe(400);
  });

  it("shows names as text", async () => {
    const body = String((await setting.browser().go(url)).response?.body);
    expect(body).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(body).not.toContain("<script");
  });
});
