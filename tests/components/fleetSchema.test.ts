import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { planFleet } from "../../components/fleetPlan";
import { packageFolder } from "../../engine/paths";
import { referencePage } from "../../stacks/schema/reference";
import { stackSchema } from "../../stacks/schema/stackSchema";
import { agent, deepSet, goodFleet, zone } from "./goodFleet";

// Strict, so that a misspelt keyword of the schema itself is found, but for conditions, which say nothing of types.
const schema = new Ajv({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
const isValid = schema.compile(stackSchema());

/** What is wrong with a stack file, as "path message". */
function errors(file: unknown): string[] {
  isValid(file);
  return (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const withFleet = (fleet: unknown) => ({ config: { "creel:fleet": fleet } });

function fleetErrors(changes: Record<string, unknown>): string[] {
  const document = goodFleet();
  for (const [at, value] of Object.entries(changes)) deepSet(document, at, value);
  return errors(withFleet(document));
}

describe("the JSON Schema of stack files", () => {
  const folders = [".", "stacks/zone"];
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(packageFolder, folder))
      .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
      .map((name) => path.join(folder, name)),
  );

  it.each(files)("takes the example %s, which leads editors to it", (file) => {
    const text = readFileSync(path.join(packageFolder, file), "utf8");
    expect(errors(parse(text))).toEqual([]);
    const [, schemaPath] = /^# yaml-language-server: \$schema=(\S+)$/m.exec(text) ?? [];
    expect(path.join(path.dirname(file), schemaPath ?? "")).toBe("dist/schema/stack.schema.json");
  });

  it("takes the fleet of the tests", () => expect(fleetErrors({})).toEqual([]));

  it("takes what the checks take", () => {
    const changes = {
      "agents.atlas.bot": { hostname: "atlas-bot.example.com", routes: ["slack", { path: "/x", secret: "KEY" }] },
      "zones.example.com.tls": { minVersion: 1.3, hsts: { days: 0 } },
      "servers.reef.count": 3,
    };
    expect(fleetErrors(changes)).toEqual([]);
    const { operator: _, ...common } = agent() as Record<string, unknown>;
    expect(fleetErrors({ defaults: { agent: common }, agents: { bora: {}, cora: { memory: "1GiB" } } })).toEqual([]);
  });

  it("takes other settings of the stack, and of providers", () => {
    const config = { "hcloud:endpoint": "http://127.0.0.1", "hcloud:token": { secure: "AAAB" }, plain: 7 };
    expect(errors({ secretsprovider: "passphrase", encryptionsalt: "v1:", config })).toEqual([]);
    expect(errors({ config: { "creel:secrets": { secure: "AAAB" } } })).toEqual([]);
    expect(
      errors({ config: { "creel:secrets": { atlas: { KEY: { secure: "AAAB" } }, bora: { secure: "A" } } } }),
    ).toEqual([]);
  });

  it.each<[string, unknown]>([
    ["a secret in plain text", { "creel:secrets": { atlas: { KEY: "hunter2" } } }],
    ["a secret with more than its value", { "creel:secrets": { atlas: { KEY: { secure: "A", plain: "B" } } } }],
    ["secrets as a list", { "creel:secrets": ["A"] }],
    ["a token in plain text", { "hcloud:token": "h".repeat(64) }],
    ["another token in plain text", { "cloudflare:apiToken": "c".repeat(40) }],
    ["a misspelt key", { "creel:flet": {} }],
    ["a fleet that is a list", { "creel:fleet": [] }],
    ["a fleet that is encrypted", { "creel:fleet": { secure: "AAAB" } }],
    ["a zone without its id", { "creel:zone": { zone: "example.com" } }],
    ["a zone with a short stack name", { "creel:zone": { ...zoneFile(), fleets: ["production"] } }],
    ["a zone with a misspelt setting", { "creel:zone": { ...zoneFile(), fleet: [] } }],
  ])("refuses %s", (_title, config) => expect(errors({ config })).not.toEqual([]));

  const bad: [string, Record<string, unknown>][] = [
    ["a misspelt section", { agent: {} }],
    ["a misspelt setting", { "agents.atlas.memmory": "1GiB" }],
    ["a misspelt setting deep inside", { "zones.example.com.tls": { hsts: { dayz: 1 } } }],
    ["a misspelt setting of a route", { "agents.atlas.bot": { hostname: "b.example.com", routes: [{ pth: "/x" }] } }],
    ["a misspelt default", { "defaults.server": { locaton: "fsn1" } }],
    ["a default of what is an agent's own", { "defaults.agent": { operator: "a.example.com" } }],
    ["a name in upper case", { "agents.Bora": agent() }],
    ["a name that is too long", { [`agents.${"b".repeat(25)}`]: agent() }],
    ["a server's name with an underscore", { "servers/a_b": {} }],
    ["no image", { "agents.atlas.image": undefined }],
    ["no memory", { "agents.atlas.memory": undefined }],
    ["no image, and another default", { "agents.atlas.image": undefined, "defaults.agent": { memory: "1GiB" } }],
    ["an image without digest", { "agents.atlas.image": "openclaw:latest" }],
    ["memory without unit", { "agents.atlas.memory": 512 }],
    ["memory in words of vendors", { "agents.atlas.memory": "1GB" }],
    ["a port as a text", { "agents.atlas.port": "80" }],
    ["a number in the environment", { "agents.atlas.environment": { A: 1 } }],
    ["an empty command", { "agents.atlas.command": [] }],
    ["a path that is none", { "agents.atlas.bot": { hostname: "b.example.com", routes: [{ path: "x" }] } }],
    ["an unknown preset", { "agents.atlas.bot": { hostname: "b.example.com", routes: ["slak"] } }],
    ["no routes", { "agents.atlas.bot": { hostname: "b.example.com", routes: [] } }],
    ["a hostname that is an address", { "agents.atlas.operator": "https://atlas.example.com" }],
    ["an unknown runtime", { "agents.atlas.runtime": "opnclaw" }],
    ["too many servers in a group", { "servers.reef.count": 13 }],
    ["half a server", { "servers.reef.count": 1.5 }],
    ["an unknown provider", { "servers.reef.provider": "aws" }],
    ["an unknown profile", { "servers.reef.profile": "productoin" }],
    ["no address range", { "servers.reef.ssh": { cidrs: [] } }],
    ["an address for a range", { "servers.reef.ssh": { cidrs: ["198.51.100.1"] } }],
    ["no size", { "servers.reef.size": undefined }],
    ["a file's name for a key", { "operators.keys": ["~/.ssh/id_ed25519.pub"] }],
    ["an account's name for its id", { "zones.example.com.accountId": "acme" }],
    ["a misspelt plan", { "zones.example.com.plan": "busines" }],
    ["an old TLS version", { "zones.example.com.tls": { minVersion: 1 } }],
    ["a zone that is no name", { "zones/x": zone() }],
    ["one address for a list", { "tenants.ana.emails": "ana@example.com" }],
    ["a kind of login that nobody has", { "identityProviders.x": { id: "x", type: "gogle" } }],
    ["nothing for an agent", { "agents.atlas": null }],
  ];

  it.each(bad)("refuses %s, as the checks do", (_title, changes) => {
    expect(fleetErrors(changes)).not.toEqual([]);
    const document = goodFleet();
    for (const [at, value] of Object.entries(changes)) deepSet(document, at, value);
    expect(planFleet(document, {}).faults).not.toEqual([]);
  });

  it("says of every setting what it is, and what holds where it is left out", () => {
    const silent = silentSettings(stackSchema().properties!.config!.properties!["creel:fleet"]!, "");
    expect(silent).toEqual([]);
  });
});

describe("docs/reference.md", () => {
  it("is what the schema says", () => {
    const page = readFileSync(path.join(packageFolder, "docs/reference.md"), "utf8");
    expect(page === referencePage(), "docs/reference.md is stale: npm run reference makes it anew").toBe(true);
  });
});

function zoneFile(): object {
  return { zone: "example.com", zoneId: "fedcba9876543210fedcba9876543210" };
}

type Part = ReturnType<typeof stackSchema>;

/** What entries need that may also come from defaults, and therefore has no default of its own. */
const needed = ["tenant", "image", "memory", "location", "size", "ssh"];

/** Settings without a description, and optional ones that do not say what holds without them. */
function silentSettings(part: Part, at: string): string[] {
  const {
    properties = {},
    required = [],
    additionalProperties: entry,
    items,
    anyOf = [],
  } = part as Part & { anyOf?: Part[] };
  const inside = Object.entries(properties).flatMap(([name, setting]) => {
    const here = `${at}.${name}`;
    const { description = "" } = setting;
    const told = [...required, ...needed].includes(name)
      ? description !== ""
      : /Default: |Needed as soon as/.test(description);
    return [...(told ? [] : [here]), ...silentSettings(setting, here)];
  });
  const more = [entry, items, ...anyOf].filter((inner): inner is Part => typeof inner === "object");
  return [...inside, ...more.flatMap((inner) => silentSettings(inner, `${at}[]`))];
}
