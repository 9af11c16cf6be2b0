import { describe, expect, it } from "vitest";
import { botRules } from "../../../components/edgeRules";
import { notEmulated } from "../../../sandbox/clouds/cloudflare/expression/emulated";
import { parseExpression } from "../../../sandbox/clouds/cloudflare/expression/parser";
import { refuseExpressionOverPlan } from "../../../sandbox/clouds/cloudflare/planLimits";
import { matches, type Sent } from "./requests";

const [rule] = botRules([
  {
    hostname: "bot.example.com",
    routes: [
      { path: "/slack/events", methods: ["POST"], contentTypes: ["application/json"] },
      { path: "/hooks/verify", methods: ["GET", "POST"], contentTypes: [] },
    ],
  },
]);
const expression = rule?.expression as string;
const json: Sent["headers"] = [["content-type", "application/json; charset=utf-8"]];
const event: Sent = { method: "POST", target: "/slack/events", headers: json };

describe("the rule that a zone's own component builds for a bot hostname", () => {
  it("is allowed on the free plan and evaluated truly", () => {
    const { usage } = parseExpression(expression);
    expect(() => refuseExpressionOverPlan("free", "http_request_firewall_custom", usage, "/")).not.toThrow();
    expect(notEmulated(usage)).toBeUndefined();
  });

  it.each<[string, Sent]>([
    ["a declared event", event],
    ["one with a query", { ...event, target: "/slack/events?x=1" }],
    ["a media type in capitals", { ...event, headers: [["content-type", "APPLICATION/JSON"]] }],
    ["a declared question", { target: "/hooks/verify" }],
    ["another hostname", { host: "atlas.example.com", target: "/" }],
  ])("lets pass %s", (_, sent) => {
    expect(matches(expression, sent)).toBe(false);
  });

  it.each<[string, Sent]>([
    ["an undeclared path", { ...event, target: "/admin" }],
    ["an undeclared method", { ...event, method: "GET" }],
    ["another media type", { ...event, headers: [["content-type", "text/html"]] }],
    ["no media type", { ...event, headers: [] }],
    ["a second media type before it", { ...event, headers: [["content-type", "text/html"], ...(json ?? [])] }],
    ["an encoded letter", { ...event, target: "/slack/%65vents" }],
    ["an encoded slash", { ...event, target: "/slack/..%2fslack/events" }],
    ["a doubled slash", { ...event, target: "//slack/events" }],
    ["dot segments", { ...event, target: "/x/../slack/events" }],
    ["a backslash", { ...event, target: "/slack\\events" }],
    ["a slash at the end", { ...event, target: "/slack/events/" }],
    ["a path in capitals", { ...event, target: "/SLACK/EVENTS" }],
    ["a very long path", { ...event, target: `/slack/events${"/".repeat(8000)}` }],
    ["forged identity", { target: "/hooks/verify", headers: [["cf-access-jwt-assertion", "x"]] }],
    [
      "forged identity in another spelling",
      { target: "/hooks/verify", headers: [["cf_access_authenticated_user_email", "x"]] },
    ],
    ["a WebSocket", { target: "/hooks/verify", websocket: true }],
  ])("refuses %s", (_, sent) => {
    expect(matches(expression, sent)).toBe(true);
  });
});
