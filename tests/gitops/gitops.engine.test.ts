import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { compiledFile } from "../../engine/paths";
import { token as cloudflareToken } from "../clouds/cloudflare/account";
import { token as hcloudToken } from "../clouds/hetzner/project";
import { FleetStack } from "../components/fleetStack";
import { deepSet, goodFleet } from "../components/goodFleet";
import { temporaryFolder } from "../engine/folders";
import { GitHub } from "./gitHub";
import { linkPackages, unpackPackage } from "./packed";

type Fleet = ReturnType<typeof goodFleet>;

/** Secrets of the agents: as they are, and as a command's input holds them. */
const canaries = ["CANARY-atlas-5e", "CANARY-bora-5e", "CANARY-cora-5e", "CANARY-rotated-5e"];
const forms = canaries.flatMap((canary) => [canary, Buffer.from(canary).toString("base64").replace(/=+$/, "")]);

const image = (digit: string) => `registry.creel.test/agent@sha256:${digit.repeat(64)}`;

/** Tokens of the emulators, which the repository leaves to the environment. */
const tokens = { HCLOUD_TOKEN: hcloudToken, CLOUDFLARE_API_TOKEN: cloudflareToken };

describe("a fleet by pull request", () => {
  let stack: FleetStack;
  let gitHub: GitHub;

  beforeAll(async () => {
    stack = await FleetStack.open();
    gitHub = await new GitHub().start();
    for (const name of ["atlas", "bora", "cora"]) {
      await stack.deployment.setSecret(`creel:secrets.${name}.MODEL_API_KEY`, `CANARY-${name}-5e`);
    }
    await stack.up(deployed());
  });
  afterAll(async () => {
    await gitHub?.stop();
    await stack?.close();
  });

  /** Two servers; two agents on one of them and one on the other. */
  function deployed(): Fleet {
    const fleet = goodFleet();
    const { atlas } = fleet.agents as Record<string, object>;
    const server = { location: "fsn1", size: "cx33", ssh: { cidrs: ["198.51.100.1/32"] } };
    const agent = (name: string, on: string) => ({ ...atlas, server: on, operator: `${name}-ana.example.com` });
    return {
      ...fleet,
      servers: { reef: server, atoll: { ...server } },
      agents: { atlas: agent("atlas", "reef"), bora: agent("bora", "reef"), cora: agent("cora", "atoll") },
    };
  }

  /** What a pull request asks for: an agent more, one less, a new image and secret, a new server. */
  async function propose(): Promise<void> {
    const fleet = deployed();
    deepSet(fleet, "agents/dora", {
      ...(fleet.agents as Record<string, object>).atlas,
      operator: "dora-ana.example.com",
    });
    deepSet(fleet, "agents/bora", undefined);
    deepSet(fleet, "agents/atlas/image", image("3"));
    deepSet(fleet, "servers/atoll/rebuild", "2");
    await stack.deployment.configure([
      { path: ["creel:fleet"], value: fleet },
      { path: ["creel:secrets", "bora"], value: undefined },
    ]);
    await stack.deployment.setSecret("creel:secrets.atlas.MODEL_API_KEY", "CANARY-rotated-5e");
  }

  /** Runs the command in the stack's folder, as a workflow does. */
  async function creel(...args: string[]) {
    const env = {
      ...stack.deployment.environment,
      GITHUB_TOKEN: "token-of-the-workflow",
      GITHUB_REPOSITORY: "acme/fleet",
      GITHUB_API_URL: gitHub.url,
    };
    const command = [compiledFile("cli", "main.js"), ...args];
    return execa("node", command, { env, cwd: stack.deployment.folder, reject: false, stdin: "ignore" });
  }

  it("has a comment that says what the change means, and tells no secret", async () => {
    await propose();
    const changes = await creel("changes", "--stack", "sandbox", "--commit", "abc1234", "--out", "changes.md");
    expect(changes.exitCode, changes.stderr).toBe(0);
    const pull = gitHub.pull();
    expect((await creel("comment", "changes.md", "--pull", String(pull))).stdout).toMatch(/^created: /);
    const text = gitHub.comments[0]!.body;
    const lines = text.split("\n").filter((line) => /^(#|Resources|- (Server|Agent) )/.test(line));
    expect(lines).toEqual([
      "### `sandbox`: 1 server replaced, 1 agent removed, 2 agents restarted, 1 zone changed, 1 agent added",
      expect.stringMatching(
        /^Resources: \d+ replaced, \d+ deleted, \d+ updated, \d+ created, \d+ unchanged\. Commit `abc1234`\.$/,
      ),
      expect.stringMatching(/^- Server `atoll` is \*\*replaced\*\* by a new one: .*`keepers.rebuild`.* is lost\.$/),
      "- Agent `bora` on `reef` is **removed**.",
      "- Agent `atlas` on `reef` gets a **new container**: `image` `registry.creel.test/agent@sha256:111111111111…` → `registry.creel.test/agent@sha256:333333333333…`, `stdin` [secret].",
      "- Agent `cora` on `atoll` is made **anew**, because its server is.",
      "- Agent `dora` on `reef` is added.",
    ]);

    expect(text).toContain("\nreef: atlas, dora (new); 768 of 7424 MiB");

    const printed = await stack.deployment.pulumi(["preview", "--json"]);
    const file = path.join(stack.deployment.folder, "preview.json");
    await writeFile(file, printed.stdout);
    const read = await creel("changes", file, "--commit", "abc1234");
    expect(`${read.stdout}\n`).toBe(text);
    const json = await creel("changes", file, "--json");
    for (const told of [text, read.stdout, json.stdout, changes.stderr]) {
      for (const form of [...forms, "#cloud-config", "PRIVATE KEY"]) expect(told).not.toContain(form);
    }
  });

  it("fails the check where a policy refuses it, and the comment says why", async () => {
    const open = { cidrs: ["0.0.0.0/0"], allowOpen: true };
    await stack.deployment.configure([{ path: ["creel:fleet", "servers", "reef", "ssh"], value: open }]);
    const judged = await creel("changes", "--stack", "sandbox", "--policy-pack", compiledFile("policies"));
    expect([judged.exitCode, judged.stdout]).toEqual([1, expect.stringContaining("the preview failed")]);
    expect(judged.stdout).toMatch(/\*\*Errors\*\*\n\n```\nFirewall reef:\npolicy creel\/firewall-declared-ranges: /);
  });

  it("has an issue that says what was changed by hand, and is kept current", async () => {
    await stack.deployment.setSecret("creel:secrets.atlas.MODEL_API_KEY", "CANARY-atlas-5e");
    await stack.deployment.setSecret("creel:secrets.bora.MODEL_API_KEY", "CANARY-bora-5e");
    await stack.deployment.configure([
      { path: ["creel:fleet"], value: { ...deployed(), operators: goodFleet().operators } },
    ]);
    const records = stack.account.store.state.dns_records;
    const gone = Object.values(records).find(({ name }) => name === "bora-ana.example.com")!;
    const zone = (goodFleet().zones as Record<string, { zoneId: string }>)["example.com"]!.zoneId;
    await stack.account.call("DELETE", `/zones/${zone}/dns_records/${gone.id}`);
    const { firewalls } = (await stack.project.call("GET", "/firewalls")).body as {
      firewalls: { id: number; name: string }[];
    };
    const reef = firewalls.find(({ name }) => name.startsWith("reef"))!;
    const rules = [{ direction: "in", protocol: "tcp", port: "22", source_ips: ["0.0.0.0/0"] }];
    await stack.project.call("POST", `/firewalls/${reef.id}/actions/set_rules`, { rules });

    // Its names lead nowhere, and its servers do not answer: what is known to be wrong counts.
    const drift = await creel(
      "drift",
      "--stack",
      "sandbox",
      "--resolver",
      "127.0.0.1",
      "--timeout",
      "5",
      "--out",
      "drift.md",
    );
    expect(drift.exitCode, drift.stderr).toBe(1);
    const issue = ["issue", "drift.md", "--title", "Drift: sandbox"];
    expect((await creel(...issue)).stdout).toMatch(/^created: /);
    expect((await creel(...issue)).stdout).toMatch(/^unchanged: /);
    const text = gitHub.issues.at(-1)!.body;
    expect(text).toMatch(/^<!-- creel:drift creel\/sandbox -->\n### `sandbox` has drifted\n/);
    expect(text).toContain("- Agent `bora`: `DnsRecord` `bora-ana.example.com` is gone\n");
    expect(text).toMatch(/- Server `reef`: `Firewall` `reef` differs: `rules/);
    expect(text).toMatch(/- `reef` `reachable` could not be seen: /);
    expect(text).not.toContain("not deployed");
    for (const form of forms) expect(text).not.toContain(form);
  });

  it("begins with creel init: its README's steps lead to a preview", async () => {
    const folder = temporaryFolder();
    const unpacked = await unpackPackage(folder);
    const project = path.join(folder, "acme");
    const env = { ...stack.deployment.environment, ...tokens, PULUMI_BACKEND_URL: `file://${folder}` };
    const run = (program: string, args: string[]) =>
      execa(program, args, { cwd: project, env, reject: false, all: true, stdin: "ignore" });
    const command = path.join(unpacked, "dist", "cli", "main.js");
    const init = ["init", project, "--stacks", "staging", "--backend", `file://${folder}`, "--package", "0.1.0"];
    const written = await execa("node", [command, ...init], { all: true });
    expect(written.all).toMatch(/wrote \.github\/workflows\/preview\.yml\n[\s\S]*README\.md says what/);
    await linkPackages(project, unpacked);

    const unfilled = await run("node", [command, "validate"]);
    expect([unfilled.exitCode, unfilled.all]).toEqual([1, expect.stringMatching(/creel:fleet has \d+ faults/)]);
    const marked = (await readFile(path.join(project, "Pulumi.staging.yaml"), "utf8")).match(
      /^ +\w+: (\[\]|"").*FILL IN/gm,
    )!;
    expect(marked.length).toBeGreaterThan(5);
    for (const line of marked) expect(unfilled.all).toContain(line.trim().split(":")[0]);

    await fillIn(path.join(project, "Pulumi.staging.yaml"));
    await run("pulumi", ["stack", "init", "staging"]);
    const secret = [
      "config",
      "set",
      "--stack",
      "staging",
      "--secret",
      "--path",
      "creel:secrets.atlas.ANTHROPIC_API_KEY",
    ];
    await execa("pulumi", secret, { cwd: project, env, input: canaries[0] });
    const valid = await run("node", [command, "validate"]);
    expect(valid.all).toBe("staging: fine, 1 server and 1 agent");
    const preview = await run("pulumi", ["preview", "--stack", "staging", "--non-interactive"]);
    expect([preview.exitCode, preview.all]).toEqual([0, expect.stringMatching(/\+ \d+ to create/)]);
  });

  /** Fills in what the stack file of a new repository asks for, and where the clouds are. */
  async function fillIn(file: string): Promise<void> {
    const good = goodFleet() as Record<string, Record<string, Record<string, unknown>>>;
    const document = parseDocument(await readFile(file, "utf8"));
    const fleet = ["config", "creel:fleet"];
    document.setIn([...fleet, "operators"], good.operators);
    document.setIn([...fleet, "connector"], good.connector);
    document.setIn([...fleet, "zones"], good.zones);
    document.setIn([...fleet, "servers", "reef", "ssh", "cidrs"], ["198.51.100.7/32"]);
    document.setIn([...fleet, "agents", "atlas", "image"], image("1"));
    document.setIn(["config", "hcloud:endpoint"], `${stack.project.url}/v1`);
    document.setIn(["config", "cloudflare:baseUrl"], `${stack.account.url}/client/v4`);
    await writeFile(file, document.toString());
  }
});
