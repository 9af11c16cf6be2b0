import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "../../cli/deployment";
import { prepareEngine } from "../../engine/engine";
import { connect, dropConnections } from "../../sandbox/clouds/cloudflare/tunnelConnections";
import { account as accountPath, TestAccount, token } from "../clouds/cloudflare/account";
import { token as hcloudToken, TestProject } from "../clouds/hetzner/project";
import { AbsentServers } from "./absentServers";
import { deepSet, goodFleet } from "./goodFleet";

const slackSecret = "CANARY-slack-1b7f20";
const bot = { hostname: "atlas-bot.example.com", routes: ["slack", { path: "/hooks/x", secret: "X_SECRET" }] };

/** A resource of the state, and when it was made. */
interface Resource {
  urn: string;
  id?: string;
  created?: string;
}

/** The whole program, against clouds that keep books only: what a bot hostname adds, changes and takes away. */
describe("a bot hostname, switched on and off", () => {
  let account: TestAccount;
  let project: TestProject;
  let servers: AbsentServers;
  let deployment: Deployment;
  let providerId: string;

  beforeAll(async () => {
    account = await new TestAccount().start();
    const google = {
      name: "work",
      type: "google",
      config: { client_id: "creel", client_secret: "CANARY-google-20aa" },
    };
    providerId = (await account.make(accountPath("/access/identity_providers"), google)).id;
    project = await new TestProject().start();
    servers = await new AbsentServers((container) => dropConnections(tunnelOf(container))).start();
    const engine = await prepareEngine({ standIns: "always" });
    const env = { ...engine.env, PATH: `${servers.bin}:${engine.env.PATH}` };
    const folder = await mkdtemp(path.join(tmpdir(), "creel-bot-"));
    deployment = await Deployment.open({ folder, environment: "sandbox", engine: { ...engine, env } });
    await deployment.configure([
      { path: ["hcloud:endpoint"], value: `${project.url}/v1` },
      { path: ["cloudflare:baseUrl"], value: `${account.url}/client/v4` },
    ]);
    await deployment.setSecret("hcloud:token", hcloudToken);
    await deployment.setSecret("cloudflare:apiToken", token);
    await deployment.setSecret("creel:secrets.atlas.SLACK_SIGNING_SECRET", slackSecret);
    await deployment.setSecret("creel:secrets.atlas.X_SECRET", "CANARY-x-9c01d4");
  });

  afterAll(async () => {
    await deployment?.remove();
    await servers?.stop();
    await project?.stop();
    await account?.stop();
  });

  /** Deploys the good fleet with some changes, and gives the writes that Cloudflare saw, as "METHOD path". */
  async function up(changes: Record<string, unknown>): Promise<string[]> {
    const fleet = goodFleet();
    deepSet(fleet, "identityProviders.work", { id: providerId, type: "google" });
    deepSet(fleet, "tenants.ana.identityProviders", ["work"]);
    deepSet(fleet, "tenants.ana.serviceTokens", { ci: {} });
    for (const [at, value] of Object.entries(changes)) deepSet(fleet, at, value);
    await deployment.configure([{ path: ["creel:fleet"], value: fleet }]);
    account.entries.length = 0;
    await deployment.pulumi(["up", "--yes", "--skip-preview"]);
    const writes = account.entries.filter(({ method }) => method !== "GET");
    return writes.map(({ method, path: at }) => `${method} ${at.replace(/^.*\/(accounts|zones)\/[0-9a-f]{32}\//, "")}`);
  }

  /** The program and the clouds agree. */
  async function settled(): Promise<void> {
    await deployment.pulumi(["refresh", "--yes", "--skip-preview", "--expect-no-changes"]);
    await deployment.pulumi(["preview", "--expect-no-changes"]);
  }

  async function state(): Promise<Resource[]> {
    const text = (await deployment.pulumi(["stack", "export"])).stdout;
    return (JSON.parse(text) as { deployment: { resources?: Resource[] } }).deployment.resources ?? [];
  }

  /** Ids and birth of all that belongs to the operator hostname, to see that it is still the same. */
  async function operatorSide(): Promise<Record<string, unknown>> {
    const own = (await state()).filter(
      ({ urn }) => /AgentTunnel|AccessPolicy|AgentContainer/.test(urn) && !/--bot|connector-bot/.test(urn),
    );
    return Object.fromEntries(own.map(({ urn, id, created }) => [urn, { id, created }]));
  }

  /** Secret of a tunnel by what its connector was given. */
  function tokenOf(connector: string): { t: string; s: string } {
    const { TUNNEL_TOKEN } = servers.secrets(connector);
    return JSON.parse(Buffer.from(TUNNEL_TOKEN!, "base64").toString());
  }

  /** The tunnel that a connector was given the token of. */
  const tunnelOf = (connector: string) => account.store.state.tunnels[tokenOf(connector).t]!;

  it("is off by default", async () => {
    const writes = await up({});
    expect(writes.at(-1)).toBe("POST dns_records");
    expect(servers.running()).toEqual(["atlas", "atlas-connector"]);
    await settled();
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
    expect(servers.running()).toEqual(["atlas", "atlas-connector", "atlas-connector-bot"]);
    expect(tokenOf("atlas-connector-bot").t).not.toBe(tokenOf("atlas-connector").t);
    expect(tunnelOf("atlas-connector-bot").secret).toBe(tokenOf("atlas-connector-bot").s);
    await settled();
  });

  it("tells where webhooks go, and no secret", async () => {
    const { fleet, edge, serviceTokens } = (await deployment.outputs()) as Record<string, never>;
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
    const old = ["atlas-connector", "atlas-connector-bot"].map(tokenOf);
    const writes = await up({ "agents/atlas/bot": bot, "agents/atlas/rotation": "2026-11" });
    expect(writes.sort()).toEqual(old.map(({ t }) => `PATCH cfd_tunnel/${t}`).sort());
    for (const [i, connector] of ["atlas-connector", "atlas-connector-bot"].entries()) {
      const { t, s } = tokenOf(connector);
      expect(t).toBe(old[i]!.t);
      expect(s).not.toBe(old[i]!.s);
      expect(tunnelOf(connector).secret).toBe(s);
    }
    const after = await operatorSide();
    const replaced = Object.keys(before).filter((urn) => JSON.stringify(before[urn]) !== JSON.stringify(after[urn]));
    expect(replaced.map((urn) => urn.split("::").at(-1))).toEqual(["atlas-tunnel-secret"]);
    await settled();
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
    expect(servers.running()).toEqual(["atlas", "atlas-connector"]);
    expect((await state()).filter(({ urn }) => /--bot|connector-bot/.test(urn)).map(({ urn }) => urn)).toEqual([]);
    await settled();

    await up({ ...rotated, "agents/atlas/bot": bot });
    expect(await operatorSide()).toEqual(before);
    expect(servers.running()).toEqual(["atlas", "atlas-connector", "atlas-connector-bot"]);
    await settled();
  }, 360_000);

  it("is destroyed with everything else in one go, connected as it is, names first, and leaves nothing", async () => {
    const connected = {
      clientId: "c",
      version: "2026.8.2",
      arch: "linux_amd64",
      features: [],
      originIp: "198.51.100.10",
    };
    for (const connector of ["atlas-connector", "atlas-connector-bot"]) connect(tunnelOf(connector), connected);
    account.entries.length = 0;
    await deployment.pulumi(["destroy", "--yes", "--skip-preview"]);
    const deletes = account.entries.filter(({ method }) => method === "DELETE").map(({ path: at }) => at);
    expect(deletes.slice(0, 2)).toEqual([expect.stringMatching(/dns_records/), expect.stringMatching(/dns_records/)]);
    await account.call("DELETE", accountPath(`/access/identity_providers/${providerId}`));
    for (const cloud of [account, project]) {
      const kinds = (await cloud.call("GET", "/_sandbox/inventory")).body as Record<string, { count: number }>;
      expect(Object.entries(kinds).filter(([, { count }]) => count > 0)).toEqual([]);
    }
  }, 360_000);
});
