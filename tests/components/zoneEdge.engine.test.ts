import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EdgeFragment } from "../../components/edgeFragment";
import { ProgramStack } from "../plugins/stack";
import { type TestCloudflare, testCloudflare, use, zones } from "./cloudflareStack";

type Plan = keyof typeof zones;

const fragment = (plan: Plan, agent: string, path = "/hooks/github"): EdgeFragment => ({
  agent,
  zone: zones[plan].name,
  operator: `${agent}-ana.${zones[plan].name}`,
  bot: {
    hostname: `${agent}-bot.${zones[plan].name}`,
    routes: [{ path, methods: ["POST"], contentTypes: ["application/json"] }],
  },
});

const program = (plan: Plan, fragments: EdgeFragment[], more: object = {}) => {
  const { name: zone, zoneId } = zones[plan];
  return `
    ${use("zoneEdge", "ZoneEdge")}
    const settingsProvider = new cloudflare.Provider("settings", {});
    const args = ${JSON.stringify({ zoneId, zone, plan, fragments, ...more })};
    const edge = new ZoneEdge("${zone}", { ...args, settingsProvider });
    exports.packing = edge.packing;
  `;
};

describe.each(Object.keys(zones) as Plan[])("a zone with the plan %s", (plan) => {
  let cloudflare: TestCloudflare;
  let stack: ProgramStack;
  const { zoneId } = zones[plan];
  const agents = [fragment(plan, "atlas"), fragment(plan, "bo", "/hooks/bo")];
  const rules = (phase: string) =>
    Object.values(cloudflare.state.rulesets).find((ruleset) => ruleset.phase === phase)?.rules ?? [];

  beforeAll(async () => {
    cloudflare = await testCloudflare();
    stack = await ProgramStack.open(cloudflare.environment, ["cloudflare"]);
  });
  afterAll(() => cloudflare?.api.close());

  it("gets its rules and settings, says how full it is, and settles", async () => {
    await stack.program(program(plan, agents));
    const preview = await stack.must("preview");
    expect(preview.split("Diagnostics:")[1]!.match(/2 bot hostnames; 2 of \d+ custom rules in use/g)).toHaveLength(1);
    await stack.up();
    expect(rules("http_request_firewall_custom").map(({ ref }) => ref)).toEqual(["creel-bots-1", "creel-webhooks-1"]);
    expect(rules("http_ratelimit")).toHaveLength(1);
    expect(rules("http_request_firewall_managed").length).toBeGreaterThan(1);
    const settings = cloudflare.state.zone_settings[zoneId]!;
    expect(Object.keys(settings).sort()).toEqual(["always_use_https", "min_tls_version", "security_header", "tls_1_3"]);
    await stack.expectSettled();
  });

  // What follows is the same on every plan.
  if (plan === "free") {
    it("takes one more agent in place, with rules that keep their ids", async () => {
      const before = rules("http_request_firewall_custom").map(({ id }) => id);
      cloudflare.writes();
      await stack.up(program(plan, [...agents, fragment(plan, "cy", "/hooks/cy")]));
      expect(cloudflare.writes().map((line) => line.replace(/[^/]*$/, "…"))).toEqual(
        Array(3).fill(`PUT /zones/${zoneId}/rulesets/…`),
      );
      expect(rules("http_request_firewall_custom").map(({ id }) => id)).toEqual(before);
      await stack.expectSettled();
    });

    it("goes without bot hostnames and back", async () => {
      const quiet = agents.map(({ bot: _, ...rest }) => rest);
      await stack.up(program(plan, quiet, { tls: { minVersion: "1.3", hsts: { days: 0 } } }));
      expect(rules("http_request_firewall_custom")).toEqual([]);
      expect(rules("http_ratelimit")).toEqual([]);
      expect(cloudflare.state.zone_settings[zoneId]!.min_tls_version!.value).toBe("1.3");
      await stack.expectSettled();
      await stack.up(program(plan, agents));
      expect(rules("http_request_firewall_custom")).toHaveLength(2);
      await stack.expectSettled();
    });

    it("sees what was changed by hand, and puts it right", async () => {
      rules("http_request_firewall_custom")[0]!.enabled = false;
      cloudflare.state.zone_settings[zoneId]!.min_tls_version!.value = "1.0";
      await stack.must("refresh", "--yes", "--skip-preview");
      expect(await stack.up()).toMatch(/2 updated/);
      expect(rules("http_request_firewall_custom")[0]!.enabled).toBe(true);
      await stack.expectSettled();
    });
  }

  it("loses its rules when it is destroyed, and keeps its settings, which nobody can delete", async () => {
    cloudflare.writes();
    await stack.close();
    expect(cloudflare.writes().map((line) => line.replace(/[^/]*$/, "…"))).toEqual(
      Array(3).fill(`DELETE /zones/${zoneId}/rulesets/…`),
    );
    expect(cloudflare.state.rulesets).toEqual({});
    expect(cloudflare.state.zone_settings[zoneId]!.always_use_https!.value).toBe("on");
  });
});
