import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../../sandbox/clouds/cloudflare/model";
import { TestAccount, zoneIds } from "./account";

let test: TestAccount;

beforeAll(async () => {
  test = await new TestAccount().start();
});
beforeEach(() => {
  for (const id of Object.keys(test.store.state.rulesets)) delete test.store.state.rulesets[id];
});
afterAll(() => test.stop());

const custom = "http_request_firewall_custom";
const block = (ref: string, expression = 'http.host eq "bot.example.com"') => ({ ref, action: "block", expression });
const limit = {
  characteristics: ["cf.colo.id", "ip.src"],
  period: 10,
  requests_per_period: 20,
  mitigation_timeout: 10,
};
const slow = (fields: object = {}, rule: object = {}) => ({
  ref: "slow",
  action: "block",
  expression: 'starts_with(http.request.uri.path, "/hooks/")',
  ratelimit: { ...limit, ...fields },
  ...rule,
});

const post = (plan: Plan, phase: string, rules: object[], fields: object = {}) =>
  test.call("POST", `/zones/${zoneIds[plan]}/rulesets`, { name: "edge", kind: "zone", phase, rules, ...fields });

describe("what a plan allows", () => {
  it.each<[Plan, number]>([
    ["free", 5],
    ["pro", 20],
    ["business", 100],
  ])("%s: %i custom rules", async (plan, most) => {
    const rules = Array.from({ length: most + 1 }, (_, index) => block(`r${index}`));
    expect((await post(plan, custom, rules)).body.errors[0].message).toBe(
      `exceeded the maximum number of rules in the phase ${custom}: ${most + 1} out of ${most}`,
    );
    expect((await post(plan, custom, rules.slice(1))).status).toBe(200);
  });

  const answering = { ...block("a"), action_parameters: { response: { status_code: 404 } } };
  const overridden = (overrides: object) => [
    {
      ref: "m",
      action: "execute",
      expression: "true",
      action_parameters: { id: "efb7b8c949ac4650a09736fc376e9aee", overrides },
    },
  ];
  const managed = (id: string) => [{ ref: "m", action: "execute", expression: "true", action_parameters: { id } }];
  const cases: [string, Plan, string, object[], string | undefined][] = [
    ["no regular expressions", "pro", custom, [block("a", 'http.host matches "a"')], "operator Matches"],
    ["regular expressions", "business", custom, [block("a", 'http.host matches "a"')], undefined],
    ["no log", "business", custom, [{ ...block("a"), action: "log" }], "action log"],
    ["log", "enterprise", custom, [{ ...block("a"), action: "log" }], undefined],
    ["no bodies", "business", custom, [block("a", 'http.request.body.raw contains "a"')], "http.request.body"],
    ["headers in custom rules", "free", custom, [block("a", 'any(http.request.headers["x"][*] eq "a")')], undefined],
    ["no cookies", "free", custom, [block("a", 'any(http.request.cookies["a"][*] eq "b")')], "a Pro plan"],
    ["cookies", "pro", custom, [block("a", 'any(http.request.cookies["a"][*] eq "b")')], undefined],
    ["no Union", "pro", custom, [block("a", "ip.src.is_in_european_union")], "a Business plan"],
    ["bodies", "enterprise", custom, [block("a", 'http.request.body.raw contains "a"')], undefined],
    ["no answers of rules", "free", custom, [answering], "a custom response"],
    ["answers of rules", "pro", custom, [answering], undefined],
    [
      "verified bots in a rate limit",
      "free",
      "http_ratelimit",
      [slow({}, { expression: "not cf.client.bot" })],
      undefined,
    ],
    ["periods off the list", "pro", "http_ratelimit", [slow({ mitigation_timeout: 61 })], "must be one of 0, 10, 60"],
    ["any timeout", "enterprise", "http_ratelimit", [slow({ mitigation_timeout: 61 })], undefined],
    ["no throttling", "business", "http_ratelimit", [slow({ mitigation_timeout: 0 })], "required to throttle"],
    ["throttling", "enterprise", "http_ratelimit", [slow({ mitigation_timeout: 0 })], undefined],
    [
      "a counting expression",
      "business",
      "http_ratelimit",
      [slow({ counting_expression: 'http.request.method eq "GET"' })],
      undefined,
    ],
    [
      "no field of a higher plan in it",
      "business",
      "http_ratelimit",
      [slow({ counting_expression: "ip.src.asnum eq 1" })],
      "field ip.src.asnum",
    ],
    [
      "counting by a header",
      "enterprise",
      "http_ratelimit",
      [slow({ characteristics: ["cf.colo.id", 'http.request.headers["x-key"]', "lower(http.host)"] })],
      undefined,
    ],
    ["overrides", "pro", "http_request_firewall_managed", overridden({ enabled: false }), undefined],
    ["overrides that log", "pro", "http_request_firewall_managed", overridden({ action: "log" }), "action log"],
    [
      "overrides of rules and categories",
      "enterprise",
      "http_request_firewall_managed",
      overridden({
        action: "log",
        categories: [{ category: "sqli", enabled: false }],
        rules: [{ id: zoneIds.pro, enabled: false }],
      }),
      undefined,
    ],
    ["one rate limit", "free", "http_ratelimit", [slow(), slow({}, { ref: "b" })], "2 out of 1"],
    ["a rate limit", "free", "http_ratelimit", [slow()], undefined],
    ["no host in it", "free", "http_ratelimit", [slow({}, { expression: 'http.host eq "a"' })], "field http.host"],
    [
      "no method in it",
      "pro",
      "http_ratelimit",
      [slow({}, { expression: 'http.request.method eq "GET"' })],
      "http.request.method",
    ],
    ["a host in it", "pro", "http_ratelimit", [slow({}, { expression: 'http.host eq "a"' })], undefined],
    ["periods of 10 s", "free", "http_ratelimit", [slow({ period: 60 })], "period 60"],
    ["periods of 60 s", "pro", "http_ratelimit", [slow({ period: 60, mitigation_timeout: 60 })], undefined],
    ["no periods of 600 s", "pro", "http_ratelimit", [slow({ period: 600 })], "period 600"],
    ["10 s of mitigation", "free", "http_ratelimit", [slow({ mitigation_timeout: 60 })], "mitigation timeout 60"],
    [
      "no counting expression",
      "pro",
      "http_ratelimit",
      [slow({ counting_expression: 'http.host eq "a"' })],
      "counting expression",
    ],
    [
      "counting by address only",
      "free",
      "http_ratelimit",
      [slow({ characteristics: ["cf.colo.id", "http.host"] })],
      "http.host",
    ],
    [
      "the free managed rules",
      "free",
      "http_request_firewall_managed",
      managed("77454fe2d30c4220b5701f6fdfb893ba"),
      undefined,
    ],
    [
      "no other managed rules",
      "free",
      "http_request_firewall_managed",
      managed("efb7b8c949ac4650a09736fc376e9aee"),
      "a Pro plan",
    ],
    ["the OWASP rules", "pro", "http_request_firewall_managed", managed("4814384a9e5d4991b9815dcfc25d2f1f"), undefined],
  ];
  it.each(cases)("%s on %s", async (_, plan, phase, rules, words) => {
    const { status, body } = await post(plan, phase, rules);
    if (words === undefined) {
      expect([status, body.errors]).toEqual([200, []]);
    } else {
      expect(status).toBe(400);
      expect(body.errors[0].message).toContain(words);
      expect(Object.keys(test.store.state.rulesets)).toEqual([]);
    }
  });
});

describe("what no plan allows", () => {
  const skipping = (parameters: object) => ({ ...block("a"), action: "skip", action_parameters: parameters });
  const cases: [string, string, object, number, string][] = [
    ["a blank expression", custom, block("a", " "), 20125, "/rules/0/expression"],
    ["a long expression", custom, block("a", `http.host eq "${"x".repeat(4082)}"`), 20126, "/rules/0/expression"],
    ["an unknown field", custom, block("a", 'http.hots eq "a"'), 20127, "/rules/0/expression"],
    ["a foreign action", custom, { ...block("a"), action: "rewrite" }, 20116, "/rules/0/action"],
    ["skipping nothing", custom, { ...block("a"), action: "skip" }, 20119, "/rules/0/action_parameters"],
    [
      "a response that says OK",
      custom,
      { ...block("a"), action_parameters: { response: { status_code: 200 } } },
      20119,
      "status_code",
    ],
    [
      "a response to a challenge",
      custom,
      { ...block("a"), action: "challenge", action_parameters: { response: { status_code: 403 } } },
      20119,
      "/response",
    ],
    ["an unknown phase to skip", custom, skipping({ phases: ["http_request_teapot"] }), 20119, "/phases/0"],
    ["its own phase to skip", custom, skipping({ phases: [custom] }), 20119, "/phases/0"],
    ["an unknown product to skip", custom, skipping({ products: ["BIC"] }), 20119, "/products/0"],
    ["managed rules to skip", custom, skipping({ rulesets: [zoneIds.pro] }), 20119, "/action_parameters"],
    ["another ruleset to skip", custom, skipping({ ruleset: "other" }), 20119, "/ruleset"],
    ["logging by a blocking rule", custom, { ...block("a"), logging: { enabled: true } }, 20121, "/rules/0/logging"],
    ["parameters of another action", custom, { ...block("a"), action_parameters: { id: "x" } }, 20119, "/id"],
    [
      "a response of a strange type",
      custom,
      { ...block("a"), action_parameters: { response: { content_type: "text/css" } } },
      20119,
      "content_type",
    ],
    [
      "a long response",
      custom,
      { ...block("a"), action_parameters: { response: { content: "x".repeat(2049) } } },
      20119,
      "content",
    ],
    [
      "a rate limit without a rate",
      "http_ratelimit",
      slow({ requests_per_period: null }),
      20155,
      "requests_per_period",
    ],
    [
      "a strange characteristic",
      "http_ratelimit",
      slow({ characteristics: ["cf.colo.id", "x"] }),
      20120,
      "characteristics",
    ],
    [
      "two kinds of addresses",
      "http_ratelimit",
      slow({ characteristics: ["cf.colo.id", "ip.src", "cf.unique_visitor_id"] }),
      20155,
      "characteristics",
    ],
    [
      "one characteristic twice",
      "http_ratelimit",
      slow({ characteristics: ["cf.colo.id", "ip.src", "ip.src"] }),
      20155,
      "characteristics",
    ],
    [
      "an override of nothing",
      "http_request_firewall_managed",
      {
        ref: "m",
        action: "execute",
        expression: "true",
        action_parameters: { id: zoneIds.pro, overrides: { rules: [{ id: "x" }] } },
      },
      20119,
      "/overrides/rules/0/id",
    ],
    ["a rate limit in a custom rule", custom, { ...block("a"), ratelimit: limit }, 20155, "/rules/0/ratelimit"],
    ["a rate limit without a limit", "http_ratelimit", block("a"), 20155, "/rules/0"],
    ["counting across data centers", "http_ratelimit", slow({ characteristics: ["ip.src"] }), 20155, "characteristics"],
    ["a period of 30 s", "http_ratelimit", slow({ period: 30 }), 20155, "period"],
    [
      "a challenge that lasts",
      "http_ratelimit",
      slow({}, { action: "managed_challenge" }),
      20155,
      "mitigation_timeout",
    ],
    [
      "an unknown managed ruleset",
      "http_request_firewall_managed",
      { action: "execute", expression: "true", action_parameters: { id: "constructor" } },
      20118,
      "/id",
    ],
  ];
  it.each(cases)("%s", async (_, phase, rule, code, pointer) => {
    const { status, body } = await post("business", phase, [rule]);
    expect([status, body.errors[0].code]).toEqual([400, code]);
    expect(body.errors[0].source.pointer).toContain(pointer);
  });

  it("two rules with one ref", async () => {
    expect((await post("free", custom, [block("a"), block("a")])).body.errors[0].message).toContain("unique");
  });

  it("a phase that does not exist", async () => {
    expect((await post("free", "http_teapot", [])).status).toBe(400);
  });

  it("tells where an expression is wrong", async () => {
    const { body } = await post("free", custom, [block("ok"), block("bad", "ssl and http.host eq 5")]);
    expect(body.errors[0]).toEqual({
      code: 20127,
      message:
        "'ssl and http.host eq 5' is not a valid value for expression because could not parse filter expression: " +
        'Filter parsing error (1:22):\nssl and http.host eq 5\n                     ^ expected " or r\n',
      source: { pointer: "/rules/1/expression" },
    });
  });
});

describe("what the sandbox cannot tell", () => {
  it.each([
    ["a measured field", custom, block("a", "cf.bot_management.score lt 30"), "field cf.bot_management.score"],
    ["an address database", custom, block("a", "ip.src.asnum eq 64496"), "field ip.src.asnum"],
    ["a list", custom, block("a", "ip.src in $partners"), "list $partners"],
    ["a function of other rules", custom, block("a", 'to_string(ssl) eq "true"'), "function to_string"],
    [
      "an answer's status",
      "http_ratelimit",
      slow({ counting_expression: "http.response.code eq 403" }),
      "http.response.code",
    ],
    [
      "visitors behind one address",
      "http_ratelimit",
      slow({ characteristics: ["cf.colo.id", "cf.unique_visitor_id"] }),
      "cf.unique_visitor_id",
    ],
    ["complexity", "http_ratelimit", slow({ score_per_period: 5 }), "rate limits by complexity"],
  ])("is refused instead of silently false: %s", async (_, phase, rule, words) => {
    const { status, body } = await post("enterprise", phase, [rule]);
    expect([status, body.errors[0].code]).toEqual([400, 20999]);
    expect(body.errors[0].message).toContain(`the sandbox does not emulate`);
    expect(body.errors[0].message).toContain(words);
  });
});
