import { describe, expect, it } from "vitest";
import type { Plan, RulesetRule } from "../../../sandbox/clouds/cloudflare/model";
import { createWaf } from "../../../sandbox/edge/waf";
import { rule, type Sent, sent, worldWith } from "./requests";

const limit = { characteristics: ["cf.colo.id", "ip.src"], period: 10, requests_per_period: 2, mitigation_timeout: 10 };
const slow = (fields: object = {}, rest: Partial<RulesetRule> = {}) =>
  rule("slow", {
    expression: 'starts_with(http.request.uri.path, "/hooks/")',
    ratelimit: { ...limit, ...fields },
    ...rest,
  });
const hook: Sent = { method: "POST", target: "/hooks/github" };

/** Sends requests at given seconds and says what became of them: a status, or 0 for those that pass. */
const run = async (rules: RulesetRule[], requests: [second: number, sent?: Sent][], plan: Plan = "free") => {
  let time = 0;
  const waf = createWaf({ world: worldWith({ http_ratelimit: rules }, plan), now: () => time });
  const answers: number[] = [];
  for (const [second, given] of requests) {
    time = 1_700_000_000_000 + second * 1000;
    const ruling = await waf.rule(sent(given ?? hook, plan));
    answers.push(ruling.pass ? 0 : ruling.response.status);
  }
  return answers;
};

describe("rate limits", () => {
  it("refuse the request that exceeds the rate, and all that follow until the timeout is over", async () => {
    expect(await run([slow()], [[0], [1], [2], [3], [11.9], [12.1], [12.2], [12.3]])).toEqual([
      0, 0, 429, 429, 429, 0, 0, 429,
    ]);
  });

  it("forget a request when its period is over", async () => {
    expect(await run([slow()], [[0], [9], [10.1], [18.9], [19.2], [20.2]])).toEqual([0, 0, 0, 429, 429, 429]);
    expect(await run([slow()], [[0], [5], [10.1], [15.1], [20.2]])).toEqual([0, 0, 0, 0, 0]);
  });

  it("leave other requests alone, counted and refused ones alike", async () => {
    const other: Sent = { target: "/" };
    expect(await run([slow()], [[0, other], [0, other], [0, other], [1], [2], [3], [3, other]])).toEqual([
      0, 0, 0, 0, 0, 429, 0,
    ]);
  });

  it("see through encoded paths", async () => {
    const ways = ["/%68ooks/github", "//hooks/github", "/x/../hooks/github"].map((target): [number, Sent] => [
      0,
      { target },
    ]);
    expect(await run([slow()], ways)).toEqual([0, 0, 429]);
  });

  it("count by address", async () => {
    const from = (address: string): [number, Sent] => [0, { ...hook, address }];
    const both = [from("192.0.2.1"), from("192.0.2.1"), from("192.0.2.2"), from("192.0.2.1"), from("192.0.2.2")];
    expect(await run([slow()], both)).toEqual([0, 0, 0, 429, 0]);
  });

  it("tell a missing header from an empty one", async () => {
    const keyed = slow({
      characteristics: ["cf.colo.id", 'http.request.headers["x-api-key"]'],
      requests_per_period: 1,
    });
    const key = (...values: string[]): [number, Sent] => [
      0,
      { ...hook, headers: values.map((value): [string, string] => ["x-api-key", value]) },
    ];
    const sent = [key("a"), key("b"), key(), key(""), key("a"), key(), key("")];
    expect(await run([keyed], sent, "enterprise")).toEqual([0, 0, 0, 0, 429, 429, 429]);
  });

  it("count by an expression of their own", async () => {
    const own = slow({ counting_expression: 'http.request.method eq "POST"' });
    const get: Sent = { method: "GET", target: "/hooks/github" };
    const elsewhere: Sent = { method: "POST", target: "/" };
    expect(
      await run(
        [own],
        [
          [0, get],
          [0, get],
          [0, get],
          [0, get],
        ],
        "business",
      ),
    ).toEqual([0, 0, 0, 0]);
    expect(
      await run(
        [own],
        [
          [0, elsewhere],
          [0, elsewhere],
          [0, elsewhere],
          [0, get],
        ],
        "business",
      ),
    ).toEqual([0, 0, 0, 429]);
  });

  it("without a timeout let pass what stays within the rate", async () => {
    const throttle = slow({ mitigation_timeout: 0 }, { action: "managed_challenge" });
    expect(await run([throttle], [[0], [5], [6], [9], [10.1], [10.2], [15.1]])).toEqual([0, 0, 403, 403, 0, 403, 0]);
  });

  it("stand each for itself, the first that refuses answers", async () => {
    const wide = rule("wide", {
      ratelimit: { ...limit, requests_per_period: 3 },
      action_parameters: { response: { status_code: 420 } },
    });
    expect(await run([slow(), wide], [[0], [1], [2], [2, { target: "/" }], [2, { target: "/" }]], "pro")).toEqual([
      0, 0, 429, 0, 420,
    ]);
  });

  it("begin anew when the rule is changed", async () => {
    const world = worldWith({ http_ratelimit: [slow()] });
    const waf = createWaf({ world, now: () => 0 });
    const passes = async () => (await waf.rule(sent(hook))).pass;
    expect([await passes(), await passes(), await passes()]).toEqual([true, true, false]);
    (world.state.rulesets.http_ratelimit as { rules: RulesetRule[] }).rules = [slow({}, { version: "2" })];
    expect(await passes()).toBe(true);
  });

  it("say when to come again", async () => {
    let time = 0;
    const waf = createWaf({
      world: worldWith({ http_ratelimit: [slow({ requests_per_period: 1 })] }),
      now: () => time,
    });
    await waf.rule(sent(hook));
    const over = await waf.rule(sent(hook));
    time = 7_500;
    const later = await waf.rule(sent(hook));
    for (const [ruling, seconds] of [
      [over, "10"],
      [later, "3"],
    ] as const) {
      expect(ruling).toMatchObject({ pass: false, response: { status: 429 } });
      expect("response" in ruling && ruling.response.headers).toContainEqual(["retry-after", seconds]);
      expect(ruling.steps).toEqual([{ by: "waf", verdict: "block", reason: "http_ratelimit: block by slow" }]);
    }
  });

  it("only log", async () => {
    expect(await run([slow({}, { action: "log" })], [[0], [0], [0], [0]], "enterprise")).toEqual([0, 0, 0, 0]);
  });
});
