import { expect, it } from "vitest";
import { parse } from "yaml";
import { faultText } from "../../components/faults";
import { planFleet } from "../../components/fleetPlan";

/** One fault after another, no two of a kind. */
const written = `
operators:
  keys: [~/.ssh/id_ed25519.pub]
connector: { image: "cloudflare/cloudflared:latest" }
defaults:
  agent: { runtme: generic }
zones:
  example.com: { accountId: acme, zoneId: "${"0".repeat(32)}", plan: busines, team: acme, tls: { minVersion: 1.1 } }
  example.org:
    accountId: "${"1".repeat(32)}"
    zoneId: "${"2".repeat(32)}"
    team: acme
    rules: elsewhere
    managedRules: true
identityProviders:
  work: { id: 11111111-2222-3333-4444-555555555555, type: gogle }
tenants:
  ana: { emails: ["*"], session: 8 hours, identityProviders: [wrok] }
  bo: { emails: [bo@example.com] }
servers:
  reef: { count: 12, location: Falkenstein, size: cx23, ssh: { cidrs: [0.0.0.0/0] } }
  Atoll: { location: fsn1, size: cx53, ssh: { cidrs: [198.51.100.1] } }
agents:
  atlas:
    tenant: anna
    server: reff-1
    image: example.com/agent@sha256:abc
    operator: atlas.example.net
    memory: 512
    environment: { API_KEY: hunter2 }
    health: [check]
    bot: { hostname: bot.atlas.example.org, routes: [slak, { path: "/hooks/*" }] }
  my-connector:
    tenant: ana
    image: example.com/agent@sha256:${"3".repeat(64)}
    operator: my.example.org
    memory: 1GiB
    tasksMax: 0.5
    health: [check]
`;

it("thirty faults of a document are thirty lines of one error, each with what is there, what is wrong and what to write", () => {
  const { faults, plan } = planFleet(parse(written), { atlsa: { KEY: "CANARY" } });
  expect(plan).toBeUndefined();
  const [heading, ...lines] = faultText(faults, "creel:fleet").split("\n");
  expect(heading).toBe("creel:fleet has 30 faults; nothing was changed");
  expect(lines.map((line) => line.trim().replace(/ {3,}/, " | "))).toEqual([
    `agents.atlas.bot.hostname | "bot.atlas.example.org" is 2 labels below example.org: write bot-atlas.example.org, because the zone's certificate covers one label below it`,
    'agents.atlas.bot.routes[0] | "slak" is not a preset: did you mean slack? (presets: slack, telegram, github, discord, stripe, googlechat, teams, twilio)',
    'agents.atlas.bot.routes[1].path | "/hooks/*" is a pattern, and paths are compared exactly: write one whole path of letters, digits and - . _ ~ between single slashes, such as /hooks/github',
    "agents.atlas.bot.routes[1].secret | is missing: write the name of the secret by which the agent tells real requests from forged ones",
    "agents.atlas.environment.API_KEY | is named like a secret, in plain text: give it as a secret: it is read at /run/secrets/NAME",
    'agents.atlas.image | "example.com/agent@sha256:abc" has a damaged digest: write sha256: and 64 hexadecimal digits',
    "agents.atlas.memory | 512 is not a text: write a size with its unit, such as 512MiB or 2GiB",
    'agents.atlas.operator | "atlas.example.net" is not inside a zone: write one label in front of a zone (zones: example.com, example.org)',
    'agents.atlas.server | "reff-1" is not a server: did you mean reef-1? (servers: reef-1, reef-2, reef-3, reef-4, reef-5, reef-6, reef-7, reef-8, reef-9, reef-10, reef-11, reef-12, …)',
    'agents.atlas.tenant | "anna" is not a tenant: did you mean ana? (tenants: ana, bo)',
    `agents.my-connector | "my-connector" would be taken for an agent's connector: choose a name without the word "connector"`,
    "agents.my-connector.tasksMax | 0.5 is too little: write a whole number from 16 to 32768 (processes)",
    'connector.image | "cloudflare/cloudflared:latest" has no digest: write cloudflare/cloudflared@sha256:… (docker buildx imagetools inspect cloudflare/cloudflared:latest prints it)',
    "creel:secrets.atlsa | is not an agent: did you mean atlas? (agents: atlas, my-connector)",
    "defaults.agent.runtme | is not a known setting: did you mean runtime? (known: tenant, server, runtime, image, rotation, memory, cpus, tasksMax, port, health, command, environment)",
    'identityProviders.work.type | "gogle" is not known here: did you mean google? (known: azureAD, centrify, cloudflare, facebook, github, google, google-apps, linkedin, oidc, okta, onelogin, onetimepin, pingone, saml, yandex)',
    'operators.keys[0] | "~/.ssh/id_ed25519.pub" is not an SSH public key: write the line of the .pub file: ssh-ed25519 AAAA… name',
    "servers | are 13, and one stack holds at most 12: move some, with their agents, into another stack file (a shard; its zones say rules: elsewhere)",
    'servers.Atoll | "Atoll" is not a name: use at most 24 lower-case letters, digits and single dashes, a letter first',
    'servers.Atoll.ssh.cidrs[0] | "198.51.100.1" is not an address range: write 198.51.100.1/32',
    'servers.reef.location | "Falkenstein" is not a location of Hetzner Cloud: write one of the locations: fsn1, nbg1, hel1, ash, hil, sin',
    'servers.reef.ssh.cidrs[0] | "0.0.0.0/0" opens SSH to everybody: write your own address as a.b.c.d/32, or allowOpen: true beside it if everybody really shall reach SSH',
    'tenants.ana.emails[0] | "*" would admit more than one person: write one address in full, such as ana@example.com',
    'tenants.ana.identityProviders[0] | "wrok" is not an identity provider: did you mean work? (identityProviders: work)',
    'tenants.ana.session | "8 hours" is not how long a login can last: write hours and minutes, such as 8h or 1h30m, at most 720h',
    'zones.example.com.accountId | "acme" has another form: write 32 hexadecimal digits, as Cloudflare shows them',
    'zones.example.com.plan | "busines" is not known here: did you mean business? (known: free, pro, business, enterprise)',
    "zones.example.com.tls.minVersion | 1.1 is not a TLS version that is still safe: write 1.2 or 1.3",
    'zones.example.com.zoneId | "00000000000000000000000000000000" is a placeholder: write 32 hexadecimal digits, as Cloudflare shows them',
    "zones.example.org.managedRules | has no effect: the rules of this zone are made elsewhere: move it into the stack that makes them, or remove rules: elsewhere",
  ]);
  const paths = new Set(faults.map(({ path }) => path));
  expect(paths.size).toBe(30);
});
