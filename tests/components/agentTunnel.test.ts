import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import { Provider as DockerProvider } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { AgentTunnel, type AgentTunnelArgs, agentTunnelFaults } from "../../components/agentTunnel";
import { hostnameFaults, zoneOf } from "../../components/hostnames";
import { fakeHost, find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "./mocks";

const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";
const connectorImage = `cloudflare/cloudflared@sha256:${"2".repeat(64)}`;
const cloudflare = (name: string) => `cloudflare:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;

function tunnel(args: Partial<AgentTunnelArgs> = {}): AgentTunnel {
  const docker = new DockerProvider("reef", { host: "ssh://deploy@198.51.100.10:22" });
  const agent = {
    serviceUrl: pulumi.output("http://agent:8080"),
    egressNetwork: pulumi.output("atlas-egress"),
    frontNetwork: pulumi.output("atlas-front"),
    container: docker,
  };
  return new AgentTunnel("atlas", {
    agent,
    host: fakeHost(docker),
    accountId,
    zoneId,
    zone: "example.com",
    team: "acme",
    hostname: "atlas-ana.example.com",
    policyIds: ["policy-1", "policy-2"],
    connectorImage,
    tunnelProvider: new CloudflareProvider("tunnels", {}),
    ...args,
  });
}

describe("AgentTunnel", () => {
  let registered: Registered[];
  let names: string[];
  let made: AgentTunnel;

  beforeAll(async () => {
    registered = await register(() => {
      made = tunnel();
    });
    names = urns();
  });

  it("owns what it has always owned", () => {
    expect(names).toEqual([
      "creel:index:AgentTunnel$cloudflare:index/dnsRecord:DnsRecord::atlas",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication::atlas",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared::atlas",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig::atlas",
      "creel:index:AgentTunnel$command:local:Command::atlas-connector-host",
      "creel:index:AgentTunnel$docker:index/container:Container::atlas-connector",
      "creel:index:AgentTunnel$docker:index/remoteImage:RemoteImage::atlas-connector-image",
      "creel:index:AgentTunnel$random:index/randomPassword:RandomPassword::atlas-tunnel-secret",
      "creel:index:AgentTunnel::atlas",
      "pulumi:providers:cloudflare::tunnels",
      "pulumi:providers:docker::reef",
    ]);
  });

  it("puts Access in front of the whole hostname", () => {
    expect(find(registered, cloudflare("ZeroTrustAccessApplication"), "atlas").inputs).toEqual({
      accountId,
      name: "creel-test-atlas",
      type: "self_hosted",
      domain: "atlas-ana.example.com",
      policies: [
        { id: "policy-1", precedence: 1 },
        { id: "policy-2", precedence: 2 },
      ],
      sessionDuration: "8h",
      httpOnlyCookieAttribute: true,
      sameSiteCookieAttribute: "lax",
      enableBindingCookie: true,
      appLauncherVisible: true,
    });
  });

  it("has the connector check every request itself, in the rule and not above it", () => {
    expect(find(registered, cloudflare("ZeroTrustTunnelCloudflaredConfig"), "atlas").inputs).toEqual({
      accountId,
      tunnelId: "atlas-id",
      config: {
        ingresses: [
          {
            hostname: "atlas-ana.example.com",
            service: "http://agent:8080",
            originRequest: { access: { required: true, teamName: "acme", audTags: ["a0d".padEnd(64, "0")] } },
          },
          { service: "http_status:404" },
        ],
      },
    });
  });

  it("derives tunnel secret and token, which stay secrets", () => {
    const { inputs } = find(registered, cloudflare("ZeroTrustTunnelCloudflared"), "atlas");
    expect(inputs).toMatchObject({ accountId, name: "creel-test-atlas", configSrc: "cloudflare" });
    expect(isSecretWrapper(inputs.tunnelSecret)).toBe(true);
    const secret = unwrapped(inputs.tunnelSecret) as string;
    expect(Buffer.from(secret, "base64")).toHaveLength(32);

    const { stdin } = find(registered, "command:local:Command", "atlas-connector-host").inputs;
    expect(isSecretWrapper(stdin)).toBe(true);
    const order = JSON.parse(unwrapped(stdin) as string);
    expect(order).toMatchObject({ uid: 59077, memoryMiB: 128, state: [], onChange: "restart" });
    const token = Buffer.from(order.secrets.TUNNEL_TOKEN, "base64").toString();
    expect(JSON.parse(Buffer.from(token, "base64").toString())).toEqual({ a: accountId, t: "atlas-id", s: secret });
  });

  it("runs the connector in the same cage, with the token in a file", () => {
    const { inputs } = find(registered, "docker:index/container:Container", "atlas-connector");
    expect(inputs).toMatchObject({
      image: connectorImage,
      user: "59077:59077",
      readOnly: true,
      command: [
        "tunnel",
        "--no-autoupdate",
        "--metrics",
        "127.0.0.1:20241",
        "run",
        "--token-file",
        "/run/secrets/TUNNEL_TOKEN",
      ],
      healthcheck: { tests: ["CMD", "cloudflared", "tunnel", "--metrics", "127.0.0.1:20241", "ready"] },
      mounts: [{ source: "/run/agent-secrets/atlas-connector", target: "/run/secrets", readOnly: true }],
      networksAdvanced: [{ name: "atlas-egress" }, { name: "atlas-front" }],
      destroyGraceSeconds: 35,
      memory: 128,
      memorySwap: 128,
    });
    expect(inputs).not.toHaveProperty("envs");
    expect(inputs).not.toHaveProperty("ports");
  });

  it("publishes the name through Cloudflare, after everything else", () => {
    expect(find(registered, cloudflare("DnsRecord"), "atlas").inputs).toEqual({
      zoneId,
      name: "atlas-ana.example.com",
      type: "CNAME",
      content: "atlas-id.cfargotunnel.com",
      proxied: true,
      ttl: 1,
    });
    expect(registered.at(-1)?.type).toBe(cloudflare("DnsRecord"));
  });

  it("tells its address", async () => {
    expect(await resolved(made.url)).toBe("https://atlas-ana.example.com");
    expect(await resolved(made.tunnelId)).toBe("atlas-id");
  });
});

describe("what AgentTunnel refuses", () => {
  const good = { hostname: "atlas.example.com", zone: "example.com", team: "acme", connectorImage, policyIds: ["p"] };

  it.each<[string, Partial<AgentTunnelArgs>, RegExp]>([
    [
      "a hostname elsewhere",
      { hostname: "atlas.example.org" },
      /^hostname is not inside a zone: .*\(zones: example.com\)/,
    ],
    ["a hostname that only ends alike", { hostname: "atlas.badexample.com" }, /^hostname is not inside a zone/],
    ["the zone itself", { hostname: "example.com" }, /^hostname is not inside a zone/],
    [
      "two labels",
      { hostname: "atlas.ana.example.com" },
      /^hostname is 2 labels below example.com: write atlas-ana.example.com/,
    ],
    ["upper case", { hostname: "Atlas.example.com" }, /^hostname is not a hostname/],
    ["an address", { hostname: "https://atlas.example.com/" }, /^hostname is not a hostname/],
    ["a rule text in a hostname", { hostname: 'a" or true or ".example.com' }, /^hostname is not a hostname/],
    ["a wildcard", { hostname: "*.example.com" }, /^hostname is not a hostname/],
    ["a team's address", { team: "acme.cloudflareaccess.com" }, /^team is not a team/],
    ["a connector by tag", { connectorImage: "cloudflare/cloudflared:latest" }, /^connectorImage has no digest/],
    ["nobody's policy", { policyIds: [] }, /^policyIds is empty/],
  ])("%s", (_title, change, expected) => {
    const faults = agentTunnelFaults({ ...good, ...change });
    expect(faults.map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`)).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe("hostnames", () => {
  it("belong to the nearest of several zones", () => {
    expect(zoneOf("a.eu.example.com", ["example.com", "eu.example.com"])).toBe("eu.example.com");
    expect(hostnameFaults("h", "a.eu.example.com", ["example.com", "eu.example.com"])).toEqual([]);
  });
});
