import { describe, expect, it } from "vitest";
import type { EdgeFragment, EdgeRoute } from "../../components/edgeFragment";
import { type BotHost, botRules, hostRules, tooLong } from "../../components/edgeRules";
import { planLimits, type ZonePlan, zonePlans } from "../../components/zonePlans";
import {
  botsOf,
  countOfBots,
  firewallRules,
  managedRules,
  rateLimitRules,
  zonePacking,
} from "../../components/zoneRules";
import { parseExpression } from "../../sandbox/clouds/cloudflare/expression/parser";
import { acceptedRules } from "./zoneEdgeWaf";

const json = ["application/json"];
const slack: EdgeRoute = {
  path: "/slack/events",
  methods: ["POST"],
  contentTypes: [...json, "application/x-www-form-urlencoded"],
};
const github: EdgeRoute = { path: "/hooks/github", methods: ["POST"], contentTypes: json };

const named = (count: number, routes: EdgeRoute[], stem = "agent") =>
  Array.from({ length: count }, (_, i): BotHost => {
    return { hostname: `${stem}${String(i).padStart(4, "0")}-bot.example.com`, routes };
  });

/** Agents of which no two have the same routes. */
const different = (count: number) =>
  named(count, []).map(({ hostname }, i): BotHost => ({ hostname, routes: [{ ...github, path: `/hooks/${i}` }] }));

const fragmentsOf = (bots: BotHost[]): EdgeFragment[] =>
  bots.map((bot, i) => {
    return { agent: `agent${i}`, zone: "example.com", operator: bot.hostname.replace("-bot", "-ana"), bot };
  });

describe("rules of bot hostnames", () => {
  it("are one expression for one agent", () => {
    expect(botRules([{ hostname: "atlas-bot.example.com", routes: [slack, github] }])).toEqual([
      {
        hostnames: ["atlas-bot.example.com"],
        expression:
          '(lower(http.host) eq "atlas-bot.example.com" and (http.request.headers.truncated' +
          ' or any(http.request.headers.names[*] wildcard "cf*access*")' +
          ' or not ((http.request.method eq "POST" and raw.http.request.uri.path eq "/hooks/github"' +
          ' and (http.request.headers["content-type"][0] wildcard "application/json"' +
          ' or http.request.headers["content-type"][0] wildcard "application/json;*"))' +
          ' or (http.request.method eq "POST" and raw.http.request.uri.path eq "/slack/events"' +
          ' and (http.request.headers["content-type"][0] wildcard "application/json"' +
          ' or http.request.headers["content-type"][0] wildcard "application/json;*"' +
          ' or http.request.headers["content-type"][0] wildcard "application/x-www-form-urlencoded"' +
          ' or http.request.headers["content-type"][0] wildcard "application/x-www-form-urlencoded;*")))))',
      },
    ]);
  });

  it("are shared by agents with the same routes, however they are written", () => {
    const same = { ...slack, contentTypes: [...slack.contentTypes].reverse(), methods: ["POST", "POST"] };
    const rules = botRules([
      { hostname: "b.example.com", routes: [github, slack] },
      { hostname: "a.example.com", routes: [same, github] },
    ]);
    expect(rules).toHaveLength(1);
    expect(rules[0]!.expression).toContain('lower(http.host) in {"a.example.com" "b.example.com"}');
    expect(rules[0]!.expression.match(/slack/g)).toHaveLength(1);
  });

  it("do not depend on the order in which agents are named", () => {
    const bots = [...named(30, [slack]), ...different(30), ...named(30, [github], "other")];
    expect(botRules([...bots].reverse())).toEqual(botRules(bots));
  });

  it.each([
    ["alike", (n: number) => named(n, [slack, github])],
    ["all different", different],
    [
      "of a few kinds",
      (n: number) => named(n, [slack]).map((bot, i) => (i % 3 === 0 ? { ...bot, routes: [github] } : bot)),
    ],
  ])("name every hostname once and stay within the length, for agents %s", (_title, make) => {
    for (const count of [1, 2, 13, 149, 400]) {
      const bots = make(count);
      const rules = botRules(bots);
      expect(rules.flatMap(({ hostnames }) => hostnames).sort()).toEqual(bots.map(({ hostname }) => hostname).sort());
      for (const { expression, hostnames } of rules) {
        expect(expression.length).toBeLessThanOrEqual(4096);
        expect(() => parseExpression(expression)).not.toThrow();
        for (const hostname of hostnames) expect(expression.split(`"${hostname}"`)).toHaveLength(2);
      }
    }
  });

  it("are different for any two fleets that differ", () => {
    const texts = ["a", "b", "c"].flatMap((name) =>
      [[slack], [github], [slack, github], [{ ...slack, contentTypes: json }], [{ ...slack, methods: ["PUT"] }]].map(
        (routes) => JSON.stringify(botRules([{ hostname: `${name}.example.com`, routes }])),
      ),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("keep their refs, and stay as they are up to where an agent comes or goes", () => {
    const agents = [...named(300, [slack]), ...named(10, [slack], "zebra")];
    const blocking = (bots: BotHost[]) => firewallRules(bots, "pro").filter(({ action }) => action === "block");
    const rules = blocking(agents);
    expect(rules.map(({ ref }) => ref)).toEqual(["creel-bots-1", "creel-bots-2", "creel-bots-3"]);
    const changed = (bots: BotHost[]) => {
      const other = blocking(bots);
      expect(other.map(({ ref }) => ref)).toEqual(rules.map(({ ref }) => ref));
      return other.flatMap(({ ref, expression }, i) => (expression === rules[i]!.expression ? [] : [ref]));
    };
    expect(changed([...agents, ...named(1, [slack], "zoe")])).toEqual(["creel-bots-3"]);
    expect(changed([...agents, ...named(1, [slack], "agent015")])).toEqual(["creel-bots-2", "creel-bots-3"]);
    expect(changed(agents.slice(0, -1))).toEqual(["creel-bots-3"]);
  });

  it("come with as few that spare services what is meant for browsers", () => {
    const spared = (plan: ZonePlan) => firewallRules(named(2, [slack]), plan).filter(({ action }) => action === "skip");
    expect(spared("free")).toEqual([
      {
        ref: "creel-webhooks-1",
        description: "Bot hostnames 1: no checks for browsers",
        action: "skip",
        enabled: true,
        expression: 'lower(http.host) in {"agent0000-bot.example.com" "agent0001-bot.example.com"}',
        actionParameters: { products: ["bic"] },
      },
    ]);
    expect(spared("pro")[0]).toMatchObject({ actionParameters: { products: ["bic"], phases: ["http_request_sbfm"] } });
  });

  it("tell of routes that are too long for any", () => {
    const routes = Array.from({ length: 40 }, (_, i) => ({ ...github, path: `/hooks/${"x".repeat(150)}${i}` }));
    const bots = [...named(1, [slack]), { hostname: "long.example.com", routes }];
    expect(tooLong(bots)).toEqual([{ hostname: "long.example.com", length: expect.any(Number) }]);
    expect(() => botRules(bots)).toThrow("the routes of long.example.com do not fit into an expression");
  });

  it("refuse what opens both directions where a route may be read", () => {
    const [rule] = botRules([{ hostname: "a.example.com", routes: [{ ...github, methods: ["GET", "POST"] }] }]);
    expect(rule!.expression).toContain('any(http.request.headers.names[*] wildcard "upgrade")');
    expect(botRules(named(1, [github]))[0]!.expression).not.toContain("upgrade");
  });
});

describe("room for more", () => {
  it.each([
    ["none yet", []],
    ["one", named(1, [slack])],
    ["many", named(233, [slack, github])],
  ])("is told nearly, with %s", (_title, bots) => {
    const { left } = zonePacking(fragmentsOf(bots), "free");
    const routes = bots[0]?.routes ?? [{ ...github, path: "/hooks/example" }];
    const fits = (count: number) => {
      const longest = bots[0]?.hostname.length ?? 24;
      const more = Array.from({ length: count }, (_, i) => `y${String(i).padStart(longest - 1, "0")}`);
      const all = [...bots, ...more.map((hostname) => ({ hostname, routes }))];
      return countOfBots(all, "free") === all.length;
    };
    expect(left).toBeGreaterThan(50);
    expect(fits(Math.floor(left * 0.97))).toBe(true);
    expect(fits(Math.ceil(left * 1.1))).toBe(false);
  });

  it("is none where the plan is full", () => {
    const bots = named(countOfBots(named(1500, [slack]), "free"), [slack]);
    expect(zonePacking(fragmentsOf(bots), "free")).toMatchObject({ rules: 5, ofRules: 5, bots: bots.length, left: 0 });
    expect(bots.length).toBeGreaterThan(250);
  });
});

describe.each(zonePlans)("the plan %s", (plan) => {
  const fragments = fragmentsOf([...named(120, [slack]), ...different(3)]);
  const bots = botsOf(fragments);

  it("takes every rule", () => {
    expect(acceptedRules(plan, "firewall", firewallRules(bots, plan))).toHaveLength(zonePacking(fragments, plan).rules);
    expect(acceptedRules(plan, "rateLimit", rateLimitRules(bots, plan, {})!)).not.toEqual([]);
    expect(acceptedRules(plan, "managed", managedRules(fragments, plan))).not.toEqual([]);
  });

  it("takes the longest period and refusal that it is said to take, and the emulator nothing longer", () => {
    const { periods, block } = planLimits[plan];
    const limit = (period: number, mitigation: number) => rateLimitRules(bots, plan, { period, block: mitigation })!;
    expect(() => acceptedRules(plan, "rateLimit", limit(periods.at(-1)!, block[1]))).not.toThrow();
    if (plan === "enterprise") return;
    expect(() => acceptedRules(plan, "rateLimit", limit(3600, block[0]))).toThrow(/period 3600/);
    expect(() => acceptedRules(plan, "rateLimit", limit(periods[0]!, block[1] + 1))).toThrow(/mitigation timeout/);
  });

  it("takes as many rules as it is said to take, and the emulator no more", () => {
    const rules = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ref: `r${i}`, action: "block", expression: "ssl" }));
    const { customRules } = planLimits[plan];
    expect(() => acceptedRules(plan, "firewall", rules(customRules))).not.toThrow();
    expect(() => acceptedRules(plan, "firewall", rules(customRules + 1))).toThrow(/maximum number of rules/);
  });
});

describe("rate limits", () => {
  it("count paths where the plan knows no hostnames, and hostnames where it does", () => {
    const bots = named(2, [slack, github]);
    expect(rateLimitRules(bots, "free", {})).toEqual([
      {
        ref: "creel-bots-1",
        description: "Bot hostnames 1: how often one address may call",
        action: "block",
        enabled: true,
        expression: 'http.request.uri.path in {"/hooks/github" "/slack/events"}',
        ratelimit: {
          characteristics: ["cf.colo.id", "ip.src"],
          requestsPerPeriod: 200,
          period: 10,
          mitigationTimeout: 10,
        },
      },
    ]);
    expect(rateLimitRules(bots, "pro", { requests: 30, period: 60, block: 600 })).toMatchObject([
      {
        expression: 'lower(http.host) in {"agent0000-bot.example.com" "agent0001-bot.example.com"}',
        ratelimit: { requestsPerPeriod: 30, period: 60, mitigationTimeout: 600 },
      },
    ]);
  });

  it("count paths where hostnames are too many for the plan, and give up where paths are too many too", () => {
    const many = named(400, [slack]);
    expect(rateLimitRules(many, "pro", {})!.map(({ expression }) => expression)).toEqual([
      'http.request.uri.path eq "/slack/events"',
    ]);
    expect(rateLimitRules(many, "business", {})).toHaveLength(hostRules(many.map(({ hostname }) => hostname)).length);
    expect(rateLimitRules(different(400), "pro", {})).toBeUndefined();
  });

  it("are none without a bot hostname", () => expect(rateLimitRules([], "free", {})).toEqual([]));
});

describe("Cloudflare's own rules", () => {
  const fragments = fragmentsOf(named(2, [slack]));
  const steps = (plan: ZonePlan) =>
    managedRules(fragments, plan).map(({ ref, expression, actionParameters }) => ({
      ref,
      expression,
      actionParameters,
    }));
  const operators = 'lower(http.host) in {"agent0000-ana.example.com" "agent0001-ana.example.com"}';
  const spared = { ref: "creel-operators-1", expression: operators, actionParameters: { ruleset: "current" } };
  const run = (ref: string, id: string) => ({ ref, expression: "true", actionParameters: { id } });

  it("spare people all of them", () => {
    expect(steps("free")).toEqual([spared, run("creel-managed", "77454fe2d30c4220b5701f6fdfb893ba")]);
  });

  it("spare services the most suspicious ones, where there are such", () => {
    const owasp = "4814384a9e5d4991b9815dcfc25d2f1f";
    expect(steps("pro")).toEqual([
      spared,
      {
        ref: "creel-bots-1",
        expression: 'lower(http.host) in {"agent0000-bot.example.com" "agent0001-bot.example.com"}',
        actionParameters: { rulesets: [owasp] },
      },
      run("creel-managed", "efb7b8c949ac4650a09736fc376e9aee"),
      run("creel-owasp", owasp),
    ]);
  });
});
