import { Provider as CloudflareProvider } from "@pulumi/cloudflare/provider";
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type AgentTunnel, type AgentTunnelArgs, agentTunnelFaults } from "../../components/agentTunnel";
import { gated } from "../../components/faults";
import { find, isSecretWrapper, type Registered, register, resolved, unwrapped, urns } from "./mocks";
import { accountId, cloudflare, connectorImage, tunnel, zoneId } from "./tunnels";

vi.mock("../../components/faults", async (original) => {
  const faults = await original<typeof import("../../components/faults")>();
  return { ...faults, gated: vi.fn(faults.gated) };
});

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
      "creel:index:AgentTunnel$cloudflare:index/dnsRecord:DnsRecord::atlas-ana.example.com",
      "creel:index:AgentTunnel$cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication::atlas-ana.example.com",
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
    expect(find(registered, cloudflare("ZeroTrustAccessApplication"), "atlas-ana.example.com").inputs).toEqual({
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
      serviceAuth401Redirect: true,
    });
  });

  it("lets people choose among the identity providers that are given, and of one asks nothing", async () => {
    const inputs = async (...identityProviderIds: string[]) => {
      const made = await register(() => tunnel({ identityProviderIds }));
      return find(made, cloudflare("ZeroTrustAccessApplication"), "atlas-ana.example.com").inputs;
    };
    expect(await inputs("idp-1")).toMatchObject({ allowedIdps: ["idp-1"], autoRedirectToIdentity: true });
    expect(await inputs("idp-1", "idp-2")).toMatchObject({
      allowedIdps: ["idp-1", "idp-2"],
      autoRedirectToIdentity: false,
    });
  });

  it("looks again at what becomes known only later", async () => {
    // Let through unchecked, so that what the checks would say can be asked for.
    vi.mocked(gated)
      .mockClear()
      .mockImplementation((value) => value);
    await register(() => tunnel({ policyIds: pulumi.output([]), sessionDuration: pulumi.output("9999h") }));
    const calls = vi.mocked(gated).mock.calls;
    vi.mocked(gated).mockRestore();
    const said = calls.map(async ([value, check, subject]) =>
      check(await resolved(value)).map(({ path, reason }) => `${subject}: ${path} ${reason}`),
    );
    expect((await Promise.all(said)).flat()).toEqual([
      "AgentTunnel atlas: policyIds is empty",
      "AgentTunnel atlas: sessionDuration is not how long a login can last",
    ]);
  });

  it("keeps the tunnel and changes its secret with another word", async () => {
    const keepers = async (rotation?: string) => {
      const made = await register(() => tunnel({ rotation }));
      return find(made, "random:index/randomPassword:RandomPassword", "atlas-tunnel-secret").inputs.keepers;
    };
    expect(await keepers()).toBeUndefined();
    expect(await keepers("")).toBeUndefined();
    expect(await keepers("2026-11")).toEqual({ rotation: "2026-11" });
  });

  it("leaves the connector's image to whoever has pulled it", async () => {
    const made = await register(() => tunnel({ pulledImage: new CloudflareProvider("pulled", {}) }));
    expect(made.filter(({ type }) => type.startsWith("docker:index/remoteImage"))).toEqual([]);
  });

  it("tells the zone's rules its name", () => {
    expect(made.edgeFragment).toEqual({ agent: "atlas", zone: "example.com", operator: "atlas-ana.example.com" });
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
    expect(find(registered, cloudflare("DnsRecord"), "atlas-ana.example.com").inputs).toEqual({
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
    expect(await resolved(made.botUrl)).toBeUndefined();
    expect(await resolved(made.tunnelId)).toBe("atlas-id");
  });
});

describe("what AgentTunnel refuses", () => {
  const good = {
    agent: { runtime: "generic", port: 8080, secretNames: [] },
    hostname: "atlas.example.com",
    zone: "example.com",
    team: "acme",
    connectorImage,
    policyIds: ["p"],
  };

  it.each<[string, Partial<AgentTunnelArgs>, RegExp]>([
    [
      "a hostname elsewhere",
      { hostname: "atlas.example.org" },
      /^hostname is not inside a zone: .*\(zones: example.com\)/,
    ],
    ["a hostname that only ends alike", { hostname: "atlas.badexample.com" }, /^hostname is not inside a zone/],
    ["the zone itself", { hostname: "example.com" }, /^hostname is a zone itself/],
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
    ["no policy at all", { policyIds: undefined }, /^policyIds is empty/],
    ["a policy without an id", { policyIds: [""] }, /^policyIds is empty/],
    ["a zone that is none", { zone: "com", hostname: "atlas.com" }, /^zone is not a zone/],
    [
      "a hostname that is not known yet",
      { hostname: pulumi.output("atlas.example.com") as never },
      /^hostname is not a text that is known from the start/,
    ],
    ["no identity provider at all", { identityProviderIds: [] }, /^identityProviderIds is empty/],
  ])("%s", (_title, change, expected) => {
    const faults = agentTunnelFaults("atlas", { ...good, ...change });
    expect(faults.map(({ path, reason, remedy }) => `${path} ${reason}: ${remedy}`)).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});
