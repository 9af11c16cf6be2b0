import { describe, expect, it } from "vitest";
import type { Plan } from "../../../sandbox/clouds/cloudflare/model";
import { createWaf } from "../../../sandbox/edge/waf";
import { browser, rule, type Sent, sent, worldWith } from "./requests";

const custom = "http_request_firewall_custom";
const skipping = (parameters: Record<string, unknown>) => ({
  [custom]: [rule("skipping", { action: "skip", action_parameters: parameters, logging: { enabled: false } })],
});

interface Zone {
  plan?: Plan;
  bots?: Record<string, unknown>;
  settings?: Record<string, unknown>;
  skip?: Record<string, unknown>;
}

const ruled = async ({ plan = "free", bots = {}, settings = {}, skip }: Zone, request: Sent = {}) => {
  const world = worldWith(skip ? skipping(skip) : {}, plan);
  const zone = sent().zone?.id as string;
  world.state.bot_management[zone] = bots;
  world.state.zone_settings[zone] = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, { value, modified_on: "" }]),
  );
  const ruling = await createWaf({ world }).rule(sent(request, plan));
  return ruling.pass
    ? "pass"
    : { status: ruling.response.status, reason: ruling.steps.at(-1)?.reason, headers: ruling.response.headers };
};

const human: Sent = { headers: [["user-agent", browser]] };
const nameless: Sent = { headers: [["user-agent", " "]] };
const everything = {
  phases: ["http_request_sbfm", "http_ratelimit"],
  products: ["bic", "uaBlock", "securityLevel"],
  ruleset: "current",
};

describe("Bot Fight Mode", () => {
  it("challenges webhook senders and lets browsers pass", async () => {
    const bots = { fight_mode: true };
    expect(await ruled({ bots })).toMatchObject({ status: 403, reason: "Bot Fight Mode: the client is no browser" });
    expect(await ruled({ bots })).toMatchObject({ headers: expect.arrayContaining([["cf-mitigated", "challenge"]]) });
    expect(await ruled({ bots }, human)).toBe("pass");
    expect(await ruled({ bots: { fight_mode: false } })).toBe("pass");
  });

  it("cannot be skipped", async () => {
    expect(await ruled({ bots: { fight_mode: true }, skip: everything })).toMatchObject({ status: 403 });
  });

  it.each([
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Discordbot/2.0)",
    "Slackbot 1.0",
    "Mozilla/5.0 (X11) HeadlessChrome/130",
  ])("takes %s for a bot", async (agent) => {
    expect(await ruled({ bots: { fight_mode: true } }, { headers: [["user-agent", agent]] })).toMatchObject({
      status: 403,
    });
  });
});

describe("Super Bot Fight Mode", () => {
  it.each([
    ["allow", "pass"],
    ["block", { status: 403 }],
    ["managed_challenge", { headers: expect.arrayContaining([["cf-mitigated", "challenge"]]) }],
  ])("%s", async (handling, wanted) => {
    const zone: Zone = { plan: "pro", bots: { sbfm_definitely_automated: handling } };
    const answer = await ruled(zone);
    if (wanted === "pass") expect(answer).toBe("pass");
    else expect(answer).toMatchObject(wanted as object);
    expect(await ruled(zone, human)).toBe("pass");
    expect(await ruled({ ...zone, skip: everything })).toBe("pass");
  });
});

describe("Browser Integrity Check", () => {
  it("refuses clients without a name, until it is switched off or skipped", async () => {
    expect(await ruled({}, nameless)).toMatchObject({ status: 403, reason: "Browser Integrity Check: no user agent" });
    expect(await ruled({})).toBe("pass");
    expect(await ruled({ settings: { browser_check: "off" } }, nameless)).toBe("pass");
    expect(await ruled({ skip: everything }, nameless)).toBe("pass");
    expect(await ruled({ skip: { products: ["uaBlock"] } }, nameless)).toMatchObject({ status: 403 });
  });
});

describe("Security Level", () => {
  it("under attack challenges everybody but those whom a rule exempts", async () => {
    const settings = { security_level: "under_attack" };
    expect(await ruled({ settings }, human)).toMatchObject({
      status: 403,
      reason: expect.stringContaining("under attack"),
    });
    expect(await ruled({ settings, skip: everything }, human)).toBe("pass");
    expect(await ruled({ settings, skip: { products: ["bic"] } }, human)).toMatchObject({ status: 403 });
    expect(await ruled({ settings: { security_level: "high" } }, human)).toBe("pass");
  });
});
