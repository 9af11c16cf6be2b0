import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../sandbox/clouds/cloudflare/tunnelConnections";
import { FleetStack } from "./fleetStack";
import { deepSet, goodFleet } from "./goodFleet";

const slackSecret = "CANARY-slack-1b7f20";
const bot = { hostname: "atlas-bot.example.com", routes: ["slack", { path: "/hooks/x", secret: "X_SECRET" }] };

/** The whole program, against clouds that keep books only: what a bot hostname adds, changes and takes away. */
describe("a bot hostname, switched on and off", () => {
  let stack: FleetStack;

  beforeAll(async () => {
    stack = await FleetStack.open();
    await stack.deployment.setSecret("creel:secrets.atlas.SLACK_SIGNING_SECRET", slackSecret);
    await stack.deployment.setSecret("creel:secrets.atlas.X_SECRET", "CANARY-x-9c01d4");
  });

  afterAll(() => stack?.close());

  /** Deploys the good fleet with some changes, and gives the writes that Cloudflare saw. */
  function up(changes: Record<string, unknown>): Promise<string[]> {
    const fleet = goodFleet();
    deepSet(fleet, "identityProviders.work", { id: stack.providerId, type: "google" });
    deepSet(fleet, "tenants.ana.identityProviders", ["work"]);
    deepSet(fleet, "tenants.ana.serviceTokens", { ci: {} });
    for (const [at, value] of Object.entries(changes)) deepSet(fleet, at, value);
    return stack.up(fleet);
  }

  /** Ids and birth of all that belongs to the operator hostname, to see that it is still the same. */
  async function operatorSide(): Promise<Record<string, unknown>> {
    const own = (await stack.state()).filter(
      ({ urn }) => /AgentTunnel|AccessPolicy|AgentContainer/.test(urn) && !/--bot|connector-bot|atlas-bot/.test(urn),
    );
    return Object.fromEntries(own.map(({ urn, id, created }) => [urn, { id, created }]));
  }

  it("is off by default", async () => {
    const writes = await up({});
    expect(writes.at(-1)).toBe("POST dns_records");
    expect(stack.servers.running()).toEqual(["atlas", "atlas-connector"]);
    await stack.settled();
  });

  it("comes with a tunnel and a connector of its own, its name last, and leaves the operator hostname alone", async () => {
    const before = await operatorSide();
    const writes = await up({ "agents/atlas/bot": bot });
    expect(writes.filter((line) => /cfd_tunnel|access|dns_records/.test(line))).toEqual([
      "POST cfd_tunnel",
      expect.stringMatching(/^PUT cfd_tunnel\/.*\/configurations$/),
      "POST dns_records",
    ]);
    expect(writes.at(-1)).toBe("POST dns_records");
    expect(writes.filter((line) => /rulesets/.test(line))).not.toEqual([]);
    expect(await operatorSide()).toEqual(before);
    expect(stack.servers.running()).toEqual(["atlas", "atlas-connector", "atlas-connector-bot"]);
    expect(stack.tokenOf("atlas-connector-bot").t).not.toBe(stack.tokenOf("atlas-connector").t);
    expect(stack.tunnelOf("atlas-connector-bot").secret).toBe(stack.tokenOf("atlas-connector-bot").s);
    await stack.settled();
  });

  it("tells where webhooks go, and no secret", async () => {
    const { fleet, edge, serviceTokens } = (await stack.deployment.outputs()) as Record<string, never>;
    expect(fleet).toMatchObject({
      agents: { atlas: { botUrl: "https://atlas-bot.example.com", url: "https://atlas-ana.example.com" } },
      zones: { "example.com": { bots: 1 } },
    });
    // The zone's rules are this fleet's own, so no other stack is told of them.
    expect(edge).toEqual({});
    expect(JSON.stringify([fleet, edge])).not.toContain("CANARY");
    expect(serviceTokens).toEqual({
      ana: {
        ci: { clientId: expect.stringMatching(/\.access$/), clientSecret: "[secret]", expiresAt: expect.any(String) },
      },
    });
  });

  it("gets new secrets for both tunnels by a word, and nothing is replaced but the words themselves", async () => {
    const before = await operatorSide();
    const old = ["atlas-connector", "atlas-connector-bot"].map((connector) => stack.tokenOf(connector));
    const writes = await up({ "agents/atlas/bot": bot, "agents/atlas/rotation": "2026-11" });
    expect(writes.sort()).toEqual(old.map(({ t }) => `PATCH cfd_tunnel/${t}`).sort());
    for (const [i, connector] of ["atlas-connector", "atlas-connector-bot"].entries()) {
      const { t, s } = stack.tokenOf(connector);
      expect(t).toBe(old[i]!.t);
      expect(s).not.toBe(old[i]!.s);
      expect(stack.tunnelOf(connector).secret).toBe(s);
    }
    const after = await operatorSide();
    const replaced = Object.keys(before).filter((urn) => JSON.stringify(before[urn]) !== JSON.stringify(after[urn]));
    expect(replaced.map((urn) => urn.split("::").at(-1))).toEqual(["atlas-tunnel-secret"]);
    await stack.settled();
  });

  // Two deployments, each looked at twice.
  it("goes without a trace, its name first, and comes again", async () => {
    const before = await operatorSide();
    const rotated = { "agents/atlas/rotation": "2026-11" };
    const writes = await up(rotated);
    const deletes = writes.filter((line) => /^DELETE (dns_records|cfd_tunnel)/.test(line));
    expect(deletes).toEqual([
      expect.stringMatching(/^DELETE dns_records\//),
      expect.stringMatching(/^DELETE cfd_tunnel\//),
    ]);
    expect(stack.servers.running()).toEqual(["atlas", "atlas-connector"]);
    expect(
      (await stack.state()).filter(({ urn }) => /--bot|connector-bot|atlas-bot/.test(urn)).map(({ urn }) => urn),
    ).toEqual([]);
    await stack.settled();

    await up({ ...rotated, "agents/atlas/bot": bot });
    expect(await operatorSide()).toEqual(before);
    expect(stack.servers.running()).toEqual(["atlas", "atlas-connector", "atlas-connector-bot"]);
    await stack.settled();
  }, 360_000);

  it("is destroyed with everything else in one go, connected as it is, names first, and leaves nothing", async () => {
    const connected = {
      clientId: "c",
      version: "2026.8.2",
      arch: "linux_amd64",
      features: [],
      originIp: "198.51.100.10",
    };
    for (const connector of ["atlas-connector", "atlas-connector-bot"]) connect(stack.tunnelOf(connector), connected);
    stack.account.entries.length = 0;
    await stack.deployment.pulumi(["destroy", "--yes", "--skip-preview"]);
    const deletes = stack.account.entries.filter(({ method }) => method === "DELETE").map(({ path: at }) => at);
    expect(deletes.slice(0, 2)).toEqual([expect.stringMatching(/dns_records/), expect.stringMatching(/dns_records/)]);
    expect(await stack.left()).toEqual([]);
  }, 360_000);
});
