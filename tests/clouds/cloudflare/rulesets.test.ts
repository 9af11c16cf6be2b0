import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../../sandbox/clouds/cloudflare/model";
import { account, type Json, TestAccount, zone, zoneIds } from "./account";

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
const post = (plan: Plan, phase: string, rules: object[], fields: object = {}) =>
  test.call("POST", `/zones/${zoneIds[plan]}/rulesets`, { name: "edge", kind: "zone", phase, rules, ...fields });

describe("rulesets", () => {
  it("are one to a phase and a zone", async () => {
    await test.make(zone("/rulesets"), { name: "edge", kind: "zone", phase: custom, rules: [] });
    const second = await post("free", custom, []);
    expect([second.status, second.body.errors]).toEqual([
      400,
      [
        {
          code: 20217,
          message: `'zone' is not a valid value for kind because exceeded maximum number of zone rulesets for phase ${custom}`,
          source: { pointer: "/kind" },
        },
      ],
    ]);
    expect((await post("pro", custom, [])).status).toBe(200);
    expect((await post("free", "http_ratelimit", [])).status).toBe(200);
  });

  it("are found and made by their phase", async () => {
    const path = zone(`/rulesets/phases/${custom}/entrypoint`);
    const missing = await test.call("GET", path);
    expect([missing.status, missing.body.errors[0].code]).toEqual([404, 10003]);
    const made = await test.make(path, { rules: [block("a")] }, "PUT");
    expect(made).toMatchObject({ name: "default", kind: "zone", phase: custom, version: "1" });
    const changed = await test.make(path, { rules: [block("a"), block("b")] }, "PUT");
    expect(changed).toMatchObject({ id: made.id, version: "2" });
    expect((await test.call("GET", path)).body.result).toEqual(changed);
    const unknown = await test.call("GET", zone("/rulesets/phases/http_request_teapot/entrypoint"));
    expect(unknown.status).toBe(400);
  });

  it("keep the id and version of rules that keep their ref and content", async () => {
    const made = await test.make(zone("/rulesets"), {
      name: "e",
      kind: "zone",
      phase: custom,
      rules: [block("a"), block("b")],
    });
    const changed = await test.make(
      zone(`/rulesets/${made.id}`),
      { name: "e", kind: "zone", phase: custom, rules: [block("b"), { ...block("a"), enabled: false }] },
      "PUT",
    );
    const of = (ruleset: Json, ref: string) => ruleset.rules.find((rule: Json) => rule.ref === ref);
    expect(of(changed, "b")).toEqual(of(made, "b"));
    expect(of(changed, "a")).toMatchObject({ id: of(made, "a").id, version: "2", enabled: false });
  });

  it("are deleted with an empty answer", async () => {
    const { id } = await test.make(zone("/rulesets"), { name: "e", kind: "zone", phase: custom });
    expect(await test.call("DELETE", zone(`/rulesets/${id}`))).toMatchObject({ status: 204, body: undefined });
    expect((await test.call("GET", zone(`/rulesets/${id}`))).status).toBe(404);
  });

  it("keep kind and phase for life", async () => {
    const { id } = await test.make(zone("/rulesets"), { name: "e", kind: "zone", phase: custom });
    const answer = await test.call("PUT", zone(`/rulesets/${id}`), { phase: "http_ratelimit", rules: [] });
    expect(answer.body.errors[0]).toMatchObject({ source: { pointer: "/phase" } });
  });

  it("belong to zones: those of an account need a plan of their own", async () => {
    const body = { name: "e", kind: "root", phase: custom };
    expect((await test.call("POST", account("/rulesets"), body)).body.errors[0].message).toContain("not entitled");
    expect((await test.call("POST", zone("/rulesets"), body)).body.errors[0].source.pointer).toBe("/kind");
  });

  it("echo what rules were given, without what is empty", async () => {
    const rules = [
      { ...block("plain"), action_parameters: {}, description: "no bots", logging: null },
      {
        ...block("custom"),
        action_parameters: { response: { status_code: 404, content: "{}", content_type: "application/json" } },
      },
      {
        ref: "skip",
        action: "skip",
        expression: "ssl",
        action_parameters: { products: ["bic"] },
        logging: { enabled: true },
      },
    ];
    const path = `/zones/${zoneIds.pro}/rulesets`;
    const { rules: shown } = await test.make(path, { name: "e", kind: "zone", phase: custom, rules });
    expect(shown[0]).not.toHaveProperty("action_parameters");
    expect(shown[0]).toMatchObject({ description: "no bots", enabled: true });
    expect(shown[1].action_parameters).toEqual(rules[1]?.action_parameters);
    expect(shown[2]).toMatchObject({ action_parameters: { products: ["bic"] }, logging: { enabled: true } });
  });
});

it("managed rulesets are shown to everybody, and belong to nobody", async () => {
  const listed = (await test.call("GET", zone("/rulesets"))).body.result;
  expect(listed.map(({ kind }: Json) => kind)).toEqual(["managed", "managed", "managed", "managed"]);
  const { body } = await test.call("GET", zone("/rulesets/77454fe2d30c4220b5701f6fdfb893ba"));
  expect(body.result.rules[0]).toMatchObject({ action: "block", description: "Sandbox imitation: log4shell-headers" });
  expect((await test.call("PUT", zone("/rulesets/77454fe2d30c4220b5701f6fdfb893ba"), { rules: [] })).status).toBe(404);
});
