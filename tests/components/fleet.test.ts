import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { remoteCommand } from "../../components/connection";
import { Fleet } from "../../components/fleet";
import type { FleetSpec } from "../../components/fleetSpec";
import { leaks, reaches } from "./canaries";
import { deepSet, goodFleet } from "./goodFleet";
import { fakeHost, find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "./mocks";

const canary = "CANARY-MODEL-KEY-5f1d20c7a9";

function fleet(
  spec = goodFleet(),
  secrets: Record<string, Record<string, string>> = { atlas: { MODEL_API_KEY: canary } },
): Fleet {
  const tunnelProvider = new CloudflareProvider("tunnels", {});
  const settingsProvider = new CloudflareProvider("zone-settings", {});
  return new Fleet("fleet", { spec: spec as FleetSpec, secrets, tunnelProvider, settingsProvider });
}

const botSecrets = { atlas: { MODEL_API_KEY: canary, SLACK_SIGNING_SECRET: "CANARY-SLACK" } };

/** The same fleet, with webhooks for its agent. */
function withBot(spec: Record<string, unknown>): Record<string, unknown> {
  const routes = ["slack", { path: "/hooks/x", secret: "MODEL_API_KEY" }];
  deepSet(spec, "agents.atlas.bot", { hostname: "atlas-bot.example.com", routes });
  return spec;
}

/** A fleet of two servers, two tenants and four agents. */
function largerFleet(): Record<string, unknown> {
  const spec = goodFleet();
  const atlas = (spec.agents as Record<string, object>).atlas;
  deepSet(spec, "servers.reef.count", 2);
  deepSet(spec, "tenants.bo", { emails: ["bo@example.com"], require: { mfa: true }, session: "4h" });
  for (let i = 0; i < 3; i++) {
    deepSet(spec, `agents.agent-${i}`, { ...atlas, operator: `agent-${i}.example.com`, tenant: i % 2 ? "ana" : "bo" });
  }
  return spec;
}

describe("Fleet", () => {
  let registered: Registered[];
  let names: string[];
  let made: Fleet;

  beforeAll(async () => {
    registered = await register(() => {
      made = fleet();
    });
    names = urns();
  });

  it("owns what it has always owned", () => {
    const direct = names.filter((name) => /^(creel:index:Fleet|pulumi:providers)/.test(name));
    expect(direct).toEqual([
      "creel:index:Fleet$creel:index:AccessPolicy::ana",
      "creel:index:Fleet$creel:index:AgentContainer::atlas",
      "creel:index:Fleet$creel:index:AgentTunnel::atlas",
      "creel:index:Fleet$creel:index:HardenedServer::reef",
      "creel:index:Fleet$creel:index:ZoneEdge::example.com",
      "creel:index:Fleet$docker:index/remoteImage:RemoteImage::reef-connector-image",
      "creel:index:Fleet$pulumi:index:Stash::fleet-placement",
      "creel:index:Fleet$pulumi:providers:docker::reef",
      "creel:index:Fleet::fleet",
      "pulumi:providers:cloudflare::tunnels",
      "pulumi:providers:cloudflare::zone-settings",
    ]);
  });

  it("reaches Docker on the server as every other command does: by SSH, pinned on its host key", () => {
    const { inputs } = find(registered, "pulumi:providers:docker", "reef");
    expect(inputs.host).toBe("ssh://deploy@198.51.100.10:22");
    expect(JSON.parse(inputs.sshOpts as string)).toEqual(expect.arrayContaining(["StrictHostKeyChecking=yes"]));
  });

  it("tells what there is, and no secret", async () => {
    const inventory = await resolved(made.inventory);
    expect(inventory).toMatchObject({
      servers: { reef: { ipv4: "198.51.100.10", user: "deploy" } },
      agents: {
        atlas: {
          server: "reef",
          container: "atlas",
          image: `registry.creel.test/agent@sha256:${"1".repeat(64)}`,
          url: "https://atlas-ana.example.com",
          uid: 39077,
        },
      },
    });
    expect(await pulumi.isSecret(made.inventory)).toBe(false);
  });

  it("gives each tenant's agents that tenant's policy, and each agent its own secrets", async () => {
    const many = await register(() =>
      fleet(largerFleet(), { "agent-0": { KEY: "CANARY-0" }, "agent-1": { KEY: "CANARY-1" } }),
    );
    const application = (name: string) =>
      find(many, "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication", `${name}.example.com`)
        .inputs;
    expect(application("agent-0")).toMatchObject({
      policies: [{ id: "bo-allow-id", precedence: 1 }],
      sessionDuration: "4h",
    });
    expect(application("agent-1")).toMatchObject({
      policies: [{ id: "ana-allow-id", precedence: 1 }],
      sessionDuration: "8h",
    });
    const order = (name: string) => {
      const { stdin } = find(many, "command:local:Command", `${name}-host`).inputs;
      return JSON.parse(unwrapped(stdin) as string) as { secrets: object };
    };
    expect(order("agent-0").secrets).toEqual({ KEY: Buffer.from("CANARY-0").toString("base64") });
    expect(order("agent-1").secrets).toEqual({ KEY: Buffer.from("CANARY-1").toString("base64") });
    expect(order("agent-2").secrets).toEqual({});
    expect(many.filter(({ type }) => type === "pulumi:providers:docker")).toHaveLength(2);
  });

  it("costs 14 resources an agent, its two components included", async () => {
    const spec = goodFleet();
    const { atlas } = spec.agents as Record<string, object>;
    deepSet(spec, "agents.bora", { ...atlas, operator: "bora.example.com" });
    const two = await register(() => fleet(spec));
    expect(two.length - registered.length).toBe(14);
  });

  it("opens names only after the rules of their zone, unless those are made elsewhere", async () => {
    const spec = withBot(goodFleet());
    const record = "cloudflare:index/dnsRecord:DnsRecord";
    const order = (await register(() => fleet(spec, botSecrets))).map(({ type, name }) => `${type} ${name}`);
    const lastRule = order.findLastIndex((line) =>
      /^cloudflare:index\/(ruleset|zoneSetting|botManagement):/.test(line),
    );
    expect(lastRule).toBeGreaterThan(0);
    expect(order.indexOf(`${record} atlas-ana.example.com`)).toBeGreaterThan(lastRule);
    expect(order.indexOf(`${record} atlas-bot.example.com`)).toBeGreaterThan(lastRule);
    deepSet(spec, "zones/example%com/rules", "elsewhere");
    const elsewhere = await register(() => fleet(spec, botSecrets));
    expect(elsewhere.filter(({ type }) => /^cloudflare:index\/(ruleset|zoneSetting)|ZoneEdge/.test(type))).toEqual([]);
  });

  it("tells of webhooks where to send them and what proves them, and of programs how to come in", async () => {
    const spec = withBot(goodFleet());
    deepSet(spec, "tenants.ana.serviceTokens", { ci: {} });
    await register(() => {
      made = fleet(spec, botSecrets);
    });
    const { agents, zones } = await resolved(made.inventory);
    expect(agents.atlas).toMatchObject({
      botUrl: "https://atlas-bot.example.com",
      webhooks: [
        {
          url: "https://atlas-bot.example.com/slack/events",
          methods: ["POST"],
          secret: "SLACK_SIGNING_SECRET",
          signature: "x-slack-signature",
        },
        { url: "https://atlas-bot.example.com/hooks/x", contentTypes: ["application/json"], secret: "MODEL_API_KEY" },
      ],
    });
    expect(zones["example.com"]).toMatchObject({ agents: 1, bots: 1, ofRules: 5 });
    expect(await pulumi.isSecret(made.inventory)).toBe(false);
    expect(made.edge["example.com"]).toEqual([
      expect.objectContaining({ agent: "atlas", bot: expect.objectContaining({ hostname: "atlas-bot.example.com" }) }),
    ]);
    expect(await pulumi.isSecret(made.serviceTokens.ana!.ci!.clientSecret)).toBe(true);
  });

  it("shows people the identity providers of their tenant", async () => {
    const spec = goodFleet();
    const id = "11111111-2222-3333-4444-555555555555";
    deepSet(spec, "identityProviders.work", { id, type: "google" });
    deepSet(spec, "tenants.ana.identityProviders", ["work"]);
    const many = await register(() => fleet(spec));
    const application = "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication";
    expect(find(many, application, "atlas-ana.example.com").inputs).toMatchObject({
      allowedIdps: [id],
      autoRedirectToIdentity: true,
    });
  });

  it("makes nothing when a single value is wrong, and says so in the words of the stack file", async () => {
    const spec = goodFleet();
    deepSet(spec, "agents.atlas.image", "openclaw:latest");
    deepSet(spec, "agents.atlas.server", "reff");
    let message = "";
    const registered = await register(() => {
      try {
        fleet(spec);
      } catch (error) {
        message = (error as Error).message;
      }
    });
    expect(message).toBe(
      [
        "creel:fleet has 2 faults; nothing was changed",
        '  agents.atlas.image     "openclaw:latest" has no digest: write openclaw@sha256:… (docker buildx imagetools inspect openclaw:latest prints it)',
        '  agents.atlas.server    "reff" is not a server: did you mean reef? (servers: reef)',
      ].join("\n"),
    );
    expect(new Set(registered.map(({ type }) => type))).toEqual(new Set(["pulumi:providers:cloudflare"]));
  });
});

describe("a secret", () => {
  it("is in no registration but the two that carry it, and there in a wrapper", async () => {
    const registered = await register(() => fleet());
    const { inputs } = find(
      registered,
      "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
      "atlas",
    );
    expect(isSecretWrapper(inputs.tunnelSecret)).toBe(true);
    const tunnelSecret = unwrapped(inputs.tunnelSecret) as string;
    expect(leaks(registered, [canary, tunnelSecret])).toEqual([]);
    expect(reaches(registered, canary)).toBe(true);
    expect(reaches(registered, tunnelSecret)).toBe(true);
  });

  it.each<[string, (host: ReturnType<typeof fakeHost>) => void, string]>([
    [
      "in plain standard input",
      (host) => remoteCommand("c", { connection: host.connection, create: "x", stdin: `key=${canary}` }),
      "command:local:Command c stdin in plain text",
    ],
    [
      "in a command, even in a wrapper",
      (host) => remoteCommand("c", { connection: host.connection, create: pulumi.secret(`echo ${canary}`) }),
      "command:local:Command c create in a wrapper",
    ],
    [
      "in a container's environment, in base64",
      ({ docker: provider }) => {
        const envs = [pulumi.secret(`KEY=${Buffer.from(`x${canary}`).toString("base64")}`)];
        new docker.Container("c", { image: "i", envs }, { provider });
      },
      "docker:index/container:Container c envs",
    ],
    [
      "in a label, unwrapped",
      ({ docker: provider }) => {
        const labels = [{ label: "key", value: pulumi.unsecret(pulumi.secret(canary)) }];
        new docker.Container("c", { image: "i", labels }, { provider });
      },
      "docker:index/container:Container c labels.0.value in plain text",
    ],
    [
      "in a name",
      ({ docker: provider }) => new docker.Network(`n-${canary}`, {}, { provider }),
      "docker:index/network:Network name",
    ],
  ])("would be found %s", async (_title, leak, expected) => {
    const registered = await register(() => leak(fakeHost(new docker.Provider("reef", {}))));
    expect(leaks(registered, [canary])).toEqual([expect.stringContaining(expected)]);
  });
});
