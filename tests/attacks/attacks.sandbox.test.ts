import { afterAll, beforeAll, expect, it } from "vitest";
import type { Deployment } from "../../cli/deployment";
import type { World } from "../../sandbox/world";
import { canaryValue, eventually, expectNoDrift, inventory, openStack } from "../e2e/stack";
import { describeUnless, sandboxMissing } from "../requirements";
import { Arena } from "./arena";
import { breakServer, brokenByHand, mendServer, verify } from "./breakage";
import { type AttackCase, hosts } from "./cases/attackCase";
import { botAttacks } from "./cases/botAttacks";
import { goodRequests } from "./cases/goodRequests";
import { layerProbes } from "./cases/layerProbes";
import { connectorAttacks, identityAttacks } from "./cases/operatorAttacks";
import { type Credentials, collectCredentials } from "./credentials";
import { type LayerName, layerNames, withoutLayers } from "./layers";
import { burst, metricsOfConnectors, openPorts, stranger } from "./network";
import { Report } from "./report";
import { connectAs, tunnelOf } from "./strangeConnector";

/** Two tenants with an agent each, both with a bot hostname, under attack. The tests build on each other, in this order. */
describeUnless(sandboxMissing(), "attacks on a fleet", () => {
  const secrets = { githubSecret: canaryValue(), slackSecret: canaryValue() };
  const report = new Report();
  let world: World;
  let deployment: Deployment;
  let arena: Arena;
  let credentials: Credentials;

  beforeAll(async () => {
    ({ world, deployment } = await openStack({
      GITHUB_WEBHOOK_SECRET: secrets.githubSecret,
      SLACK_SIGNING_SECRET: secrets.slackSecret,
    }));
    const fleet = (...at: string[]) => ["creel:fleet", ...at];
    await deployment.configure([
      { path: fleet("tenants", "ana", "serviceTokens"), value: { ci: {} } },
      { path: fleet("tenants", "ben"), value: { emails: ["ben@example.com"], serviceTokens: { ci: {} } } },
      { path: fleet("agents", "atlas", "bot", "routes"), value: ["github", "slack"] },
      {
        path: fleet("agents", "borea"),
        value: {
          ...{ tenant: "ben", image: world.images.agent, operator: hosts.otherOperator },
          ...{ bot: { hostname: hosts.otherBot, routes: ["github"] }, memory: "256MiB", health: ["agent", "health"] },
        },
      },
    ]);
    await deployment.setSecret("creel:secrets.borea.GITHUB_WEBHOOK_SECRET", canaryValue());
    await deployment.pulumi(["up", "--yes"]);
    arena = new Arena(world, deployment);
    const people = { ana: hosts.operator, ben: hosts.otherOperator };
    credentials = await collectCredentials(world, people, secrets);
    await arena.addAddress(stranger);
  });

  afterAll(async () => {
    await arena?.removeAddress(stranger);
    await deployment?.remove();
  });

  it.each(goodRequests)("lets through: $title", async ({ title, request, status }) => {
    const outcome = await arena.attack(request(credentials));
    report.add("What is let through", title, outcome);
    expect([outcome.by, outcome.status, outcome.arrived]).toEqual(["origin", status, ["atlas"]]);
  });

  it("tells the agent who Access says it is, not who the client says", async () => {
    const forged = goodRequests.find(({ title }) => title.includes("forged"))!;
    const { answer } = await arena.attack(forged.request(credentials));
    expect(answer.body).toContain("ana@example.com");
    expect(answer.body).not.toContain("mallory@example.com");
  });

  const expectRefused = async (section: string, { title, request, refused }: AttackCase) => {
    const outcome = await arena.attack(request(credentials));
    report.add(section, title, outcome);
    expect({ by: outcome.by, status: outcome.status }).toEqual(refused);
    // What the agent itself refuses it has seen; nothing else gets as far.
    expect(outcome.arrived).toEqual(refused.by === "origin" ? ["atlas"] : []);
  };
  it.each(identityAttacks)("operator hostname: $title", (attack) => expectRefused("Operator hostname", attack));
  it.each(botAttacks)("bot hostname: $title", (attack) => expectRefused("Bot hostname", attack));

  it("is not impressed by forged tokens at the connector either", async () => {
    await withoutLayers(arena, ["Access application"], async () => {
      for (const attack of connectorAttacks) await expectRefused("Operator hostname without Access", attack);
    });
  });

  it("stops a burst of good webhooks, for the one who sends it alone", async () => {
    const good = goodRequests.find(({ title }) => title.includes("GitHub"))!.request(credentials);
    const answers = await burst(world, { ...good, from: stranger }, 260);
    const passed = answers.filter(({ status }) => status === 200).length;
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect(passed).toBe(200);
    const refused = await arena.attack({ ...good, from: stranger });
    report.add("Bot hostname", "signed webhooks faster than the rate limit", refused);
    expect([refused.by, refused.status, refused.arrived]).toEqual(["waf", 429, []]);
    expect((await arena.attack(good)).status).toBe(200);
  });

  it("has no open port for a stranger on any server", async () => {
    expect(await openPorts(arena, world.network.gateway, [22])).toHaveLength(1); // the operator's way in, as a control
    const open = await openPorts(arena, stranger);
    report.note("Around the edge", "any of the server's 65,535 TCP ports from a strange address", "server", "closed");
    expect(open).toEqual([]);
  });

  it("keeps the connectors' metrics from the agents", async () => {
    const answers = await metricsOfConnectors(arena);
    report.note("Around the edge", "metrics of its connectors, asked by the agent", "connector", "refused");
    expect(answers).toHaveLength(4);
    expect([...new Set(answers)]).toEqual(["refused"]);
  });

  it("gives one agent's connector nothing of another's hostname", async () => {
    const atlas = await tunnelOf(arena, hosts.operator);
    const borea = await tunnelOf(arena, hosts.otherOperator);
    const mixed = await connectAs(arena, { ...atlas, secret: borea.secret });
    report.note("Around the edge", "connector for one agent's tunnel with another's secret", "edge", mixed);
    expect(mixed).toBe("refused");
  });

  const singles: LayerName[][] = layerNames.map((name) => [name]);
  const pairs = layerNames.flatMap((name, i) => layerNames.slice(i + 1).map((other): LayerName[] => [name, other]));

  it.each([...singles, ...pairs].map((layers) => ({ layers, title: layers.join(" and ") })))(
    "without $title",
    async ({ layers, title }) => {
      await withoutLayers(arena, layers, async () => {
        for (const { title: probe, request } of layerProbes) {
          const outcome = await arena.attack(request(credentials));
          report.layer(title, probe, outcome);
          expect([probe, outcome.by, outcome.status]).toEqual([probe, ...expectedWithout(layers, probe)]);
        }
      });
      for (const { title: probe, request, refused } of layerProbes) {
        const { by, status } = await arena.attack(request(credentials));
        expect([probe, by, status]).toEqual([probe, refused.by, refused.status]);
      }
    },
  );

  it("takes no old tunnel secret after a rotation, and replaces nothing for it", async () => {
    const before = await tunnelOf(arena, hosts.operator);
    expect(await connectAs(arena, before)).toBe("registered");
    await deployment.configure([{ path: ["creel:fleet", "agents", "atlas", "rotation"], value: "2" }]);
    const { stdout } = await deployment.pulumi(["up", "--yes"]);
    const after = await tunnelOf(arena, hosts.operator);
    expect([after.tunnel, after.secret === before.secret]).toEqual([before.tunnel, false]);
    expect(stdout).not.toMatch(/ZeroTrust\w+.*replaced/);
    const old = await connectAs(arena, before);
    report.note("Around the edge", "connector with the secret from before a rotation", "edge", old);
    expect(old).toBe("refused");
    expect(await connectAs(arena, after)).toBe("registered");
    const [person] = goodRequests;
    expect((await arena.attack(person!.request(credentials))).status).toBe(200);
  });

  it("has every control hold under creel verify, and the edge's named when its layers are gone", async () => {
    // Connectors whose secrets were rotated a moment ago are still starting.
    await eventually(60, async () => expect(await verify(arena)).toEqual({ exitCode: 0, broken: [], unknown: [] }));
    await withoutLayers(arena, ["Access application", "connector's check"], async () => {
      const broken = ["access", "forged-login", "tenants"].map((id) => `${hosts.operator} ${id}`);
      expect(await verify(arena)).toEqual({ exitCode: 1, broken, unknown: [] });
    });
  });

  it("has creel verify name every control that is broken by hand on the server, and nothing else", async () => {
    await breakServer(arena);
    const { exitCode, broken } = await verify(arena);
    expect([exitCode, broken]).toEqual([1, brokenByHand]);
    await mendServer(arena);
    const containers = ["atlas-connector-bot present", "borea present", "borea-connector runs"];
    expect((await verify(arena)).broken).toEqual(containers);
  });

  it("is as the program wants it again after one refresh and one up", async () => {
    await deployment.pulumi(["refresh", "--yes"]);
    await deployment.pulumi(["up", "--yes"]);
    await expectNoDrift(deployment);
    await eventually(60, async () => expect(await verify(arena)).toEqual({ exitCode: 0, broken: [], unknown: [] }));
  });

  it("was all written down as it is documented", async () => {
    await expect(report.markdown()).toMatchFileSnapshot("../../docs/attacks.md");
  });

  it("leaves nothing behind", async () => {
    await deployment.pulumi(["destroy", "--yes"]);
    expect(await inventory(world)).toEqual({});
  });
});

/** Who refuses when some layers are gone: the next one in the way, and in the end only the agent. */
function expectedWithout(layers: LayerName[], probe: string): [string, number] {
  const there = (name: LayerName) => !layers.includes(name);
  if (probe.endsWith("operator hostname")) {
    if (there("Access application")) return ["access", 302];
    if (there("connector's check")) return ["connector", probe.startsWith("nobody") ? 403 : 502];
    return ["origin", 200];
  }
  if (there("rule of the zone")) return ["waf", 403];
  if (there("path list")) return ["connector", 404];
  return ["origin", probe.startsWith("agent's page") ? 200 : 404];
}
