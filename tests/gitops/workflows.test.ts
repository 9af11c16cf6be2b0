import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { changesCommand } from "../../cli/changes/command";
import { driftCommand } from "../../cli/drift/command";
import { commentCommand, issueCommand } from "../../cli/github/command";
import { answersFor } from "../../cli/init/answers";
import { type NewFile, repositoryFiles } from "../../cli/init/scaffold";
import { validateCommand } from "../../cli/validate/command";
import { verifyCommand } from "../../cli/verify/command";

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
  if?: string;
}
interface Job {
  if?: string;
  permissions?: Record<string, string>;
  environment?: string;
  env?: Record<string, string>;
  concurrency?: { "cancel-in-progress": boolean };
  "timeout-minutes"?: number;
  steps: Step[];
}
interface Workflow {
  name: string;
  on: Record<string, unknown>;
  permissions: object;
  env?: object;
  jobs: Record<string, Job>;
}

const answers = answersFor("fleet", { stacks: "staging,production", package: "0.1.0" }, undefined);

describe("the workflows of a fleet's repository", () => {
  let files: NewFile[];
  let workflows: Record<string, Workflow>;
  let jobs: [name: string, job: Job, workflow: Workflow][];

  beforeAll(async () => {
    files = (await repositoryFiles(await answers)).filter(({ path: at }) => at.startsWith(".github/"));
    const parsed = files
      .filter(({ path: at }) => at.includes("/workflows/"))
      .map(({ text }) => parse(text) as Workflow);
    workflows = Object.fromEntries(parsed.map((workflow) => [workflow.name, workflow]));
    jobs = parsed.flatMap((workflow) =>
      Object.entries(workflow.jobs).map(([name, job]): (typeof jobs)[number] => [
        `${workflow.name}/${name}`,
        job,
        workflow,
      ]),
    );
    expect(Object.keys(workflows).sort()).toEqual(["deploy", "drift", "preview"]);
  });

  it("take every action of others by commit, with its version beside it", () => {
    const uses = files.flatMap(({ text }) => [...text.matchAll(/uses: (.*)/g)].map(([, what]) => what!));
    expect(uses.length).toBeGreaterThan(5);
    for (const what of uses) expect(what).toMatch(/^\.\/\.github\/|^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("give each job the permissions that it needs and a time to end, and leave no login behind", () => {
    for (const { permissions, env } of Object.values(workflows)) expect([permissions, env]).toEqual([{}, undefined]);
    const writes = jobs.flatMap(([name, { permissions }]) =>
      Object.entries(permissions ?? { all: "write" }).flatMap(([what, how]) =>
        how === "write" ? [`${name} ${what}`] : [],
      ),
    );
    expect(writes).toEqual(["drift/drift issues", "preview/preview pull-requests"]);
    for (const [name, job] of jobs) expect(job["timeout-minutes"], name).toBeLessThanOrEqual(90);
    for (const { text } of files) {
      expect(text.match(/persist-credentials: false/g)?.length).toBe(text.match(/uses: actions\/checkout@/g)?.length);
    }
  });

  it("show no credential to code of a fork", () => {
    expect(
      Object.values(workflows)
        .flatMap((workflow) => Object.keys(workflow.on))
        .sort(),
    ).toEqual(["pull_request", "push", "schedule", "workflow_dispatch", "workflow_dispatch"]);
    for (const [name, job, workflow] of jobs) {
      if (!("pull_request" in workflow.on)) continue;
      const isGuarded = /head\.repo\.full_name == github\.repository && github\.actor != 'dependabot/.test(
        job.if ?? "",
      );
      const secrets = /secrets\.|github\.token/.test(JSON.stringify(job));
      expect([name, secrets || job.environment !== undefined]).toEqual([name, isGuarded]);
    }
    // No approval guards a branch whose name somebody may choose.
    for (const [name, job, workflow] of jobs) {
      const isMain = job.if?.includes("refs/heads/main") || name === "deploy/deploy";
      if (!("pull_request" in workflow.on)) expect(isMain, name).toBe(true);
    }
  });

  it("show credentials to the steps that need them only, and nobody's text to a shell", () => {
    for (const [name, { env, steps }] of jobs) {
      expect(JSON.stringify(env ?? {}), name).not.toMatch(/secrets\.|token/);
      for (const { uses, run = "", env: own } of steps) {
        expect(run, name).not.toContain("${{");
        if (uses !== undefined) expect(own).toBeUndefined();
        expect("GITHUB_TOKEN" in (own ?? {})).toBe(/creel (comment|issue)/.test(run));
        expect(JSON.stringify(own ?? {}).includes("SSH_KEY")).toBe(/ssh-add/.test(run));
      }
    }
    const ofPreviews = jobs.filter(([, { environment }]) => environment?.endsWith("-preview"));
    expect(ofPreviews).toHaveLength(2);
    for (const [, job] of ofPreviews) expect(JSON.stringify(job)).not.toContain("SSH");
  });

  it("deploy one after the other, end in time, and are never cut off", () => {
    const { deploy } = workflows.deploy!.jobs;
    expect(deploy).toMatchObject({ concurrency: { "cancel-in-progress": false }, environment: "${{ matrix.stack }}" });
    expect(deploy).toMatchObject({ strategy: { "max-parallel": 1, matrix: { stack: ["staging", "production"] } } });
    const commands = jobs.flatMap(([, { steps }]) => steps.map(({ run = "" }) => run)).join("\n");
    expect(commands).not.toContain("continue-on-error");
    const long = commands.match(/^.*\n?.*(pulumi up|creel (changes|drift|verify)) /gm) ?? [];
    expect(long).toHaveLength(5);
    for (const command of long) expect(command).toMatch(/^ *timeout (--signal=INT --kill-after=\d+m )?\d+m /m);
  });

  it("deploy no commit that a newer one has overtaken", () => {
    const [checkout, newest, ...rest] = workflows.deploy!.jobs.deploy!.steps;
    expect(checkout).toMatchObject({ with: { ref: "main" } });
    expect(newest!.run).toContain('"$(git rev-parse HEAD)" != "$GITHUB_SHA"');
    expect(rest.some(({ run }) => run?.includes("pulumi up"))).toBe(true);
  });

  it("use commands and options that there are", async () => {
    const used = [
      ...files
        .map(({ text }) => text)
        .join("\n")
        .matchAll(/creel (\w+)((?:[^\n|]|\\\n)*)/g),
    ]
      .filter(([, , options]) => options!.includes("--"))
      .map(([, command, options]) => [command!, ...(options!.match(/--[a-z-]+/g) ?? [])]);
    expect(used.map(([command]) => command).sort()).toEqual([
      ...["changes", "changes", "comment", "drift", "issue", "validate", "verify"],
    ]);
    const commands = [
      ...[changesCommand(), commentCommand(), driftCommand(), issueCommand(), validateCommand(), verifyCommand()],
    ];
    for (const [name, ...options] of used) {
      const known = commands.find((command) => command.name() === name)!.options.map(({ long }) => long);
      expect(known).toEqual(expect.arrayContaining(options));
    }
  });
});
