import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import { edgeRequest, field, team } from "./browser";
import { allow, Setting } from "./setting";

let setting: Setting;
const host = "atlas.example.com";
const url = `https://${host}/`;
const everyone = [{ everyone: {} }];

beforeAll(async () => {
  setting = await new Setting().start();
  await setting.application(host);
});
afterAll(() => setting.stop());

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
