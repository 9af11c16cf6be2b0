import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import type { EdgeFragment } from "../../components/edgeFragment";
import { prepareEngine } from "../../engine/engine";
import { packageFolder } from "../../engine/paths";
import { type TestCloudflare, testCloudflare, zones } from "./cloudflareStack";

const { name: zone, zoneId } = zones.free;

const fragment = (agent: string): EdgeFragment => ({
  agent,
  zone,
  operator: `${agent}-ana.${zone}`,
  bot: {
    hostname: `${agent}-bot.${zone}`,
    routes: [{ path: "/hooks/github", methods: ["POST"], contentTypes: ["application/json"] }],
  },
});

let cloudflare: TestCloudflare;
let folder: string;
let pulumi: (project: string, ...args: string[]) => Promise<{ failed: boolean; output: string }>;

const inFolder = (...parts: string[]) => path.join(folder, ...parts);

/** The zone's project as it lies in the package, beside what it is compiled to, with a stack file of its own. */
async function zoneProject(changed: object): Promise<void> {
  const fleets = ["organization/creel/one", "organization/creel/two"];
  const settings = { zone, zoneId, plan: "free", fleets, ...changed };
  const config = { "creel:zone": settings, "cloudflare:baseUrl": cloudflare.environment.CLOUDFLARE_BASE_URL };
  await writeFile(inFolder("stacks/zone/Pulumi.shared.yaml"), stringify({ config }));
}

/** A fleet, as far as the zone sees of it. */
async function fleet(stack: string, edge: unknown): Promise<void> {
  await writeFile(inFolder("fleet/index.js"), `exports.edge = ${JSON.stringify(edge)};`);
  await must("fleet", "stack", "select", "--create", stack);
  await must("fleet", "up", "--yes", "--skip-preview", "--stack", stack);
}

async function must(project: string, ...args: string[]): Promise<string> {
  const { failed, output } = await pulumi(project, ...args);
  if (failed) throw new Error(output);
  return output;
}

const blocking = () =>
  Object.values(cloudflare.state.rulesets)
    .filter(({ phase }) => phase === "http_request_firewall_custom")
    .flatMap(({ rules }) => rules.filter(({ action }) => action === "block").map(({ expression }) => expression));

beforeAll(async () => {
  cloudflare = await testCloudflare();
  folder = await mkdtemp(path.join(tmpdir(), "creel-zone-"));
  const engine = await prepareEngine({});
  const env = {
    ...engine.env,
    ...cloudflare.environment,
    PULUMI_BACKEND_URL: `file://${inFolder("state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
  };
  pulumi = async (project, ...args) => {
    const options = { cwd: inFolder(project), env, all: true, reject: false, stdin: "ignore" } as const;
    const { exitCode, all } = await execa(engine.pulumi, [...args, "--non-interactive", "--color", "never"], options);
    return { failed: exitCode !== 0, output: all };
  };
  for (const part of ["state", "fleet", "stacks/zone"]) await mkdir(inFolder(part), { recursive: true });
  await symlink(path.join(packageFolder, "node_modules"), inFolder("node_modules"));
  await symlink(path.join(packageFolder, "dist"), inFolder("dist"));
  await copyFile(path.join(packageFolder, "stacks/zone/Pulumi.yaml"), inFolder("stacks/zone/Pulumi.yaml"));
  await writeFile(
    inFolder("fleet/Pulumi.yaml"),
    "name: creel\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
  );
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await cloudflare?.api.close();
});

test("two fleets share a zone, whose stack makes the rules of both, and settles", async () => {
  await fleet("one", { [zone]: [fragment("atlas")] });
  await fleet("two", { [zone]: [fragment("bo")], "other.example": [] });
  await zoneProject({ fragments: [fragment("bo"), fragment("cy")] });
  await must("stacks/zone", "stack", "select", "--create", "shared");
  const preview = await must("stacks/zone", "preview");
  expect(preview).toContain("3 agents, 3 bot hostnames");
  await must("stacks/zone", "up", "--yes", "--skip-preview");
  expect(blocking()).toEqual([expect.stringMatching(/"atlas-bot\.free\.example" "bo-bot\.free\.example" "cy-bot/)]);
  await must("stacks/zone", "refresh", "--yes", "--skip-preview", "--expect-no-changes");
  await must("stacks/zone", "preview", "--expect-no-changes");
});

test("what a fleet gives is checked before anything is changed", async () => {
  const stolen = { ...fragment("eve"), bot: fragment("atlas").bot };
  const hostile = { ...fragment("mallory"), operator: `x" or true or "y.${zone}` };
  await fleet("two", { [zone]: [stolen, hostile] });
  const before = blocking();
  const { failed, output } = await pulumi("stacks/zone", "up", "--yes", "--skip-preview");
  expect(failed).toBe(true);
  expect(output).toMatch(/creel:zone has 2 faults; nothing was changed/);
  expect(output).toMatch(
    /edge\[0\]\.bot\.hostname +"atlas-bot\.free\.example" is the hostname at organization\/creel\/one: edge\[0\]/,
  );
  expect(output).toMatch(/organization\/creel\/two: edge\[1\]\.operator .* has another form/);
  expect(blocking()).toEqual(before);
});

test("a fleet that makes its rules itself gives nothing, and that is said", async () => {
  await fleet("two", {});
  const { output } = await pulumi("stacks/zone", "preview");
  expect(output).toMatch(
    /fleets\[1\] +"organization\/creel\/two" gives nothing for free\.example: say rules: elsewhere/,
  );
});

test("an agent that has gone takes its rules along, and so does the zone", async () => {
  await fleet("two", { [zone]: [] });
  await zoneProject({});
  await must("stacks/zone", "up", "--yes", "--skip-preview");
  expect(blocking()).toEqual([expect.stringMatching(/^\(lower\(http\.host\) eq "atlas-bot\.free\.example" and /)]);
  await must("stacks/zone", "destroy", "--yes", "--skip-preview");
  expect(cloudflare.state.rulesets).toEqual({});
});
