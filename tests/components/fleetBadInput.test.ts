import { describe, expect, it } from "vitest";
import { faultText } from "../../components/faults";
import type { FleetSecrets } from "../../components/fleetAgents";
import { planFleet } from "../../components/fleetPlan";
import { agent, deepSet, goodFleet, zone } from "./goodFleet";

const bot = "agents/atlas/bot";
const secrets: FleetSecrets = { atlas: { SLACK_SIGNING_SECRET: "CANARY-1", X_SECRET: "CANARY-2", EMPTY: "" } };
const providerId = "11111111-2222-3333-4444-555555555555";
const route = (changes: object = {}) => ({ path: "/hooks/x", secret: "X_SECRET", ...changes });

/** The good fleet with webhooks, and some paths changed. */
function botFleet(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const document = goodFleet();
  deepSet(document, bot, { hostname: "atlas-bot.example.com", routes: ["slack", route()] });
  for (const [path, value] of Object.entries(changes)) deepSet(document, path, value);
  return document;
}

function told(document: unknown, given = secrets): string[] {
  const { faults, plan } = planFleet(document, given);
  expect(plan === undefined).toBe(faults.length > 0);
  return faults.map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`);
}

/** A fleet of agents with bot hostnames, all with different paths. */
function manyBots(count: number): { document: Record<string, unknown>; secrets: FleetSecrets } {
  const document = goodFleet();
  const given: FleetSecrets = {};
  deepSet(document, "servers/reef", undefined);
  deepSet(document, "servers/reef", { location: "fsn1", size: "cx53", count: 12, ssh: { cidrs: ["198.51.100.1/32"] } });
  deepSet(document, "agents", {});
  for (let i = 0; i < count; i++) {
    const routes = Array.from({ length: 4 }, (_, n) =>
      route({ path: `/hooks/of-agent-${i}/number-${n}`, secret: "X_SECRET" }),
    );
    const surface = { hostname: `agent-${i}-bot.example.com`, routes };
    deepSet(document, `agents/agent-${i}`, agent({ operator: undefined, bot: surface }));
    given[`agent-${i}`] = { X_SECRET: "CANARY" };
  }
  return { document, secrets: given };
}

describe("a fleet with webhooks", () => {
  it("is good", () => expect(told(botFleet())).toEqual([]));

  it("counts both connectors of an agent when it looks for room", () => {
    // 3328 MiB are left on a cx23; one connector takes 128.
    const memory = (size: string, operatorOnly: boolean) =>
      told(botFleet({ "agents/atlas/memory": size, ...(operatorOnly ? { [bot]: undefined } : {}) }));
    expect(memory("3200MiB", true)).toEqual([]);
    expect(memory("3200MiB", false)).toEqual([expect.stringMatching(/need 3456 MiB/)]);
    expect(memory("3072MiB", false)).toEqual([]);
  });

  it("gives an agent without an operator hostname one of its own name, its tenant's and the zone's", () => {
    const { plan } = planFleet(botFleet({ "agents/atlas/operator": undefined }), secrets);
    expect(plan?.agents.atlas).toMatchObject({ operator: "atlas-ana.example.com", zone: { name: "example.com" } });
  });
});

describe("bad input", () => {
  it.each<[string, Record<string, unknown>, RegExp[]]>([
    [
      "a route whose secret is missing",
      { [`${bot}/routes`]: ["stripe"] },
      [
        /^agents.atlas.bot.routes\[0\].secret is not among the agent's secrets, or is empty: set it with pulumi config set --secret --path creel:secrets.atlas.STRIPE_WEBHOOK_SECRET$/,
      ],
    ],
    [
      "a route whose secret is empty",
      { [`${bot}/routes`]: [route({ secret: "EMPTY" })] },
      [/routes\[0\].secret is not among .*, or is empty/],
    ],
    [
      "a route that names no secret",
      { [`${bot}/routes`]: [route({ secret: undefined })] },
      [/routes\[0\].secret is missing/],
    ],
    ["an asterisk as a path", { [`${bot}/routes`]: [route({ path: "*" })] }, [/routes\[0\].path is not a path/]],
    ["an asterisk in a path", { [`${bot}/routes`]: [route({ path: "/hooks/*" })] }, [/routes\[0\].path is a pattern/]],
    [
      "an expression as a path",
      { [`${bot}/routes`]: [route({ path: "/hooks/(a|b)+$" })] },
      [/routes\[0\].path has characters/],
    ],
    ["no routes", { [`${bot}/routes`]: [] }, [/^agents.atlas.bot.routes is empty/]],
    [
      "a misspelt preset",
      { [`${bot}/routes`]: ["slak"] },
      [/^agents.atlas.bot.routes\[0\] is not a preset: did you mean slack\?/],
    ],
    [
      "a misspelt preset in a route",
      { [`${bot}/routes`]: [{ preset: "slak" }] },
      [/^agents.atlas.bot.routes\[0\].preset is not known here: did you mean slack\?/],
    ],
    [
      "a misspelt setting in a route",
      { [`${bot}/routes`]: [route({ pth: "/x" })] },
      [/routes\[0\].pth is not a known setting: did you mean path\?/],
    ],
    ["a number for a route", { [`${bot}/routes`]: [1] }, [/^agents.atlas.bot.routes\[0\] is not a route/]],
    [
      "a way round the login of an operator hostname",
      { [`${bot}/hostname`]: "atlas-ana.example.com" },
      [/^agents.atlas.bot.hostname is the operator hostname of agents.atlas: .*nobody logs in/],
    ],
    [
      "a bypass for an operator hostname",
      { "agents/atlas/bypass": ["/j"] },
      [/^agents.atlas.bypass is not a known setting/],
    ],
    ["a bypass of a tenant", { "tenants/ana/bypass": true }, [/^tenants.ana.bypass is not a known setting/]],
    [
      "two agents with one operator hostname",
      { "agents/bora": agent() },
      [/^agents.bora.operator is the operator hostname of agents.atlas already/],
    ],
    [
      "an operator hostname that is another's bot hostname",
      { "agents/bora": agent({ operator: "atlas-bot.example.com" }) },
      [/^agents.atlas.bot.hostname is the operator hostname of agents.bora/],
    ],
    [
      "two agents with one hostname by default",
      {
        "tenants/b-c": { emails: ["b@example.com"] },
        "tenants/c": { emails: ["c@example.com"] },
        "agents/a": agent({ operator: undefined, tenant: "b-c" }),
        "agents/a-b": agent({ operator: undefined, tenant: "c" }),
      },
      [/^agents.a-b.operator is the operator hostname of agents.a already/],
    ],
    [
      "no hostname where there are two zones",
      { "zones/example%org": { ...zone(), zoneId: "e".repeat(32) }, "agents/atlas/operator": undefined },
      [/^agents.atlas.operator is missing: write one in a zone \(zones: example.com, example.org\)/],
    ],
    [
      "a bot hostname in another zone",
      { "zones/example%org": { ...zone(), zoneId: "e".repeat(32) }, [`${bot}/hostname`]: "atlas-bot.example.org" },
      [/^agents.atlas.bot.hostname is in another zone than operator: .*example.com/],
    ],
    [
      "a zone as a hostname",
      { "zones/eu%example%com": { ...zone(), zoneId: "e".repeat(32) }, "agents/atlas/operator": "eu.example.com" },
      [/^agents.atlas.operator is a zone itself/],
    ],
    [
      "two labels without certificates for them",
      { [`${bot}/hostname`]: "bot.atlas.example.com" },
      [/^agents.atlas.bot.hostname is 2 labels below example.com/],
    ],
    [
      "a reserved label",
      { [`${bot}/hostname`]: "xn--atls-loa.example.com" },
      [/^agents.atlas.bot.hostname has a reserved label/],
    ],
    [
      "a hostname with rule text",
      { [`${bot}/hostname`]: 'x" or true or ".example.com' },
      [/^agents.atlas.bot.hostname is not a hostname/],
    ],
    [
      "a hostname with a second line",
      { [`${bot}/hostname`]: "x.example.com\ny.example.com" },
      [/^agents.atlas.bot.hostname is not a hostname/],
    ],
    [
      "a path with rule text",
      { [`${bot}/routes`]: [route({ path: '/x" or true or "' })] },
      [/routes\[0\].path has characters/],
    ],
    [
      "a path with a backslash, a brace and a second line",
      { [`${bot}/routes`]: ["/a\\b", "/a{b}", "/a\nb"].map((path) => route({ path })) },
      [/\[0\].path has characters/, /\[1\].path has characters/, /\[2\].path has characters/],
    ],
    [
      "a path in another script",
      { [`${bot}/routes`]: [route({ path: "/hооks" })] },
      [/routes\[0\].path has characters/],
    ],
    [
      "a content type with rule text",
      { [`${bot}/routes`]: [route({ contentTypes: ['x/y"}) or true'] })] },
      [/routes\[0\].contentTypes\[0\] is not a media type/],
    ],
    [
      "a method with rule text",
      { [`${bot}/routes`]: [route({ methods: ['POST" "GET'] })] },
      [/routes\[0\].methods\[0\] is not a method/],
    ],
    [
      "a secret's name that leads elsewhere",
      { [`${bot}/routes`]: [route({ secret: "../X_SECRET" })] },
      [/routes\[0\].secret is not among/],
    ],
    [
      "a word of rotation that is a secret",
      { "agents/atlas/rotation": `ghp_${"x".repeat(36)}` },
      [/^agents.atlas.rotation holds what looks like a GitHub token/],
    ],
    [
      "an unknown identity provider",
      { "identityProviders/work": { id: providerId, type: "google" }, "tenants/ana/identityProviders": ["wrok"] },
      [/^tenants.ana.identityProviders\[0\] is not an identity provider: did you mean work\?/],
    ],
    [
      "settings of a zone's rules that are made elsewhere",
      { "zones/example%com/rules": "elsewhere", "zones/example%com/managedRules": true },
      [/^zones.example.com.managedRules has no effect/],
    ],
    [
      "a feature that the plan does not have",
      { "zones/example%com/rateLimit": { period: 60 } },
      [/^zones.example.com.rateLimit.period is not a period .* free counts in: .*pro/],
    ],
    [
      "bot fighting that would stop webhooks",
      { "zones/example%com/bots": { fightMode: true } },
      [/^zones.example.com.bots.fightMode would challenge what services send to atlas-bot.example.com/],
    ],
  ])("%s", (_title, changes, expected) => {
    expect(told(botFleet(changes))).toEqual(expected.map((line) => expect.stringMatching(line)));
  });

  it("an identity provider that is wrong, and that alone", () => {
    const changes = {
      "identityProviders/work": { id: "work", type: "google" },
      "tenants/ana/identityProviders": ["work"],
    };
    expect(told(botFleet(changes))).toEqual([expect.stringMatching(/^identityProviders.work.id has another form/)]);
  });

  it("more agents than the plan's rules hold", () => {
    const many = manyBots(70);
    expect(told(many.document, many.secrets)).toEqual([
      expect.stringMatching(
        /^zones.example.com.plan has room for the bot hostnames of \d+ agents \(5 custom rules\), and there are 70: have the plan \w+/,
      ),
      expect.stringMatching(/^zones.example.com.plan has no room in a rate limit/),
    ]);
    deepSet(many.document, "zones/example%com/plan", "business");
    expect(told(many.document, many.secrets)).toEqual([]);
  });

  it("is told all at once, sorted by path, and without any secret", () => {
    const many = manyBots(70);
    const changes: Record<string, unknown> = {
      "agents/atlas": agent({
        bot: { hostname: "atlas-ana.example.com", routes: ["stripe", route({ path: "/*" }), "slak"] },
      }),
      "agents/bora": agent({ bot: { hostname: 'x"y.example.com', routes: [route({ methods: ["*"] })] } }),
      "identityProviders/work": { id: providerId, type: "google" },
      "tenants/ana/identityProviders": ["wrok"],
      "zones/example%com/rateLimit": { period: 60 },
    };
    for (const [path, value] of Object.entries(changes)) deepSet(many.document, path, value);
    const { faults } = planFleet(many.document, { ...many.secrets, atlas: {} });
    expect(faults.map(({ path }) => path)).toEqual([
      "agents.atlas.bot.hostname",
      "agents.atlas.bot.routes[0].secret",
      "agents.atlas.bot.routes[1].path",
      "agents.atlas.bot.routes[1].secret",
      "agents.atlas.bot.routes[2]",
      "agents.bora.bot.hostname",
      "agents.bora.bot.routes[0].methods[0]",
      "agents.bora.bot.routes[0].secret",
      "agents.bora.operator",
      "tenants.ana.identityProviders[0]",
      "zones.example.com.plan",
      "zones.example.com.plan",
      "zones.example.com.rateLimit.period",
    ]);
    expect(faultText(faults, "creel:fleet")).not.toContain("CANARY");
  });
});
