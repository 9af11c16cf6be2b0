import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudflare, emptyCloudflare } from "../../sandbox/clouds/cloudflare/server";
import type { RequestEntry } from "../../sandbox/clouds/requestLog";
import { memoryStore } from "../../sandbox/clouds/store";
import { ProgramStack } from "./stack";

const token = "A".repeat(40);
const account = "0123456789abcdef0123456789abcdef";
const zone = "fedcba9876543210fedcba9876543210";
const managed = "efb7b8c949ac4650a09736fc376e9aee";

let api: FastifyInstance;
let baseUrl: string;
let stack: ProgramStack;
const store = memoryStore(emptyCloudflare());
const entries: RequestEntry[] = [];
/** Bodies of the writes since the last look, by method and what they wrote to. */
const written = () =>
  Object.fromEntries(
    entries
      .splice(0)
      .filter(({ method }) => method !== "GET")
      .map(({ method, path, body }) => [`${method} ${path.replace(`/client/v4/zones/${zone}/`, "")}`, body]),
  );

interface Shape {
  rules?: string;
  ratelimit?: string;
  overrides?: string;
  hsts?: string;
  ttl?: string;
  bots?: string;
}

const skip = `{ ref: "partners", action: "skip", expression: "ip.src in {198.51.100.0/24}", logging: { enabled: true },
  actionParameters: { phases: ["http_ratelimit", "http_request_sbfm"], products: ["bic"], ruleset: "current" } }`;
const block = `{ ref: "bots", action: "block", expression: 'http.host eq "bot.example.com"', description: "only hooks",
  actionParameters: { response: { statusCode: 404, contentType: "application/json", content: '{"no":true}' } } }`;

/** A zone's edge with one of everything that has parameters. */
function edge(shape: Shape = {}): string {
  return `
    const zoneId = "${zone}";
    const ruleset = (phase, rules) =>
      new cloudflare.Ruleset(phase, { zoneId, name: "creel", kind: "zone", phase: "http_" + phase, rules }, { deleteBeforeReplace: true });
    ruleset("request_firewall_custom", [${shape.rules ?? `${skip}, ${block}`}]);
    ruleset("ratelimit", [{
      ref: "slow", action: "block", expression: 'http.request.uri.path eq "/hooks"',
      ratelimit: ${shape.ratelimit ?? '{ characteristics: ["cf.colo.id", "ip.src"], period: 60, requestsPerPeriod: 20, mitigationTimeout: 600 }'},
    }]);
    ruleset("request_firewall_managed", [
      { ref: "not", action: "skip", expression: "ssl", actionParameters: { rules: { "${managed}": ["6b1cc72dff9746469d4695a474430f12"] } }, logging: { enabled: false } },
      { ref: "managed", action: "execute", expression: "true", actionParameters: { id: "${managed}",
        overrides: ${shape.overrides ?? '{ rules: [{ id: "0c054d4e4dd5455c9ff8f01efe5abb10", enabled: false }], categories: [{ category: "sqli", action: "managed_challenge" }] }'} } },
    ]);
    const setting = (settingId, value) => new cloudflare.ZoneSetting(settingId, { zoneId, settingId, value });
    setting("security_header", { strict_transport_security: ${shape.hsts ?? "{ enabled: true, max_age: 15552000, include_subdomains: false, preload: false, nosniff: false }"} });
    setting("browser_cache_ttl", ${shape.ttl ?? "14400"});
    setting("min_tls_version", "1.2");
    setting("ciphers", ["ECDHE-ECDSA-AES128-GCM-SHA256"]);
    new cloudflare.BotManagement("bots", { zoneId, ${shape.bots ?? 'enableJs: false, sbfmDefinitelyAutomated: "allow", sbfmVerifiedBots: "allow"'} });
  `;
}

beforeAll(async () => {
  const accounts = [{ id: account, name: "acme", team: "acme" }];
  const zones = [{ id: zone, name: "example.com", accountId: account, plan: "business" as const }];
  api = createCloudflare({ store, token, accounts, zones, log: (entry) => void entries.push(entry) });
  baseUrl = `${await api.listen({ host: "127.0.0.1", port: 0 })}/client/v4`;
  stack = await ProgramStack.open({ CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_BASE_URL: baseUrl }, ["cloudflare"]);
});
afterAll(async () => {
  await stack?.close();
  expect(store.state.rulesets).toEqual({});
  await api?.close();
});

test("rules with parameters, header values and bot settings are made and settle", async () => {
  await stack.up(edge());
  const bodies = written();
  const rules = Object.values(store.state.rulesets).flatMap((ruleset) => ruleset.rules);
  expect(Object.fromEntries(rules.map(({ ref, action_parameters }) => [ref, action_parameters]))).toEqual({
    partners: { phases: ["http_ratelimit", "http_request_sbfm"], products: ["bic"], ruleset: "current" },
    bots: { response: { status_code: 404, content_type: "application/json", content: '{"no":true}' } },
    slow: undefined,
    not: { rules: { [managed]: ["6b1cc72dff9746469d4695a474430f12"] } },
    managed: {
      id: managed,
      overrides: {
        rules: [{ id: "0c054d4e4dd5455c9ff8f01efe5abb10", enabled: false }],
        categories: [{ category: "sqli", action: "managed_challenge" }],
      },
    },
  });
  expect(rules.find(({ ref }) => ref === "slow")?.ratelimit).toEqual({
    characteristics: ["cf.colo.id", "ip.src"],
    period: 60,
    requests_per_period: 20,
    mitigation_timeout: 600,
    requests_to_origin: false,
  });
  expect(bodies["PATCH settings/browser_cache_ttl"]).toEqual({ value: 14400 });
  await stack.expectSettled();
});

test("every parameter can be changed and taken away, in place", async () => {
  const ids = Object.keys(store.state.rulesets).sort();
  await stack.up(
    edge({
      rules: `${block.replace("404", "410")}, { ref: "more", action: "managed_challenge", expression: "not ssl", enabled: false }`,
      ratelimit: `{ characteristics: ["cf.colo.id", "ip.src"], period: 10, requestsPerPeriod: 5, mitigationTimeout: 60,
        countingExpression: 'http.request.method eq "POST"' }`,
      overrides: "{ enabled: false }",
      hsts: "{ enabled: false, max_age: 0, include_subdomains: false, preload: false, nosniff: false }",
      ttl: "30",
      bots: 'enableJs: true, sbfmDefinitelyAutomated: "allow", sbfmLikelyAutomated: "managed_challenge"',
    }),
  );
  expect(Object.keys(store.state.rulesets).sort()).toEqual(ids);
  const rules = Object.values(store.state.rulesets).flatMap((ruleset) => ruleset.rules);
  expect(rules.map(({ ref, enabled }) => [ref, enabled])).toContainEqual(["more", false]);
  expect(rules.map(({ ref }) => ref)).not.toContain("partners");
  expect(rules.find(({ ref }) => ref === "managed")?.action_parameters).toMatchObject({
    overrides: { enabled: false },
  });
  await stack.expectSettled();
  await stack.up(edge());
  await stack.expectSettled();
});

test("what was changed by hand is seen and put right", async () => {
  const settings = store.state.zone_settings[zone] as Record<string, { value: unknown }>;
  const custom = Object.values(store.state.rulesets).find(({ phase }) => phase.endsWith("_custom"));
  (settings.security_header as { value: { strict_transport_security: object } }).value.strict_transport_security = {
    ...(settings.security_header as { value: { strict_transport_security: object } }).value.strict_transport_security,
    max_age: 0,
  };
  custom?.rules.splice(0, 1);
  await stack.must("up", "--yes", "--skip-preview", "--refresh");
  expect(custom?.rules.map(({ ref }) => ref)).toEqual(["partners", "bots"]);
  expect(settings.security_header?.value).toMatchObject({ strict_transport_security: { max_age: 15552000 } });
  await stack.expectSettled();
});

test("a rule that the zone's plan has not is refused with the place of its fault", async () => {
  const refusal = async (rules: string) => {
    await stack.program(edge({ rules }));
    return (await stack.run("up", "--yes", "--skip-preview")).output;
  };
  expect(await refusal(`{ ref: "log", action: "log", expression: "ssl" }`)).toContain(
    "not entitled: the use of action log is not allowed, an Enterprise plan is required",
  );
  expect(await refusal(`{ ref: "bad", action: "block", expression: 'http.hots eq "a"' }`)).toContain(
    "unknown identifier",
  );
  await stack.up(edge());
});

test("nothing is left of it", async () => {
  await stack.must("destroy", "--yes", "--skip-preview");
  expect(store.state.rulesets).toEqual({});
});
