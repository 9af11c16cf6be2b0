import { describe, expect, it } from "vitest";
import { parsePreview } from "../../cli/changes/preview";
import { withErrors } from "../../cli/changes/run";
import { type Drift, driftJson, driftMarkdown, driftVerdict } from "../../cli/drift/report";
import type { Result } from "../../cli/verify/verifyFleet";
import { agentContainer, component, digest, machine, type Resource } from "./previews";

function control(id: string, verdict: Result["verdict"], seen = "something"): Result {
  return { where: "server", subject: "reef", id, title: id, allowed: "what is allowed", verdict, seen };
}

const nothing = () => parsePreview(digest([]));
const found = (...resources: Resource[]) => parsePreview(digest(resources));
const holds = [control("sshd", "holds"), control("audit", "inapplicable")];

function drift(parts: Partial<Drift> = {}): Drift {
  return { stack: "staging", project: "acme", refresh: nothing(), preview: nothing(), controls: holds, ...parts };
}

describe("creel drift", () => {
  const failed = withErrors(nothing(), "error: dial tcp 203.0.113.7:22: timeout");

  it.each<[string, Partial<Drift>, string]>([
    ["nothing", {}, "clean"],
    ["something that is gone", { refresh: found(machine("reef", { op: "delete" })) }, "drifted"],
    ["something that was never deployed", { preview: found(machine("reef", { op: "update" })) }, "drifted"],
    ["a broken control", { controls: [...holds, control("ufw", "broken"), control("nft", "unknown")] }, "drifted"],
    ["a control that could not be seen", { controls: [...holds, control("ufw", "unknown")] }, "unknown"],
    ["clouds that do not answer", { refresh: failed }, "unknown"],
    ["a program that does not run", { preview: failed }, "unknown"],
    ["outputs that are not there", { controls: { failure: "there is no fleet in the outputs" } }, "unknown"],
    [
      "one gone and one not seen",
      { refresh: { ...failed, steps: found(machine("reef", { op: "delete" })).steps } },
      "drifted",
    ],
  ])("judges %s", (_what, parts, verdict) => {
    expect(driftVerdict(drift(parts))).toBe(verdict);
    expect(driftJson(drift(parts))).toMatchObject({ stack: "staging", project: "acme", verdict });
  });

  it("tells what was changed by hand, what was not deployed and what is broken, and how to mend it", () => {
    const text = driftMarkdown(
      drift({
        refresh: found(
          machine("reef", { op: "update", diff: { labels: "update" } }),
          agentContainer("atlas", { op: "delete", on: { old: "reef" } }),
        ),
        preview: found(component("AgentContainer", "bora", { op: "create" })),
        controls: [...holds, control("nft", "unknown", "timed out"), control("ufw", "broken", "token=hunter2 @ana")],
      }),
    );
    expect(text).toBe(
      [
        "<!-- creel:drift acme/staging -->",
        "### `staging` has drifted",
        "",
        "**Changed outside of Pulumi**",
        "",
        "- Server `reef`: `Server` `reef` differs: `labels`",
        "- Agent `atlas`: `Container` `atlas` is gone",
        "",
        "`pulumi up --refresh` puts it back; a pull request makes it the rule.",
        "",
        "**In the files, but not deployed**",
        "",
        "- Agent `bora` is added.",
        "",
        "**Controls**",
        "",
        "- `reef` `ufw` broken: `token=[hidden] @ana`; allowed is `what is allowed`",
        "- `reef` `nft` could not be seen: `timed out`; allowed is `what is allowed`",
        "",
      ].join("\n"),
    );
    expect(driftMarkdown(drift())).toBe(
      "<!-- creel:drift acme/staging -->\n### `staging` is as it should be\n\nA refresh and a deployment would change nothing, and every control holds.\n",
    );
  });

  it("is the same however the answers come in", () => {
    const resources = ["a", "b", "c"].map((name) => agentContainer(name, { op: "delete", on: { old: "reef" } }));
    const controls = ["x", "y", "z"].map((id) => control(id, "broken"));
    const told = [
      drift({ refresh: found(...resources), controls }),
      drift({ refresh: found(...resources.reverse()), controls: [...controls].reverse() }),
    ];
    expect(driftMarkdown(told[1]!)).toBe(driftMarkdown(told[0]!));
  });

  it("has room in an issue", () => {
    const controls = Array.from({ length: 2000 }, (_, i) => control(`control-${i}`, "broken", "x".repeat(400)));
    const text = driftMarkdown(drift({ controls }));
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text).toMatch(/Left out because a comment holds no more/);
  });
});
