import { describe, expect, it } from "vitest";
import { goodContainer, goodRule, guardedRoute, notFound, type Properties, type tokens } from "./examples";
import { judge, unknown } from "./judge";

type Case = [kind: keyof typeof tokens, props: Properties, ...expected: string[]];

const container = (changes: Properties, ...expected: string[]): Case => [
  "container",
  { ...goodContainer, ...changes },
  ...expected,
];
const mount = (source: string, ...expected: string[]) =>
  container({ mounts: [{ type: "bind", source, target: "/x" }] }, ...expected);
const firewall = (changes: Properties, ...expected: string[]): Case => [
  "firewall",
  { rules: [goodRule, { ...goodRule, ...changes }] },
  ...expected,
];
const routes = (ingresses: Properties[], ...expected: string[]): Case => [
  "routes",
  { config: { ingresses } },
  ...expected,
];
const access = (kind: "policy" | "group", props: Properties, ...expected: string[]): Case => [kind, props, ...expected];

const slackToken = ["xoxb", "1234567890", "abcdefghij"].join("-");

describe("the pack", () => {
  it.each<Case>([
    container({}),
    container({ image: `sha256:${"1".repeat(64)}` }),
    container({ securityOpts: ["no-new-privileges"] }),
    mount("/run/agent-secrets/atlas"),
    mount("/home/deploy/data"),
    ["image", { name: goodContainer.image }],
    ["image", { name: "agent:local", build: { context: "." } }],
    firewall({}),
    firewall({ direction: "out", protocol: "udp", port: "any", destinationIps: ["0.0.0.0/0"] }),
    ["server", { firewallIds: [unknown], labels: { "managed-by": "creel" } }],
    ["dropletFirewall", { inboundRules: [{ protocol: "tcp", portRange: "22", sourceAddresses: ["198.51.100.1/32"] }] }],
    ["dropletFirewall", { outboundRules: [{ protocol: "udp", portRange: "all", destinationAddresses: ["::/0"] }] }],
    ["droplet", { tags: [unknown], dropletAgent: false }],
    access("policy", { decision: "allow", includes: [{ group: { id: unknown } }] }),
    access("policy", { decision: "deny", includes: [{ everyone: {} }] }),
    access("group", { includes: [{ email: { email: "ana@example.com" } }] }),
    ["application", { domain: "a.example.com", policies: [{ id: unknown, precedence: 1 }] }],
    ["tunnel", { configSrc: "cloudflare" }],
    routes([guardedRoute, notFound]),
    routes([{ ...guardedRoute, path: "^/slack/events\\.json$", originRequest: undefined }, notFound]),
    ["local", { create: "ssh -T -- deploy@198.51.100.7 sudo true" }],
  ])("has nothing against this %s: %j", (kind, props) => {
    expect(judge(kind, props)).toEqual([]);
  });

  it.each<Case>([
    container({ privileged: true }, "container-unprivileged: it is privileged"),
    container(
      { devices: [{ hostPath: "/dev/sda" }] },
      "container-unprivileged: it has the device /dev/sda of the host",
    ),
    ...["network", "pid", "ipc", "userns", "cgroupns"].map((kind) =>
      container({ [`${kind}Mode`]: "host" }, `container-own-namespaces: its ${kind} namespace is host`),
    ),
    container({ networkMode: "container:other" }, "container-own-namespaces: its network namespace is container:other"),
    container({ networksAdvanced: [{ name: "host" }] }, "container-own-namespaces: it is in the host's network"),
    ...["/var/run/docker.sock", "/run", "/run/containerd/containerd.sock"].map((at) =>
      mount(at, `container-no-docker-socket: it mounts ${at}, where the container engine's socket is`),
    ),
    ...["/", "/etc", "/root/.ssh", "/var/lib", "/proc"].map((at) =>
      mount(at, `container-no-host-system: it mounts ${at} of the host`),
    ),
    mount("/srv/../etc/", "container-no-host-system: it mounts /etc of the host"),
    container(
      { volumes: [{ hostPath: "//var/run//docker.sock", containerPath: "/x" }] },
      "container-no-docker-socket: it mounts /var/run/docker.sock, where the container engine's socket is",
    ),
    container({ capabilities: undefined }, "container-no-capabilities: capabilities.drops lacks ALL"),
    container(
      { capabilities: { drops: ["ALL"], adds: ["SYS_ADMIN"] } },
      "container-no-capabilities: it adds the capability SYS_ADMIN",
    ),
    container({ securityOpts: [] }, "container-no-new-privileges: securityOpts lacks no-new-privileges:true"),
    container(
      { securityOpts: ["no-new-privileges:true", "seccomp=unconfined"] },
      "container-no-new-privileges: securityOpts has seccomp=unconfined",
    ),
    container({ readOnly: false }, "container-read-only: readOnly is not true"),
    container({ readOnly: undefined }, "container-read-only: readOnly is not true"),
    container({ memory: undefined }, "container-memory-limit: memory is not set"),
    container({ memory: 0 }, "container-memory-limit: memory is not set"),
    container({ ports: [{ internal: 8080 }] }, "container-no-ports: it publishes its port 8080"),
    container({ publishAllPorts: true }, "container-no-ports: it publishes all its ports"),
    container(
      { image: "agent:latest" },
      "container-image-digest: agent:latest has no digest: write repository@sha256:…",
    ),
    ["image", { name: "agent" }, "image-digest: agent has no digest: write repository@sha256:…"],
    firewall({ port: "443" }, "firewall-ssh-only: it lets in tcp 443"),
    firewall({ port: "22-23" }, "firewall-ssh-only: it lets in tcp 22-23"),
    firewall({ protocol: "icmp", port: undefined }, "firewall-ssh-only: it lets in icmp"),
    firewall(
      { sourceIps: ["0.0.0.0/0", "::/0"] },
      ...["0.0.0.0/0", "::/0"].map((at) => `firewall-declared-ranges: it lets in ${at}`),
    ),
    firewall({ sourceIps: ["128.0.0.0/1"] }, "firewall-declared-ranges: it lets in 128.0.0.0/1"),
    ["server", { firewallIds: [] }, "server-firewall: firewallIds is empty: every port is public"],
    [
      "dropletFirewall",
      { inboundRules: [{ protocol: "tcp", portRange: "all", sourceAddresses: ["0.0.0.0/0"] }] },
      "firewall-ssh-only: it lets in tcp all",
      "firewall-declared-ranges: it lets in 0.0.0.0/0",
    ],
    [
      "droplet",
      { tags: [], dropletAgent: true },
      "droplet-firewall: tags is empty: until a firewall names it, every port is public",
      "droplet-no-agent: dropletAgent is not false",
    ],
    ["droplet", { tags: ["reef"] }, "droplet-no-agent: dropletAgent is not false"],
    ["server", {}, "server-firewall: firewallIds is empty: every port is public"],
    access("policy", { decision: "bypass" }, "access-no-bypass: its decision is bypass: nobody is asked who they are"),
    [
      "application",
      { policies: [{ id: unknown }, { decision: "bypass", includes: [{ everyone: {} }] }] },
      "access-no-bypass: its decision is bypass: nobody is asked who they are",
      "access-not-everyone: it includes everyone",
    ],
    access("policy", { decision: "allow", includes: [{ everyone: {} }] }, "access-not-everyone: it includes everyone"),
    access("group", { includes: [{ everyone: {} }] }, "access-not-everyone: it includes everyone"),
    ["tunnel", { configSrc: "local" }, "tunnel-configured-here: configSrc is not cloudflare"],
    ["tunnel", {}, "tunnel-configured-here: configSrc is not cloudflare"],
    ...[
      undefined,
      { access: { required: false, audTags: ["a"] } },
      { access: { required: true, audTags: [] } },
      { noTlsVerify: true },
    ].map((originRequest) =>
      routes(
        [{ ...guardedRoute, originRequest }, notFound],
        "tunnel-access-checked: the route of atlas.example.com lacks originRequest.access with audTags",
      ),
    ),
    ...["/hooks", "^/hooks", "^/hooks/.*$", "^/a$|^/b$"].map((path) =>
      routes(
        [{ hostname: "b.example.com", path, service: "http://agent:8080" }, notFound],
        "tunnel-access-checked: the route of b.example.com lacks originRequest.access with audTags",
      ),
    ),
    routes([guardedRoute], "tunnel-catch-all: the last route is no http_status:404"),
    routes([], "tunnel-catch-all: the last route is no http_status:404"),
    routes([notFound, guardedRoute, notFound], "tunnel-catch-all: a route that is not the last has no hostname"),
    container({ envs: ["API_KEY=x"] }, "secret-not-in-environment: the variable API_KEY is named like a secret"),
    container(
      { envs: [`SLACK=${slackToken}`] },
      "secret-not-in-environment: the variable SLACK holds what looks like a Slack token",
    ),
    container(
      { command: ["agent", slackToken] },
      "secret-not-in-command: a command line holds what looks like a Slack token",
    ),
    [
      "remote",
      { create: `echo ${slackToken}` },
      "secret-not-in-command: a command line holds what looks like a Slack token",
    ],
    container(
      { labels: [{ label: "bot", value: slackToken }] },
      "secret-not-in-labels: the label bot holds what looks like a Slack token",
    ),
    [
      "server",
      { firewallIds: [unknown], labels: { "db-password": "x" } },
      "secret-not-in-labels: the label db-password is named like a secret",
    ],
  ])("refuses this %s: %j", (kind, props, ...expected) => {
    expect(judge(kind, props)).toEqual(expected);
    expect(judge(kind, props).join()).not.toContain(slackToken);
  });

  it("waits for what is not known yet, and still sees the rest", () => {
    const unsettled = Object.fromEntries(Object.keys(goodContainer).map((key) => [key, unknown]));
    expect(judge("container", unsettled)).toEqual([]);
    expect(judge("container", { ...unsettled, privileged: true })).toEqual([
      "container-unprivileged: it is privileged",
    ]);
    const audience = { access: { required: true, audTags: [unknown] } };
    expect(judge(...(routes([{ ...guardedRoute, originRequest: audience }, notFound]) as [never, Properties]))).toEqual(
      [],
    );
    expect(judge("firewall", { rules: [unknown] })).toEqual([]);
    expect(judge("firewall", { rules: [{ ...goodRule, sourceIps: [unknown, "0.0.0.0/0"] }] })).toEqual([
      "firewall-declared-ranges: it lets in 0.0.0.0/0",
    ]);
  });
});
