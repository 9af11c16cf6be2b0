/** Properties of a resource as they are judged. */
export type Properties = Record<string, unknown>;

const digest = `registry.example.com/agent@sha256:${"1".repeat(64)}`;

/** A container that no policy has anything against. */
export const goodContainer: Properties = {
  name: "atlas",
  image: digest,
  command: ["agent", "--token-file", "/run/secrets/TOKEN"],
  envs: ["PORT=8080", "TOKEN_FILE=/run/secrets/TOKEN"],
  labels: [{ label: "managed-by", value: "creel" }],
  readOnly: true,
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges:true"],
  memory: 256,
  networksAdvanced: [{ name: "atlas-egress" }],
  mounts: [
    { type: "bind", source: "/run/agent-secrets/atlas", target: "/run/secrets", readOnly: true },
    { type: "bind", source: "/var/lib/agents/atlas/data", target: "/data" },
    { type: "volume", source: "cache", target: "/cache" },
  ],
};

export const goodRule: Properties = { direction: "in", protocol: "tcp", port: "22", sourceIps: ["198.51.100.1/32"] };

export const guardedRoute: Properties = {
  hostname: "atlas.example.com",
  service: "http://agent:8080",
  originRequest: { access: { required: true, teamName: "acme", audTags: ["a".repeat(64)] } },
};

export const notFound: Properties = { service: "http_status:404" };

/** Type tokens by short names. */
export const tokens = {
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  network: "docker:index/network:Network",
  firewall: "hcloud:index/firewall:Firewall",
  dropletFirewall: "digitalocean:index/firewall:Firewall",
  droplet: "digitalocean:index/droplet:Droplet",
  server: "hcloud:index/server:Server",
  policy: "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy",
  group: "cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup",
  application: "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication",
  tunnel: "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared",
  routes: "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig",
  record: "cloudflare:index/dnsRecord:DnsRecord",
  local: "command:local:Command",
  remote: "command:remote:Command",
} as const;
