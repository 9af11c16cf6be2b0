import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { logIn } from "../../cli/accessLogin";
import { demoSecrets } from "../../cli/demoSecrets";
import type { Deployment } from "../../cli/deployment";
import { EdgeClient } from "../../cli/edgeClient";
import { githubPath, operatorChecks, verdictOf, webhookChecks } from "../../cli/edgeProof";
import { EdgeSession } from "../../cli/edgeSession";
import { filesHolding } from "../../cli/leaks";
import { sandboxFiles } from "../../sandbox/paths";
import type { World } from "../../sandbox/world";
import { describeUnless, sandboxMissing } from "../requirements";
import { canaryValue, expectNoDrift, fleetOutput, inventory, openStack } from "./stack";

const ana = "ana@example.com";

/** One agent with an operator and a bot hostname, from `up` to `destroy`. The tests build on each other, in this order. */
describeUnless(sandboxMissing(), "an agent behind the edge", () => {
  const secret = canaryValue();
  let world: World;
  let deployment: Deployment;
  let edge: EdgeClient;

  beforeAll(async () => {
    ({ world, deployment } = await openStack({ MODEL_API_KEY: canaryValue(), [demoSecrets.github]: secret }));
    edge = await EdgeClient.of(world);
    await deployment.pulumi(["up", "--yes"]);
  });
  afterAll(() => deployment?.remove());

  const atlas = async () => (await fleetOutput(deployment)).agents.atlas!;
  const bot = ["creel:fleet", "agents", "atlas", "bot"];
  const expectAll = (checks: { title: string; ok: boolean; seen: string }[]) =>
    expect(checks.filter((check) => !check.ok)).toEqual([]);

  it("lets in who has logged in and webhooks that are signed, and says who refuses the rest", async () => {
    const { url, botUrl } = await atlas();
    expectAll(await operatorChecks(edge, world, url, ana));
    expectAll(await webhookChecks(edge, world, botUrl!, secret));
    await expectNoDrift(deployment);
  });

  it("hears only what was let through", async () => {
    const { url, botUrl, container, server: name } = await atlas();
    const server = (await fleetOutput(deployment)).servers[name]!;
    const probes = { signed: canaryValue(), undeclared: canaryValue(), stranger: canaryValue() };
    const json: [string, string] = ["content-type", "application/json"];
    const probe = (value: string): [string, string][] => [["user-agent", "probe"], json, ["x-creel-probe", value]];
    await edge.request(new URL(url).hostname, "/", { headers: probe(probes.stranger) });
    const host = new URL(botUrl!).hostname;
    await edge.request(host, "/", { method: "POST", headers: probe(probes.undeclared), body: "{}" });
    await edge.request(host, githubPath, { method: "POST", headers: probe(probes.signed), body: "{}" });
    const { stdout } = await deployment.ssh(server, `docker exec ${container} agent received --json`);
    const heard = (JSON.parse(stdout) as { headers: Record<string, string> }[]).map((r) => r.headers["x-creel-probe"]);
    expect(heard.filter((value) => Object.values(probes).includes(value!))).toEqual([probes.signed]);
  });

  it("has sessions and secrets in none of the sandbox's logs", async () => {
    const url = new URL((await atlas()).url);
    const session = new EdgeSession(edge);
    const page = await logIn(session, world, url.href, ana);
    const credentials = [session.cookie(url.hostname, "CF_Authorization")!, secret, world.cloudflare.token];
    expect(credentials[0]).toMatch(/^eyJ/);
    const { edgeLog, requestLog, log } = sandboxFiles().clouds;
    expect(await filesHolding([edgeLog, requestLog, log], credentials)).toEqual([]);
    expect(await filesHolding([edgeLog], [page.ray])).toEqual([edgeLog]);
  });

  it("takes no webhooks any more when the bot hostname is taken out of the stack file", async () => {
    const { botUrl } = await atlas();
    await deployment.configure([{ path: bot, value: undefined }]);
    await deployment.pulumi(["up", "--yes"]);
    await expectNoDrift(deployment);
    const answer = await edge.request(new URL(botUrl!).hostname, githubPath, { method: "POST", body: "{}" });
    expect([answer.status, (await verdictOf(world, answer)).by]).toEqual([530, "edge"]);
    expect((await inventory(world)).tunnels).toHaveLength(1);
    expectAll(await operatorChecks(edge, world, (await atlas()).url, ana));
  });

  it("takes them again when it is back", async () => {
    await deployment.configure([{ path: bot, value: { hostname: "atlas-bot.example.com", routes: ["github"] } }]);
    await deployment.pulumi(["up", "--yes"]);
    await expectNoDrift(deployment);
    expectAll(await webhookChecks(edge, world, (await atlas()).botUrl!, secret));
  });

  it("is destroyed in one go under live connections, names first", async () => {
    const { url } = await atlas();
    const session = new EdgeSession(edge);
    await logIn(session, world, url, ana);
    const socket = await session.webSocket(new URL("/ws", url));
    const closed = new Promise((done) => socket.once("close", done));
    const before = (await requests()).length;
    await deployment.pulumi(["destroy", "--yes"]);
    await closed;
    expect(await inventory(world)).toEqual({});

    const made = (await requests()).slice(before);
    expect(made.filter(({ error }) => error !== undefined)).toEqual([]);
    const deletions = made.filter(({ method }) => method === "DELETE").map((request) => request.path);
    const names = deletions.filter((path) => path.includes("/dns_records/"));
    expect(names).toHaveLength(2);
    expect(deletions.slice(0, names.length)).toEqual(names);
  });

  /** What the Cloudflare API was asked, oldest first. */
  async function requests(): Promise<{ cloud: string; method: string; path: string; error?: string | number }[]> {
    const lines = (await readFile(sandboxFiles().clouds.requestLog, "utf8")).trim().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ cloud }) => cloud === "cloudflare");
  }
});
