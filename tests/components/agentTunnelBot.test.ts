import { beforeAll, describe, expect, it } from "vitest";
import type { AgentTunnel } from "../../components/agentTunnel";
import { find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "./mocks";
import { accountId, cloudflare, connectorImage, tunnel, zoneId } from "./tunnels";

const bot = {
  hostname: "atlas-bot.example.com",
  routes: [{ preset: "slack" as const }, { path: "/hooks/x", secret: "X_SECRET", port: 9000 }],
};

describe("AgentTunnel with a bot hostname", () => {
  let registered: Registered[];
  let names: string[];
  let made: AgentTunnel;
  let operatorAlone: Registered[];

  beforeAll(async () => {
    operatorAlone = await register(() => tunnel());
    registered = await register(() => {
      made = tunnel({ bot });
    });
    names = urns();
  });

  it("owns a second tunnel with all that belongs to it, and no Access application", () => {
    expect(names.filter((name) => /bot/.test(name))).toEqual([
      "creel:index:AgentTunnel$cloudflare:index/dnsRecord:DnsRecord::atlas-bot.example.com",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared::atlas--bot",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig::atlas--bot",
      "creel:index:AgentTunnel$command:local:Command::atlas-connector-bot-host",
      "creel:index:AgentTunnel$docker:index/container:Container::atlas-connector-bot",
      "creel:index:AgentTunnel$random:index/randomPassword:RandomPassword::atlas--bot-tunnel-secret",
    ]);
    expect(registered).toHaveLength(operatorAlone.length + 6);
  });

  it("leaves the operator hostname as it is", () => {
    const plain = (list: Registered[]) =>
      list
        .filter(({ name, type }) => !/bot/.test(name) && !type.startsWith("creel:"))
        .map(({ type, name, inputs }) => ({ type, name, inputs: unwrapped(inputs) }));
    expect(plain(registered)).toEqual(expect.arrayContaining(plain(operatorAlone)));
    expect(plain(registered)).toHaveLength(plain(operatorAlone).length);
  });

  it("lets the declared paths through and nothing else, and trusts nobody to have been checked", () => {
    const { inputs } = find(registered, cloudflare("ZeroTrustTunnelCloudflaredConfig"), "atlas--bot");
    expect(inputs).toEqual({
      accountId,
      tunnelId: "atlas--bot-id",
      config: {
        ingresses: [
          { hostname: bot.hostname, path: "^/slack/events$", service: "http://agent:8080" },
          { hostname: bot.hostname, path: "^/hooks/x$", service: "http://agent:9000" },
          { service: "http_status:404" },
        ],
      },
    });
  });

  it("has a secret and a token of its own", () => {
    const secretOf = (name: string) =>
      find(registered, cloudflare("ZeroTrustTunnelCloudflared"), name).inputs.tunnelSecret;
    expect(isSecretWrapper(secretOf("atlas--bot"))).toBe(true);
    expect(unwrapped(secretOf("atlas--bot"))).not.toBe(unwrapped(secretOf("atlas")));
    const { stdin } = find(registered, "command:local:Command", "atlas-connector-bot-host").inputs;
    const order = JSON.parse(unwrapped(stdin) as string);
    const token = Buffer.from(Buffer.from(order.secrets.TUNNEL_TOKEN, "base64").toString(), "base64").toString();
    expect(JSON.parse(token)).toEqual({ a: accountId, t: "atlas--bot-id", s: unwrapped(secretOf("atlas--bot")) });
  });

  it("runs a connector as a user of its own, with memory and secrets of its own", () => {
    const { inputs } = find(registered, "docker:index/container:Container", "atlas-connector-bot");
    expect(inputs).toMatchObject({
      image: connectorImage,
      user: "99077:99077",
      cgroupParent: "agents-atlas_connector_bot.slice",
      mounts: [{ source: "/run/agent-secrets/atlas-connector-bot", target: "/run/secrets", readOnly: true }],
      memory: 128,
    });
  });

  it("publishes the second name last as well", () => {
    expect(find(registered, cloudflare("DnsRecord"), bot.hostname).inputs).toEqual({
      zoneId,
      name: bot.hostname,
      type: "CNAME",
      content: "atlas--bot-id.cfargotunnel.com",
      proxied: true,
      ttl: 1,
    });
    const order = registered.map(({ name, type }) => `${type} ${name}`);
    const record = order.indexOf(`${cloudflare("DnsRecord")} ${bot.hostname}`);
    expect(record).toBeGreaterThan(order.indexOf("docker:index/container:Container atlas-connector-bot"));
    expect(record).toBeGreaterThan(order.indexOf(`${cloudflare("ZeroTrustTunnelCloudflaredConfig")} atlas--bot`));
  });

  it("changes both secrets with one word", async () => {
    const made = await register(() => tunnel({ bot, rotation: "2" }));
    const passwords = made.filter(({ type }) => type === "random:index/randomPassword:RandomPassword");
    expect(passwords.map(({ inputs }) => inputs.keepers)).toEqual([{ rotation: "2" }, { rotation: "2" }]);
  });

  it("tells its address, and the zone's rules what may be sent there", async () => {
    expect(await resolved(made.botUrl)).toBe("https://atlas-bot.example.com");
    expect(made.edgeFragment).toEqual({
      agent: "atlas",
      zone: "example.com",
      operator: "atlas-ana.example.com",
      bot: {
        hostname: bot.hostname,
        routes: [
          {
            path: "/slack/events",
            methods: ["POST"],
            contentTypes: ["application/json", "application/x-www-form-urlencoded"],
          },
          { path: "/hooks/x", methods: ["POST"], contentTypes: ["application/json"] },
        ],
      },
    });
  });

  it("is refused with every fault at once, before anything is made", async () => {
    let message = "";
    const made = await register(() => {
      try {
        tunnel({
          bot: {
            hostname: "atlas-ana.example.com",
            routes: [{ path: "/*", secret: "X_SECRET" }, { preset: "stripe" }],
          },
        });
      } catch (error) {
        message = (error as Error).message;
      }
    });
    expect(message.split("\n").map((line) => line.trim().replace(/ +/g, " "))).toEqual([
      "AgentTunnel atlas has 3 faults; nothing was changed",
      expect.stringMatching(/^bot.hostname "atlas-ana.example.com" is the operator hostname of agents.atlas: /),
      expect.stringMatching(/^bot.routes\[0\].path "\/\*" is a pattern/),
      expect.stringMatching(
        /^bot.routes\[1\].secret "STRIPE_WEBHOOK_SECRET" is not among .*: give STRIPE_WEBHOOK_SECRET/,
      ),
    ]);
    expect(made.filter(({ type }) => !type.startsWith("pulumi:"))).toEqual([]);
  });
});
