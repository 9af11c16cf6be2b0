import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { type Browser, edgeRequest, field, formOn, team } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
const host = "atlas.example.com";
const url = `https://${host}/`;
const callback = `https://${team}/cdn-cgi/access/callback`;
const everyone = [{ everyone: {} }];

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
    await browser.once("https://borealis.example.com/");
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

describe("what the client says in the name of Access", () => {
  const forged: HeaderList = [
    ["cf-access-jwt-assertion", "forged"],
    ["cf-access-authenticated-user-email", "ana@example.com"],
    ["cf-access-anything", "x"],
  ];

  it("does not go on where there are applications, not even past a Bypass policy or beside a path", async () => {
    const bypass = { name: "open", decision: "bypass", include: everyone };
    await setting.application("open.example.com/hooks", {}, [bypass]);
    const browser = setting.browser();
    await setting.logIn(browser, url);
    for (const [who, to] of [
      [browser, url],
      [setting.browser(), "https://open.example.com/hooks"],
      [setting.browser(), "https://open.example.com/else"],
    ] as const) {
      const { passed } = await who.once(to, { headers: forged });
      expect(passed?.dropped).toEqual(expect.arrayContaining(forged.map(([name]) => name)));
      expect(JSON.stringify(passed?.headers)).not.toContain("forged");
    }
  });

  it("is nobody's business here where there is none", async () => {
    const ruling = await setting.access.rule(edgeRequest("https://bot.example.com/", { headers: forged }));
    expect(ruling).toMatchObject({ pass: true });
    expect(ruling).not.toHaveProperty("dropped");
  });
});

describe("doors", () => {
  it("a path that is open opens nothing else", async () => {
    await setting.application("doors.example.com", {}, [allow("ana@example.com")]);
    const bypass = { name: "open", decision: "bypass", include: everyone };
    await setting.application("doors.example.com/public", {}, [bypass]);
    const passes = async (target: string) => {
      const request = edgeRequest("https://doors.example.com/");
      return (await setting.access.rule({ ...request, target })).pass;
    };
    for (const target of ["/public", "/public/a", "/public?x=/../"]) expect(await passes(target)).toBe(true);
    const closed = ["/public/../admin", "/public/%2e%2e/admin", "/public/..\\admin", "/publicity", "/PUBLIC", "/"];
    for (const target of closed) expect(await passes(target)).toBe(false);
  });

  it("nothing goes on in the clear but what is open to all", async () => {
    const { response } = await setting.ask("http://doors.example.com/a?b");
    expect(response?.status).toBe(301);
    expect(field(response?.headers, "location")).toBe("https://doors.example.com/a?b");
    expect((await setting.ask("http://doors.example.com/public")).passed).toBeDefined();
  });

  it("only a preflight request goes past, and only where the application says so", async () => {
    const preflight = { origin: "https://a.test", "access-control-request-method": "POST" };
    await setting.application("cors.example.com", { options_preflight_bypass: true });
    const to = "https://cors.example.com/";
    expect((await setting.ask(to, { method: "OPTIONS", headers: preflight })).passed).toBeDefined();
    expect((await setting.ask(to, { method: "OPTIONS" })).passed).toBeUndefined();
    expect((await setting.ask(to, { headers: preflight })).passed).toBeUndefined();
    expect((await setting.ask(url, { method: "OPTIONS", headers: preflight })).passed).toBeUndefined();
  });

  it("without an application hostnames are shut, when the organisation says so", async () => {
    await setting.change("organizations", {
      deny_unmatched_requests: true,
      deny_unmatched_requests_exempted_zone_names: ["pro.example"],
    });
    expect((await setting.ask("https://bot.example.com/")).response?.status).toBe(403);
    const zone = setting.world.zones.find(({ name }) => name === "pro.example");
    const exempt = await setting.access.rule({ ...edgeRequest("https://a.pro.example/"), zone });
    expect(exempt.pass).toBe(true);
    await setting.change("organizations", { deny_unmatched_requests: false });
  });

  it("hostile targets and cookies get an answer", async () => {
    const targets = [
      "",
      "//[",
      "/%",
      "/%zz",
      "*",
      "http://evil.test/",
      "/\u0000",
      `/${"a".repeat(100_000)}`,
      "/?nonce=%",
    ];
    for (const target of targets) {
      for (const prefix of ["", "/cdn-cgi/access/authorized", "/cdn-cgi/access/login"]) {
        const headers: HeaderList = [["cookie", "=;;a;CF_Authorization;CF_Authorization==;;=x"]];
        const request = { ...edgeRequest(url, { headers }), target: prefix + target };
        expect((await setting.access.rule(request)).pass).toBe(false);
        const page = await setting.access.team({ ...request, host: team, zone: undefined }, "acme");
        expect(page.status).toBeGreaterThanOrEqual(200);
        for (const [, value] of page.headers) expect(value).not.toMatch(/[\r\n]/);
      }
    }
  });

  it("the mailbox is read on this computer by this computer's name", async () => {
    for (const path of ["/_sandbox/mailbox", "/_sandbox/mailbox.json"]) {
      expect((await setting.mailbox("127.0.0.1:17802", path)).statusCode).toBe(200);
      expect((await setting.mailbox("evil.test:17802", path)).statusCode).toBe(403);
    }
    const page = await setting.mailbox("localhost");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.body).toContain("ana@example.com");
  });
});
