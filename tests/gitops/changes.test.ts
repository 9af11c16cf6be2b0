import { describe, expect, it } from "vitest";
import { changesMarkdown } from "../../cli/changes/markdown";
import { isTelling, parsePreview } from "../../cli/changes/preview";
import { withErrors } from "../../cli/changes/run";
import { summaryJson, summaryOf } from "../../cli/changes/summary";
import { agentContainer, component, digest, fleet, machine, type Resource, urn } from "./previews";

const image = (digit: string) => `ghcr.io/openclaw/openclaw@sha256:${digit.repeat(64)}`;
const markdown = (resources: Resource[], rest?: object) =>
  changesMarkdown(summaryOf(parsePreview(digest(resources, rest))));

describe("creel changes", () => {
  it("says what becomes of servers and agents, what is lost first", () => {
    const text = markdown([
      component("AgentContainer", "new", { op: "create" }),
      agentContainer("new", { op: "create", on: { new: "reef" } }),
      agentContainer("fresh", {
        op: "replace",
        on: { old: "reef", new: "reef" },
        old: { image: image("1"), envs: ["A=1"] },
        new: { image: image("2"), envs: ["A=2"] },
        diff: { image: "update-replace", "envs[0]": "update-replace" },
        because: ["image"],
      }),
      agentContainer("mover", { op: "replace", on: { old: "reef", new: "atoll" }, because: ["provider"] }),
      component("AgentContainer", "old", { op: "delete" }),
      agentContainer("guest", { op: "replace", on: { old: "atoll", new: "atoll" }, because: ["replaceWith"] }),
      machine("atoll", {
        op: "replace",
        old: { serverType: "cx23" },
        new: { serverType: "cx33" },
        diff: { serverType: "update-replace" },
      }),
    ]);
    const lines = text.split("\n").filter((line) => line.startsWith("- ") && !line.includes("`Container`"));
    expect(lines.slice(0, 6)).toEqual([
      "- Server `atoll` is **replaced** by a new one: `serverType` `cx23` → `cx33`. What its agents kept on its disk is lost.",
      "- Agent `old` is **removed**.",
      "- Agent `mover` **moves** from `reef` to `atoll`. What it kept on the old server's disk stays behind.",
      expect.stringMatching(
        /^- Agent `fresh` on `reef` gets a \*\*new container\*\*: `image` `ghcr\.io\/openclaw\/openclaw@sha256:1{12}…` → /,
      ),
      "- Agent `guest` on `atoll` is made **anew**, because its server is.",
      "- Agent `new` on `reef` is added.",
    ]);
    expect(text).toMatch(
      /^<!-- creel:changes acme\/staging -->\n### `staging`: 1 server replaced, 1 agent removed, 1 agent moved/,
    );
    expect(text).toContain("Resources: 4 replaced, 1 deleted, 2 created, 5 unchanged.");
    expect(text).toMatch(/replaced: `Container` `fresh`: `envs\[0\]`, `image` /);
  });

  it("shows no value but of a few harmless properties, and of them none that may be a secret", () => {
    const secrets = { stdin: "[secret]", environment: { TOKEN: { "4dabf18193072939515e22adb298388d": "x" } } };
    const plain = { userData: "#cloud-config CANARY", triggers: ["CANARY"], image: `CANARY-${"a1B2".repeat(8)}` };
    const command = `${fleet}$creel:index:AgentContainer$command:local:Command`;
    const resources: Resource[] = [
      machine("reef", {
        op: "update",
        old: {},
        new: plain,
        diff: { userData: "update", image: "update", triggers: "update" },
      }),
      {
        op: "update",
        types: command,
        name: "x",
        old: secrets,
        new: secrets,
        diff: { stdin: "update", environment: "update" },
      },
    ];
    const summary = summaryOf(parsePreview(digest(resources)));
    const texts = [changesMarkdown(summary), JSON.stringify(summaryJson(summary))];
    for (const text of texts) expect(text).not.toContain("CANARY");
    expect(texts[0]).toContain("`environment` [secret], `stdin` [secret]");
    expect(texts[0]).toContain("`image`, `triggers`, `userData`");
    expect(JSON.parse(texts[1]!).groups[0].resources[0].properties).toEqual([
      { path: "image" },
      { path: "triggers" },
      { path: "userData" },
    ]);
  });

  it("tells warnings and errors, and that a preview failed, also before it knew its own name", () => {
    const diagnostics = [
      { severity: "warning", message: "warning: size cx23 is old\n", urn: urn(fleet, "fleet") },
      { severity: "info", message: "reef: 3 agents, 768 of 8192 MiB\n" },
      { severity: "info#err", message: "console.error of CANARY" },
      { severity: "debug", message: "CANARY" },
    ];
    const text = markdown([], { diagnostics });
    expect(text).toContain("**Warnings**\n\n```\nFleet fleet:\nsize cx23 is old\n```");
    expect(text).toContain("**Notes**\n\n```\nreef: 3 agents, 768 of 8192 MiB\n```");
    expect(text).not.toContain("CANARY");

    const early = withErrors(parsePreview(""), "error: getting stack configuration: incorrect passphrase\n");
    expect(changesMarkdown(summaryOf(early, { stack: "staging" }))).toMatch(
      /### `staging`: the preview failed[\s\S]*\*\*Errors\*\*\n\n```\ngetting stack configuration: incorrect passphrase\n```/,
    );
  });

  it("reads the streaming form the same, with what policies say and without what is for debugging", () => {
    const events = [
      { diagnosticEvent: { severity: "debug", message: "CANARY", prefix: "debug: " } },
      {
        resourcePreEvent: {
          metadata: {
            op: "create-replacement",
            urn: urn(`${fleet}$creel:index:HardenedServer$hcloud:index/server:Server`, "reef"),
            old: { parent: urn(`${fleet}$creel:index:HardenedServer`, "reef"), inputs: { serverType: "cx23" } },
            new: { parent: urn(`${fleet}$creel:index:HardenedServer`, "reef"), inputs: { serverType: "cx33" } },
            detailedDiff: { serverType: { diffKind: "update-replace", inputDiff: true } },
          },
        },
      },
      {
        policyEvent: {
          message: "SSH is open to all",
          policyName: "firewall-declared-ranges",
          policyPackName: "creel",
          enforcementLevel: "mandatory",
        },
      },
      { summaryEvent: { resourceChanges: { same: 3 }, result: "failed" } },
      { cancelEvent: {} },
    ];
    const lines = events.map((event, sequence) => JSON.stringify({ sequence, timestamp: 1, ...event }));
    const kept = lines.filter(isTelling);
    expect(kept).toHaveLength(4);
    for (const text of [lines.join("\n"), kept.join("\n")]) {
      const told = changesMarkdown(summaryOf(parsePreview(text)));
      expect(told).toContain("### `staging`: the preview failed");
      expect(told).toContain("policy creel/firewall-declared-ranges: SSH is open to all");
      expect(told).toContain("Server `reef` is **replaced** by a new one: `serverType` `cx23` → `cx33`.");
      expect(told).not.toContain("CANARY");
    }
  });

  it("is the same however the engine's work was ordered", () => {
    const resources = ["a", "b", "c", "d"].flatMap((name) => [
      agentContainer(name, { op: "create", on: { new: "reef" } }),
      component("AgentTunnel", name, { op: "update" }),
    ]);
    const diagnostics = [1, 2, 3].map((n) => ({ severity: "warning", message: `message ${n}` }));
    expect(markdown([...resources].reverse(), { diagnostics: [...diagnostics].reverse() })).toBe(
      markdown(resources, { diagnostics }),
    );
  });

  it("has room in a comment, whatever the change is, and keeps what is lost", () => {
    const agents = Array.from({ length: 600 }, (_, i) => `agent-${i}-${"x".repeat(30)}`);
    const text = markdown([
      ...agents.map((name) => agentContainer(name, { op: "create", on: { new: "reef" } })),
      machine("reef", { op: "replace" }),
    ]);
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text).toContain("Server `reef` is **replaced**");
    expect(text).toMatch(/- and 500 more\n[\s\S]*Left out because a comment holds no more: \d+ of \d+ parts\./);
  });

  it("takes names from anywhere as code", () => {
    const text = markdown([component("AgentContainer", "`x` @ana <b> [y](https://evil.test)\n# z", { op: "delete" })]);
    expect(text).toContain(
      "- Agent ``` `x` @ana <b> [y](https://evil.test) # z ``` is **removed**.".replaceAll("```", "``"),
    );
    expect(text).toContain("<code>`x` @ana &lt;b&gt; [y](https://evil.test) # z</code>");
  });

  it.each(["no JSON", "[]", '{"steps": 7}', '{"sequence": 1}\nno JSON'])("refuses what is no preview: %s", (text) => {
    expect(() => parsePreview(text)).toThrow(/not what pulumi preview --json prints/);
  });
});
