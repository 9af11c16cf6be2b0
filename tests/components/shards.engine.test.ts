import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { prepareEngine } from "../../engine/engine";
import { zoneId } from "../clouds/cloudflare/account";
import { FleetStack } from "./fleetStack";
import { agent, deepSet, goodFleet } from "./goodFleet";

/** Two whole fleets in stacks of their own, in one zone whose rules a third stack makes. */
describe("a fleet in two shards", () => {
  let stack: FleetStack;
  let pulumi: string;

  beforeAll(async () => {
    stack = await FleetStack.open();
    pulumi = (await prepareEngine({ standIns: "always" })).pulumi;
    await stack.deployment.setSecret("creel:secrets.atlas.KEY", "CANARY-one");
    await stack.deployment.setSecret("creel:secrets.bora.KEY", "CANARY-two");
  });
  afterAll(() => stack?.close());

  const inFolder = (...parts: string[]) => path.join(stack.deployment.folder, ...parts);

  /** A shard of one agent on one server. */
  function shard(name: string, operator = `${name}.example.com`): Record<string, unknown> {
    const fleet = goodFleet();
    const bot = { hostname: `${name}-bot.example.com`, routes: [{ path: "/hooks/x", secret: "KEY" }] };
    deepSet(fleet, "zones.example.com.rules", "elsewhere");
    deepSet(fleet, "agents", { [name]: agent({ operator, bot }) });
    return fleet;
  }

  /** The stack file of the first, for a stack beside it, with the fleet and the secret of its own. */
  async function writeShard(stackName: string, fleet: unknown, secret: string): Promise<void> {
    const file = parse(await readFile(stack.deployment.stackFile, "utf8"));
    const secrets = { [secret]: file.config["creel:secrets"][secret] };
    const config = { ...file.config, "creel:fleet": fleet, "creel:secrets": secrets };
    await writeFile(inFolder(`Pulumi.${stackName}.yaml`), stringify({ ...file, config }, { lineWidth: 0 }));
  }

  async function run(project: string, stackName: string, ...args: string[]) {
    const options = ["--stack", stackName, "--non-interactive", "--color", "never", "--cwd", inFolder(project)];
    const env = { ...stack.deployment.environment, CLOUDFLARE_API_TOKEN: "c".repeat(40) };
    return execa(pulumi, [...args, ...options], { env, all: true, reject: false, stdin: "ignore" });
  }

  const leadsTo = (hostname: string) => {
    const { dns_records, tunnels } = stack.account.store.state;
    const record = Object.values(dns_records).find(({ name }) => name === hostname);
    return record && tunnels[record.content.replace(".cfargotunnel.com", "")]!.name;
  };

  it("has both agents in the zone, and the rules of both from the zone's stack", async () => {
    await writeShard("one", shard("atlas"), "atlas");
    await writeShard("two", shard("bora"), "bora");
    for (const name of ["one", "two"]) {
      await run(".", name, "stack", "init");
      const { exitCode, all } = await run(".", name, "up", "--yes", "--skip-preview");
      expect(exitCode, all).toBe(0);
    }
    expect(["atlas", "bora"].map((name) => leadsTo(`${name}.example.com`))).toEqual([
      "creel-one-atlas",
      "creel-two-bora",
    ]);
    expect(stack.account.store.state.rulesets).toEqual({});

    await mkdir(inFolder("stacks/zone"), { recursive: true });
    await writeFile(
      inFolder("stacks/zone/Pulumi.yaml"),
      stringify({
        name: "creel-zone",
        main: "../../program/dist/stacks/zone/index.js",
        runtime: { name: "nodejs", options: { typescript: false } },
      }),
    );
    const fleets = ["organization/creel/one", "organization/creel/two"];
    const config = {
      "creel:zone": { zone: "example.com", zoneId, plan: "free", fleets },
      "cloudflare:baseUrl": `${stack.account.url}/client/v4`,
    };
    await writeFile(inFolder("stacks/zone/Pulumi.shared.yaml"), stringify({ config }));
    await run("stacks/zone", "shared", "stack", "init");
    const { exitCode, all } = await run("stacks/zone", "shared", "up", "--yes", "--skip-preview");
    expect(exitCode, all).toBe(0);
    const rules = Object.values(stack.account.store.state.rulesets).flatMap((ruleset) => ruleset.rules);
    for (const name of ["atlas-bot", "bora-bot"]) {
      expect(rules.some(({ expression }) => expression.includes(`"${name}.example.com"`))).toBe(true);
    }
    expect((await run("stacks/zone", "shared", "preview", "--expect-no-changes")).exitCode).toBe(0);
  });

  it.each([
    ["operator", "atlas.example.com", /access\.api\.error\.conflict: atlas\.example\.com/, "creel-one-atlas"],
    ["bot", "atlas-bot.example.com", /81053/, "creel-one-atlas--bot"],
  ] as const)(
    "is stopped by Cloudflare where one takes the other's %s hostname, which stays with its owner",
    async (surface, hostname, told, owner) => {
      const fleet = shard("bora");
      deepSet(fleet, surface === "bot" ? "agents/bora/bot/hostname" : "agents/bora/operator", hostname);
      await writeShard("two", fleet, "bora");
      const taken = await run(".", "two", "up", "--yes", "--skip-preview");
      expect(taken.exitCode).not.toBe(0);
      expect(taken.all).toMatch(told);
      expect(leadsTo(hostname)).toBe(owner);
    },
  );
});
