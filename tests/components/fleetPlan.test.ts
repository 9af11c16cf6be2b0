import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { agentUid } from "../../components/agentNames";
import { faultText } from "../../components/faults";
import { planFleet } from "../../components/fleetPlan";
import { ecdsaKey } from "../host/keys";
import { agent, deepSet, goodFleet, goodSecrets, key, server, zone } from "./goodFleet";

/** The faults of the good fleet with some paths changed, as lines. */
function faultsWith(changes: Record<string, unknown>, secrets = goodSecrets()): string[] {
  const document = goodFleet();
  for (const [path, value] of Object.entries(changes)) deepSet(document, path, value);
  const { faults, plan } = planFleet(document, secrets);
  expect(plan === undefined).toBe(faults.length > 0);
  return faults.map(
    ({ path, value, reason, remedy }) =>
      `${path} ${value === undefined ? "" : `${JSON.stringify(value)} `}${reason}: ${remedy}`,
  );
}

describe("planFleet", () => {
  it("fills in defaults and finds every agent a place and a zone", () => {
    const { faults, plan } = planFleet(goodFleet(), goodSecrets());
    expect(faults).toEqual([]);
    expect(plan).toMatchObject({
      operatorKeys: [key],
      accountId: "0123456789abcdef0123456789abcdef",
      servers: { reef: { provider: "hcloud", image: "debian-12", profile: "production", ssh: { allowOpen: false } } },
      tenants: { ana: { session: "8h", require: { mfa: false } } },
      agents: {
        atlas: {
          server: "reef",
          memory: 256,
          runtime: "generic",
          zone: { name: "example.com", team: "acme", plan: "free" },
        },
      },
    });
  });

  it("takes an empty document for an empty fleet", () => {
    expect(planFleet({}, {}).plan).toMatchObject({ servers: {}, agents: {}, operatorKeys: [] });
    expect(planFleet(undefined, {}).plan).toMatchObject({ servers: {} });
  });

  it("writes groups of servers out and spreads agents over them", () => {
    const document = goodFleet();
    deepSet(document, "servers.reef.count", 2);
    for (const name of ["bora", "cora", "dora"]) {
      deepSet(document, `agents.${name}`, {
        ...(document.agents as Record<string, object>).atlas,
        operator: `${name}.example.com`,
      });
    }
    const { plan } = planFleet(document, {});
    expect(Object.keys(plan!.servers)).toEqual(["reef-1", "reef-2"]);
    expect(Object.entries(plan!.agents).map(([name, { server }]) => `${name} ${server}`)).toEqual([
      "atlas reef-1",
      "bora reef-2",
      "cora reef-1",
      "dora reef-2",
    ]);
  });
});

describe("what a fleet gets wrong", () => {
  const cases: [string, Record<string, unknown>, RegExp[]][] = [
    ["an unknown section", { agent: {} }, [/^agent is not a known setting: did you mean agents\?/]],
    [
      "an unknown setting",
      { "agents.atlas.memmory": "1GiB" },
      [/^agents.atlas.memmory is not a known setting: did you mean memory\?/],
    ],
    [
      "two unknown settings",
      { "zones.example.com.x": 1, "zones.example.com.y": 1 },
      [/zones.example.com.x /, /zones.example.com.y /],
    ],
    [
      "an agent's name in upper case",
      { "agents.Bora": agent({ operator: "bora.example.com" }) },
      [/^agents.Bora "Bora" is not a name/],
    ],
    ["a server's name with an underscore", { "servers.a_b": server() }, [/^servers.a_b "a_b" is not a name/]],
    ["a tenant's name with a dot", { "tenants.a-": { emails: ["a@example.com"] } }, [/^tenants.a- "a-" is not a name/]],
    [
      "an agent called like a connector",
      { "agents.b-connector": agent({ operator: "b.example.com" }) },
      [/would be taken for/],
    ],
    [
      "two servers with one name",
      { "servers.reef.count": 2, "servers.reef-1": server() },
      [/^servers.reef-1 stands for reef-1, and so does servers.reef/],
    ],
    [
      "an unknown server",
      { "agents.atlas.server": "reff" },
      [/^agents.atlas.server "reff" is not a server: did you mean reef\? \(servers: reef\)/],
    ],
    [
      "an unknown tenant",
      { "agents.atlas.tenant": "anna" },
      [/^agents.atlas.tenant "anna" is not a tenant: did you mean ana\?/],
    ],
    [
      "an image without digest",
      { "agents.atlas.image": "openclaw:latest" },
      [/^agents.atlas.image "openclaw:latest" has no digest: write openclaw@sha256:…/],
    ],
    [
      "a connector without digest",
      { "connector.image": "cloudflare/cloudflared" },
      [/^connector.image "cloudflare\/cloudflared" has no digest/],
    ],
    ["no connector", { connector: undefined }, [/^connector.image is missing/]],
    ["no operator", { operators: undefined }, [/^operators.keys is missing/]],
    ["an empty list of operators", { "operators.keys": [] }, [/^operators.keys is empty/]],
    [
      "a file's name for a key",
      { "operators.keys": ["~/.ssh/id_ed25519.pub"] },
      [/^operators.keys\[0\] .*is not an SSH public key/],
    ],
    [
      "a mutilated key",
      { "operators.keys": [`${key.slice(0, 60)} ana`] },
      [/^operators.keys\[0\] .*is not an SSH public key/],
    ],
    [
      "a hostname outside the zone",
      { "agents.atlas.operator": "atlas.example.org" },
      [/^agents.atlas.operator .*is not inside a zone/],
    ],
    [
      "a hostname two labels deep",
      { "agents.atlas.operator": "atlas.ana.example.com" },
      [/^agents.atlas.operator .*is 2 labels below/],
    ],
    [
      "one hostname twice",
      { "agents.bora": agent() },
      [/^agents.bora.operator .*is the operator hostname of agents.atlas already/],
    ],
    ["no zone", { zones: undefined }, [/^agents.atlas.operator .*is not inside a zone: .*none yet/]],
    [
      "zones of two accounts",
      { "zones.example.org": { ...zone(), accountId: "f".repeat(32), zoneId: "e".repeat(32) } },
      [/^zones.example.org.accountId .*is another account/],
    ],
    [
      "two zones with one id",
      { "zones.example.org": zone() },
      [/^zones.example.org.zoneId .*is the id of zones.example.com already/],
    ],
    [
      "an account's name for its id",
      { "zones.example.com.accountId": "acme" },
      [/^zones.example.com.accountId "acme" has another form: write 32 hex/],
    ],
    [
      "a misspelt plan",
      { "zones.example.com.plan": "busines" },
      [/^zones.example.com.plan "busines" is not known here: did you mean business\?/],
    ],
    [
      "SSH for everybody",
      { "servers.reef.ssh.cidrs": ["0.0.0.0/0"] },
      [/^servers.reef.ssh.cidrs\[0\] "0.0.0.0\/0" opens SSH to everybody/],
    ],
    [
      "SSH for everybody by IPv6",
      { "servers.reef.ssh.cidrs": ["::/0"] },
      [/^servers.reef.ssh.cidrs\[0\] "::\/0" opens SSH to everybody/],
    ],
    [
      "SSH for everybody in two halves",
      { "servers.reef.ssh.cidrs": ["0.0.0.0/1", "128.0.0.0/1"] },
      [/^servers.reef.ssh.cidrs\[0\] .*opens SSH to 1 in 2/, /^servers.reef.ssh.cidrs\[1\] .*opens SSH to 1 in 2/],
    ],
    ["SSH for nobody", { "servers.reef.ssh.cidrs": [] }, [/^servers.reef.ssh.cidrs is empty/]],
    [
      "a key that sshd would not take, told once for all servers",
      { "operators.keys": ["x", key, ecdsaKey], "servers.atoll": server() },
      [
        /^operators.keys\[0\] "x" is not an SSH public key/,
        /^operators.keys\[2\] .*kind of key that the profile's sshd does not/,
      ],
    ],
    [
      "an operating system that nobody hardened",
      { "servers.reef.image": "ubuntu-24.04" },
      [/^servers.reef.image "ubuntu-24.04" is not an image that can be hardened/],
    ],
    [
      "an address for a range",
      { "servers.reef.ssh.cidrs": ["198.51.100.1"] },
      [/is not an address range: write 198.51.100.1\/32/],
    ],
    [
      "a range with host bits",
      { "servers.reef.ssh.cidrs": ["198.51.100.1/24"] },
      [/does not start at the first address/],
    ],
    [
      "an unknown size",
      { "servers.reef.size": "cx22" },
      [/^servers.reef.size "cx22" is not a size that Creel knows: did you mean cx23\?/],
    ],
    [
      "an unknown profile",
      { "servers.reef.profile": "productoin" },
      [/^servers.reef.profile .*did you mean production\?/],
    ],
    [
      "an unknown provider",
      { "servers.reef.provider": "aws" },
      [/^servers.reef.provider "aws" is not known here: write one of hcloud/],
    ],
    [
      "memory in words of vendors",
      { "agents.atlas.memory": "1GB" },
      [/^agents.atlas.memory "1GB" has another form: write a size with its unit/],
    ],
    [
      "memory without unit",
      { "agents.atlas.memory": 512 },
      [/^agents.atlas.memory 512 is not a text: write a size with its unit/],
    ],
    ["no memory", { "agents.atlas.memory": undefined }, [/^agents.atlas.memory is missing: write a size/]],
    [
      "agents larger than their server",
      { "agents.atlas.memory": "4GiB" },
      [
        /^servers.reef.size "cx23" leaves 3328 MiB for agents, and atlas with connectors need 4224 MiB: choose cx33, or/,
      ],
    ],
    [
      "a runtime's least memory",
      { "agents.atlas.runtime": "openclaw" },
      [/^agents.atlas.memory 256 is too little: .*from 2048 .*openclaw/],
    ],
    ["no health check", { "agents.atlas.health": undefined }, [/^agents.atlas.health is missing/]],
    [
      "a secret in the environment",
      { "agents.atlas.environment": { API_KEY: "hunter2" } },
      [/^agents.atlas.environment.API_KEY is named like a secret/],
    ],
    [
      "a secret anywhere",
      { "agents.atlas.command": ["serve", `xoxb-${"1".repeat(20)}`] },
      [/^agents.atlas.command\[1\] holds what looks like a Slack token/],
    ],
    [
      "a secret in a place that has a form of its own",
      {
        "agents.atlas.image": `ghp_${"x".repeat(36)}:1`,
        "agents.atlas.tenant": `ghp_${"x".repeat(36)}`,
        "tenants.ana.emails": ["postgres://ana:hunter2@db"],
        "operators.keys": [key, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"],
      },
      [
        /^agents.atlas.image holds what looks like a GitHub token/,
        /^agents.atlas.tenant holds what looks like a GitHub token/,
        /^operators.keys\[1\] holds what looks like a private key/,
        /^tenants.ana.emails\[0\] holds what looks like an address with a password/,
      ],
    ],
    [
      "a private key",
      { "operators.keys": ["-----BEGIN OPENSSH PRIVATE KEY-----\nx"] },
      [/^operators.keys\[0\] holds what looks like a private key/],
    ],
    [
      "a number in the environment",
      { "agents.atlas.environment": { A: 1 } },
      [/^agents.atlas.environment.A 1 is not a text: .*quotes/],
    ],
    [
      "everybody as a tenant",
      { "tenants.ana.emails": ["*"] },
      [/^tenants.ana.emails\[0\] "\*" would admit more than one person/],
    ],
    ["nobody as a tenant", { "tenants.ana.emails": [] }, [/^tenants.ana.emails is missing/]],
    [
      "more servers than a stack holds",
      { "servers.reef.count": 8, "servers.atoll": { ...(server() as object), count: 5 } },
      [/^servers are 13, and one stack holds at most 12: move some, with their agents, into another stack file/],
    ],
    [
      "a group larger than a stack",
      { "servers.reef.count": 13 },
      [/^servers are 13/, /^servers.reef.count 13 is more than one stack holds: write 12 or less, and the others into/],
    ],
    ["a list for a section", { agents: [] }, [/^agents is not a group of named entries/]],
    ["nothing for an agent", { "agents.atlas": null }, [/^agents.atlas is not a group of settings/]],
  ];

  it.each(cases)("%s", (_title, changes, expected) => {
    expect(faultsWith(changes, "agents" in changes || "agents.atlas" in changes ? {} : undefined)).toEqual(
      expected.map((line) => expect.stringMatching(line)),
    );
  });

  it("a secret for an unknown agent", () => {
    expect(faultsWith({}, { atlsa: { KEY: "x" } })).toEqual([
      expect.stringMatching(/^creel:secrets.atlsa is not an agent: did you mean atlas\?/),
    ]);
  });

  it("a secret that cannot be a file", () => {
    expect(faultsWith({}, { atlas: { "../x": "y" } })).toEqual([
      expect.stringMatching(/^creel:secrets.atlas.\.\.\/x "..\/x" is not a name of a secret/),
    ]);
  });

  it("more keys than user-data has room for, told at the keys and before anything is made", () => {
    const keys = Array.from({ length: 60 }, (_, i) => ed25519Key(i));
    expect(faultsWith({ "operators.keys": keys, "servers.reef.count": 2, "servers.atoll": server() })).toEqual([
      expect.stringMatching(/^operators.keys makes the user-data of servers.reef larger .*: write fewer keys$/),
    ]);
  });

  it("more address ranges than user-data has room for", () => {
    const cidrs = Array.from({ length: 900 }, (_, i) => `${10 + (i % 90)}.${(i * 37) % 251}.${(i * 91) % 253}.1/32`);
    const droplet = { provider: "digitalocean", location: "fra1", size: "s-2vcpu-4gb" };
    expect(faultsWith({ "servers.reef": { ...droplet, ssh: { cidrs } } })).toEqual([
      expect.stringMatching(
        /^servers.reef.ssh.cidrs makes the user-data .*: write fewer address ranges, or wider ones$/,
      ),
    ]);
  });

  it("two agents with one user id on one server", () => {
    const holders = new Map<number, string>();
    const pair = Array.from({ length: 5000 }, (_, i) => `agent-${i}`).flatMap((name) => {
      const other = holders.get(agentUid(name));
      holders.set(agentUid(name), name);
      return other === undefined ? [] : [[other, name]];
    })[0] as [string, string];
    const changes = Object.fromEntries(
      pair.map((name) => [`agents.${name}`, agent({ operator: `${name}.example.com` })]),
    );
    expect(faultsWith(changes)).toEqual([expect.stringMatching(/would share user id \d+ on reef with agents\./)]);
    const apart = {
      ...changes,
      "servers.atoll": server(),
      [`agents.${pair[1]}.server`]: "atoll",
      [`agents.${pair[0]}.server`]: "reef",
    };
    expect(faultsWith(apart)).toEqual([]);
  });

  it("may be taken back by saying so", () => {
    expect(faultsWith({ "servers.reef.ssh": { cidrs: ["0.0.0.0/0"], allowOpen: true } })).toEqual([]);
    expect(faultsWith({ "servers.reef.size": "zx99", "servers.reef.memory": "8GiB" })).toEqual([]);
  });

  it("is said all at once, each with path, value, rule and remedy, and no secret repeated", () => {
    const document = goodFleet();
    const wrong = Object.assign({}, ...cases.slice(0, 34).map(([, changes]) => changes)) as Record<string, unknown>;
    for (const path of ["connector", "operators", "zones"]) delete wrong[path];
    for (const [path, value] of Object.entries(wrong)) deepSet(document, path, value);
    deepSet(document, "agents.atlas.environment", { TOKEN: "hunter2" });
    const { faults } = planFleet(document, {});
    expect(faults.length).toBeGreaterThanOrEqual(20);
    expect(new Set(faults.map(({ path }) => path)).size).toBe(faults.length);
    expect(faults.every(({ reason, remedy }) => reason !== "" && remedy !== "")).toBe(true);
    expect(faultText(faults, "creel:fleet")).not.toContain("hunter2");
  });
});

/** A well-formed key for each number. */
function ed25519Key(i: number): string {
  const head = Buffer.from("0000000b7373682d6564323535313900000020", "hex");
  return `ssh-ed25519 ${Buffer.concat([head, createHash("sha256").update(`${i}`).digest()]).toString("base64")}`;
}
