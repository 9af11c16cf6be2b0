import type { Provider } from "@pulumi/cloudflare/provider";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { EdgeFragment } from "../../components/edgeFragment";
import { ZoneEdge, type ZoneEdgeArgs } from "../../components/zoneEdge";
import { zoneEdgeFaults } from "../../components/zoneEdgeFaults";
import type { ZonePlan } from "../../components/zonePlans";
import { find, type Registered, register, resolved, urns } from "./mocks";

const zoneId = "fedcba9876543210fedcba9876543210";
const type = {
  ruleset: "cloudflare:index/ruleset:Ruleset",
  setting: "cloudflare:index/zoneSetting:ZoneSetting",
  bots: "cloudflare:index/botManagement:BotManagement",
};
const route = { path: "/hooks/github", methods: ["POST"], contentTypes: ["application/json"] };

function agent(name: string, changed: Partial<EdgeFragment> = {}): EdgeFragment {
  const bot = { hostname: `${name}-bot.example.com`, routes: [route] };
  return { agent: name, zone: "example.com", operator: `${name}-ana.example.com`, bot, ...changed };
}

const edge = (changed: Partial<ZoneEdgeArgs> = {}): ZoneEdgeArgs => ({
  zoneId,
  zone: "example.com",
  plan: "free",
  fragments: [agent("atlas"), agent("bo")],
  settingsProvider: undefined as unknown as Provider,
  ...changed,
});

describe("ZoneEdge", () => {
  let registered: Registered[];
  let made: ZoneEdge;

  beforeAll(async () => {
    registered = await register(() => {
      made = new ZoneEdge("example.com", edge());
    });
  });

  it("owns what it has always owned", () => {
    const inEdge = "creel:index:ZoneEdge$";
    expect(urns()).toEqual([
      `${inEdge}${type.bots}::example.com-bots`,
      `${inEdge}${type.ruleset}::example.com-firewall`,
      `${inEdge}${type.ruleset}::example.com-managed`,
      `${inEdge}${type.ruleset}::example.com-rate-limit`,
      `${inEdge}${type.setting}::example.com-always-use-https`,
      `${inEdge}${type.setting}::example.com-min-tls-version`,
      `${inEdge}${type.setting}::example.com-security-header`,
      `${inEdge}${type.setting}::example.com-tls-1-3`,
      "creel:index:ZoneEdge::example.com",
    ]);
  });

  it("has one ruleset in each phase, under a name that never changes", () => {
    const phases = registered.filter((entry) => entry.type === type.ruleset).map(({ inputs }) => inputs);
    expect(phases).toHaveLength(3);
    expect(phases.map(({ phase, name, kind, zoneId: of }) => ({ phase, name, kind, of }))).toEqual(
      expect.arrayContaining(
        ["http_request_firewall_custom", "http_ratelimit", "http_request_firewall_managed"].map((phase) => ({
          phase,
          name: "creel",
          kind: "zone",
          of: zoneId,
        })),
      ),
    );
  });

  it("sets what browsers and TLS have to be like, completely", () => {
    const value = (name: string) => find(registered, type.setting, `example.com-${name}`).inputs.value;
    expect(value("always-use-https")).toBe("on");
    expect(value("min-tls-version")).toBe("1.2");
    expect(value("tls-1-3")).toBe("on");
    expect(value("security-header")).toEqual({
      strict_transport_security: {
        enabled: true,
        max_age: 15_552_000,
        include_subdomains: false,
        preload: false,
        nosniff: false,
      },
    });
  });

  it("guards with all that it made", () => expect(made.resources).toHaveLength(8));

  it("tells how full the plan is", async () => {
    const packing = {
      rules: 2,
      ofRules: 5,
      agents: 2,
      bots: 2,
      characters: expect.any(Number),
      left: expect.any(Number),
    };
    expect(await resolved(made.packing)).toEqual(packing);
  });

  it.each<[ZonePlan, object | undefined]>([
    ["free", { fightMode: false }],
    ["pro", { sbfmDefinitelyAutomated: "allow", sbfmVerifiedBots: "allow" }],
    ["business", { sbfmDefinitelyAutomated: "allow", sbfmLikelyAutomated: "allow", sbfmVerifiedBots: "allow" }],
    ["enterprise", undefined],
  ])("leaves services alone on the plan %s", async (plan, settings) => {
    const found = await register(() => new ZoneEdge("example.com", edge({ plan })));
    const inputs = found.filter((entry) => entry.type === type.bots).map((entry) => entry.inputs);
    expect(inputs).toEqual(settings === undefined ? [] : [{ zoneId, ...settings }]);
  });

  it("has no rules for bot hostnames where there are none, and none of Cloudflare's where they are off", async () => {
    const quiet = [agent("atlas", { bot: undefined })];
    const found = await register(() => new ZoneEdge("z", edge({ fragments: quiet, managedRules: false })));
    expect(found.filter((entry) => entry.type === type.ruleset)).toEqual([]);
  });

  it("takes what was set", async () => {
    const tls = { minVersion: "1.3", hsts: { days: 0, includeSubdomains: true } };
    const set = edge({ plan: "business", rateLimit: { requests: 5, period: 600, block: 86_400 }, tls });
    const found = await register(() => new ZoneEdge("z", set));
    expect(find(found, type.ruleset, "z-rate-limit").inputs.rules).toMatchObject([
      { ratelimit: { requestsPerPeriod: 5, period: 600, mitigationTimeout: 86_400 } },
    ]);
    expect(find(found, type.setting, "z-min-tls-version").inputs.value).toBe("1.3");
    expect(find(found, type.setting, "z-security-header").inputs.value).toMatchObject({
      strict_transport_security: { enabled: false, max_age: 0, include_subdomains: true },
    });
  });

  it("says once how full the plan is, at preview only", async () => {
    const info = vi.spyOn(pulumi.log, "info").mockResolvedValue();
    await register(() => new ZoneEdge("example.com", edge()));
    expect(info).not.toHaveBeenCalled();
    await register(() => new ZoneEdge("example.com", edge()), true);
    expect(info.mock.calls.map(([text]) => text)).toEqual([
      expect.stringMatching(
        /^example\.com \(free\): 2 agents, 2 bot hostnames; 2 of 5 custom rules in use, \d+ characters; room for about \d+ more bot hostnames$/,
      ),
    ]);
    info.mockRestore();
  });

  it("makes nothing when it refuses", async () => {
    const found = await register(() => {
      expect(() => new ZoneEdge("example.com", edge({ bots: { fightMode: true } }))).toThrow(
        /^ZoneEdge example\.com has 1 fault; nothing was changed\n {2}bots\.fightMode +would challenge /,
      );
    });
    expect(found).toEqual([]);
  });
});

describe("what ZoneEdge refuses", () => {
  const bots = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      agent(`a${i}`, { bot: { hostname: `a${i}-bot.example.com`, routes: [{ ...route, path: `/hooks/agent-${i}` }] } }),
    );

  it.each<[string, Partial<ZoneEdgeArgs>, string]>([
    [
      "an unknown plan",
      { plan: "gold" as ZonePlan },
      "plan is not a plan: write one of free, pro, business, enterprise",
    ],
    [
      "a period of a larger plan",
      { rateLimit: { period: 60 } },
      "rateLimit.period is not a period in seconds that the plan free counts in: write 10, or have the plan pro for the zone",
    ],
    [
      "a period that no plan has",
      { plan: "pro", rateLimit: { period: 7 } },
      "rateLimit.period is not a period in seconds that the plan pro counts in: write one of 10, 60",
    ],
    [
      "a refusal of a larger plan",
      { plan: "pro", rateLimit: { block: 86_400 } },
      "rateLimit.block is not how long the plan pro refuses an address, in seconds: write 10, or have the plan business for the zone",
    ],
    [
      "no requests at all",
      { rateLimit: { requests: 0 } },
      "rateLimit.requests is not a number of requests: write a whole number from 1 to 1000000",
    ],
    [
      "an old TLS version",
      { tls: { minVersion: "1.1" } },
      "tls.minVersion is not a TLS version that is still safe: write 1.2 or 1.3",
    ],
    [
      "endless HSTS",
      { tls: { hsts: { days: 10_000 } } },
      "tls.hsts.days is not a number of days: write a whole number from 0 to 730",
    ],
    [
      "Bot Fight Mode with a bot hostname",
      { bots: { fightMode: true } },
      "bots.fightMode would challenge what services send to atlas-bot.example.com, and no rule can make an exception: remove it, or the bot hostnames",
    ],
    [
      "Bot Fight Mode where there is none",
      { plan: "pro", bots: { fightMode: true } },
      "bots.fightMode is a setting of the plan free, and the zone has pro: remove it: what takes its place there is set so that tunnels and webhooks keep working",
    ],
    [
      "a zone that is none",
      { zone: "com", fragments: [] },
      "zone is not a zone: write its name as Cloudflare shows it: example.com",
    ],
    [
      "agents of another zone",
      { fragments: [agent("atlas", { zone: "other.org", operator: "a.other.org", bot: undefined })] },
      "fragments[0].zone is another zone: leave it out here: this is example.com",
    ],
    [
      "two agents with one hostname",
      { fragments: [agent("atlas"), agent("bo", { operator: "atlas-bot.example.com", bot: undefined })] },
      "fragments[1].operator is the hostname at fragments[0].bot.hostname already: give each its own",
    ],
    [
      "more agents than the plan holds",
      { fragments: bots(80) },
      "plan has room for the bot hostnames of 40 agents (5 custom rules), and there are 80: have the plan pro for the zone, or move agents to another zone, or give them the same routes, which then share a rule",
    ],
    [
      "routes that no rule can hold",
      {
        fragments: [
          agent("atlas"),
          agent("bo", {
            bot: {
              hostname: "bo-bot.example.com",
              routes: Array.from({ length: 30 }, (_, i) => ({ ...route, path: `/${"x".repeat(150)}${i}` })),
            },
          }),
        ],
      },
      "fragments[1].bot.routes make a rule of 5032 characters, and Cloudflare takes 4096: declare fewer or shorter ones",
    ],
  ])("%s", (_title, changed, expected) => {
    const faults = zoneEdgeFaults(edge(changed)).map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`);
    expect(faults).toEqual([expected]);
  });

  it("but not as many agents on a larger plan", () => {
    expect(zoneEdgeFaults(edge({ fragments: bots(80), plan: "pro" }))).toEqual([]);
  });

  it("but not Bot Fight Mode without a bot hostname", () => {
    const fragments = [agent("atlas", { bot: undefined })];
    expect(zoneEdgeFaults(edge({ fragments, bots: { fightMode: true } }))).toEqual([]);
  });

  it("all of it together", () => {
    const wrong = {
      rateLimit: { period: 5, block: 5, requests: 1.5 },
      tls: { minVersion: "2" },
      bots: { fightMode: true },
    };
    expect(zoneEdgeFaults(edge(wrong)).map(({ path }) => path)).toEqual([
      "rateLimit.requests",
      "rateLimit.period",
      "rateLimit.block",
      "tls.minVersion",
      "bots.fightMode",
    ]);
  });
});
