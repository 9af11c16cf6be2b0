import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetStack } from "./fleetStack";
import { goodFleet } from "./goodFleet";

interface Agent {
  tenant: string;
  operator: string;
  bot?: { hostname: string; routes: unknown[] };
}
interface Document {
  servers: { reef: { size: string } };
  identityProviders: object;
  tenants: Record<string, { emails: string[]; identityProviders?: string[]; serviceTokens?: object }>;
  agents: Record<string, Agent>;
}

const github = [{ path: "/hooks/github", secret: "KEY" }];

/** What people do to a fleet that runs: each change in one deployment, after which nothing is left to do. */
describe("a fleet that is rearranged", () => {
  let stack: FleetStack;

  beforeAll(async () => {
    stack = await FleetStack.open();
    for (const name of ["atlas", "bora"])
      await stack.deployment.setSecret(`creel:secrets.${name}.KEY`, "CANARY-key-5e");
    await stack.up(fleet());
  });
  afterAll(() => stack?.close());

  /** Two agents of two tenants, with a bot hostname each. */
  function fleet(change: (agents: Record<string, Agent>, document: Document) => void = () => {}): Document {
    const document = goodFleet() as unknown as Document;
    document.servers.reef.size = "cx33";
    document.identityProviders = { work: { id: stack.providerId, type: "google" } };
    document.tenants = {
      ana: { emails: ["ana@example.com"], serviceTokens: { ci: {} } },
      bob: { emails: ["bob@example.com"], identityProviders: ["work"] },
    };
    const bot = (hostname: string) => ({ hostname, routes: github });
    const atlas = { ...document.agents.atlas!, bot: bot("atlas-bot.example.com") };
    const bora = { ...atlas, tenant: "bob", operator: "bora-bob.example.com", bot: bot("bora-bot.example.com") };
    document.agents = { atlas, bora };
    change(document.agents, document);
    return document;
  }

  /** Where each name leads: a tunnel's own name. */
  function names(): Record<string, string> {
    const { dns_records, tunnels } = stack.account.store.state;
    const tunnel = (content: string) =>
      tunnels[content.replace(".cfargotunnel.com", "")]!.name.replace(/^creel-\w+-/, "");
    return Object.fromEntries(Object.values(dns_records).map(({ name, content }) => [name, tunnel(content)]));
  }

  /** Audience of each hostname behind Access. */
  function audiences(): Record<string, string> {
    const applications = Object.values(stack.account.store.state.access_apps);
    return Object.fromEntries(applications.map(({ destinations, aud }) => [destinations[0]!.uri, aud]));
  }

  it("lets two agents swap all their hostnames, and nobody stays logged in at the other's", async () => {
    const before = audiences();
    await stack.up(
      fleet(({ atlas, bora }) => {
        [atlas!.operator, bora!.operator] = [bora!.operator, atlas!.operator];
        [atlas!.bot, bora!.bot] = [bora!.bot, atlas!.bot];
      }),
    );
    expect(names()).toEqual({
      "atlas-ana.example.com": "bora",
      "bora-bob.example.com": "atlas",
      "atlas-bot.example.com": "bora--bot",
      "bora-bot.example.com": "atlas--bot",
    });
    expect(Object.keys(audiences()).sort()).toEqual(["atlas-ana.example.com", "bora-bob.example.com"]);
    expect(Object.values(audiences()).filter((audience) => Object.values(before).includes(audience))).toEqual([]);
    await stack.settled();
  });

  it("lets operators and services of an agent swap their hostnames", async () => {
    await stack.up(
      fleet(({ atlas }) => {
        [atlas!.operator, atlas!.bot!.hostname] = [atlas!.bot!.hostname, atlas!.operator];
      }),
    );
    expect(names()).toMatchObject({ "atlas-ana.example.com": "atlas--bot", "atlas-bot.example.com": "atlas" });
    expect(Object.keys(audiences()).sort()).toEqual(["atlas-bot.example.com", "bora-bob.example.com"]);
    await stack.settled();
  });

  it("lets an agent get another name and keep its hostnames", async () => {
    await stack.deployment.setSecret("creel:secrets.cora.KEY", "CANARY-key-5e");
    await stack.deployment.configure([{ path: ["creel:secrets", "atlas"], value: undefined }]);
    await stack.up(
      fleet((agents) => {
        agents.cora = agents.atlas!;
        delete agents.atlas;
      }),
    );
    expect(names()).toMatchObject({ "atlas-ana.example.com": "cora", "atlas-bot.example.com": "cora--bot" });
    expect(stack.servers.running().filter((name) => /atlas/.test(name))).toEqual([]);
    await stack.settled();

    await stack.deployment.setSecret("creel:secrets.atlas.KEY", "CANARY-key-5e");
    await stack.deployment.configure([{ path: ["creel:secrets", "cora"], value: undefined }]);
    await stack.up(fleet());
    await stack.settled();
  }, 360_000);

  it("ends all logins at an agent that gets another tenant, and none where programs come and go", async () => {
    const before = audiences();
    await stack.up(fleet((_agents, { tenants }) => (tenants.bob!.serviceTokens = { cd: {} })));
    expect(audiences()).toEqual(before);
    await stack.up(fleet(({ atlas }) => (atlas!.tenant = "bob")));
    expect(audiences()["bora-bob.example.com"]).toBe(before["bora-bob.example.com"]);
    expect(audiences()["atlas-ana.example.com"]).not.toBe(before["atlas-ana.example.com"]);
    await stack.settled();
    await stack.up(fleet());
  }, 360_000);

  it("loses a tenant, its agents and its identity provider at once, names first", async () => {
    await stack.deployment.configure([{ path: ["creel:secrets", "bora"], value: undefined }]);
    const writes = await stack.up(
      fleet((agents, document) => {
        delete agents.bora;
        delete document.tenants.bob;
        document.identityProviders = {};
      }),
    );
    const deletes = writes.filter((line) => line.startsWith("DELETE"));
    expect(deletes.slice(0, 2)).toEqual([expect.stringMatching(/dns_records/), expect.stringMatching(/dns_records/)]);
    await stack.settled();
  });

  it("loses its last agent, and the zone its rules", async () => {
    await stack.deployment.configure([{ path: ["creel:secrets"], value: undefined }]);
    await stack.up(fleet((agents) => delete agents.atlas && delete agents.bora));
    expect(names()).toEqual({});
    expect(stack.account.store.state.rulesets).toEqual({});
    await stack.settled();
    await stack.deployment.pulumi(["destroy", "--yes", "--skip-preview"]);
    expect(await stack.left()).toEqual([]);
  });
});
