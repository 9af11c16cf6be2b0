/** A program that breaks every policy: text of its index.js. Nothing of it is ever made, only previewed. */
export const badProgram = `
const cloudflare = require("@pulumi/cloudflare");
const command = require("@pulumi/command");
const digitalocean = require("@pulumi/digitalocean");
const docker = require("@pulumi/docker");
const hcloud = require("@pulumi/hcloud");

const accountId = "0123456789abcdef0123456789abcdef";
const zoneId = "fedcba9876543210fedcba9876543210";
const clouds = { provider: new cloudflare.Provider("cloudflare", { apiToken: "c".repeat(40) }) };
const ocean = { provider: new digitalocean.Provider("ocean", { token: "d" }) };
const hetzner = { provider: new hcloud.Provider("hcloud", { token: "h".repeat(64) }) };

const firewall = new hcloud.Firewall("open", {
  rules: [{ direction: "in", protocol: "tcp", port: "443", sourceIps: ["0.0.0.0/0"] }],
}, hetzner);
const server = new hcloud.Server("bare", {
  serverType: "cx23", image: "debian-12", location: "fsn1", labels: { "db-password": "hunter2" },
}, hetzner);
new digitalocean.Droplet("drop", { image: "debian-12-x64", size: "s-1vcpu-1gb", region: "fra1" }, ocean);
new command.local.Command("leak", { create: "echo sk-ant-0123456789abcdef0123" });

// Its address is known only when the server is: no Docker daemon is asked at preview.
const onServer = { provider: new docker.Provider("server", { host: server.ipv4Address.apply((ip) => "ssh://root@" + ip) }) };
new docker.RemoteImage("latest", { name: "agent:latest" }, onServer);
new docker.Container("wild", {
  image: "agent:latest",
  privileged: true,
  networkMode: "host",
  envs: ["API_KEY=hunter2"],
  ports: [{ internal: 8080, external: 8080 }],
  mounts: [
    { type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" },
    { type: "bind", source: "/", target: "/host" },
  ],
}, onServer);

new cloudflare.ZeroTrustAccessPolicy("bypass", {
  accountId, name: "bypass", decision: "bypass", includes: [{ everyone: {} }],
}, clouds);
const tunnel = new cloudflare.ZeroTrustTunnelCloudflared("local", { accountId, name: "local", configSrc: "local" }, clouds);
new cloudflare.ZeroTrustTunnelCloudflaredConfig("unchecked", {
  accountId, tunnelId: tunnel.id, config: { ingresses: [{ hostname: "a.example.com", service: "http://agent:8080" }] },
}, clouds);
new cloudflare.DnsRecord("direct", {
  zoneId, name: "a.example.com", type: "CNAME", ttl: 1, content: tunnel.id.apply((id) => id + ".cfargotunnel.com"),
}, clouds);

const early = new cloudflare.ZeroTrustTunnelCloudflared("early", { accountId, name: "early", configSrc: "cloudflare" }, clouds);
const application = new cloudflare.ZeroTrustAccessApplication("late", {
  accountId, name: "late", type: "self_hosted", domain: "b.example.com",
}, clouds);
new cloudflare.ZeroTrustTunnelCloudflaredConfig("checked", {
  accountId,
  tunnelId: early.id,
  config: {
    ingresses: [
      {
        hostname: "b.example.com",
        service: "http://agent:8080",
        originRequest: { access: { required: true, teamName: "acme", audTags: ["a".repeat(64)] } },
      },
      { service: "http_status:404" },
    ],
  },
}, clouds);
new cloudflare.DnsRecord("early", {
  zoneId, name: "b.example.com", type: "CNAME", ttl: 1, proxied: true,
  content: early.id.apply((id) => id + ".cfargotunnel.com"),
}, clouds);
`;

/** What is reported of it, by resource. */
export const refused = [
  "bare: secret-not-in-labels",
  "bare: server-firewall",
  "bypass: access-no-bypass",
  "bypass: access-not-everyone",
  "direct: dns-proxied",
  "drop: droplet-firewall",
  "drop: droplet-no-agent",
  "early: dns-after-access",
  "latest: image-digest",
  "leak: secret-not-in-command",
  "local: tunnel-configured-here",
  "open: firewall-declared-ranges",
  "open: firewall-ssh-only",
  "unchecked: tunnel-access-checked",
  "unchecked: tunnel-catch-all",
  "wild: container-image-digest",
  "wild: container-memory-limit",
  "wild: container-no-capabilities",
  "wild: container-no-docker-socket",
  "wild: container-no-host-system",
  "wild: container-no-new-privileges",
  "wild: container-no-ports",
  "wild: container-own-namespaces",
  "wild: container-read-only",
  "wild: container-unprivileged",
  "wild: secret-not-in-environment",
];
