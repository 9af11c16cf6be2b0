import { mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "vitest";
import type { Case } from "../cases";
import type { Stage } from "../stage";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const zero = base64('{"a":"x","t":"00000000-0000-0000-0000-000000000000","s":""}');

interface Command {
  title: string;
  args(stage: Stage): Promise<string[]> | string[];
  env?: Record<string, string>;
  code: number;
  says?: string | RegExp;
}

async function file(stage: Stage, name: string, content: string): Promise<string> {
  const target = path.join(await mkdtemp(path.join(stage.folder, "file-")), name);
  await writeFile(target, content);
  return target;
}

const goodRules = `
ingress:
  - hostname: a.example.com
    path: ^/hooks/x$
    service: http://agent:18789
    originRequest: { connectTimeout: 5s, noTLSVerify: true }
  - service: http_status:404
`;

const noEdge = { TUNNEL_EDGE: "127.0.0.1:9", TUNNEL_METRICS: "127.0.0.1:0", TUNNEL_NO_PRECHECKS: "true" };

const commands: Command[] = [
  { title: "version", args: () => ["version"], code: 0, says: /^cloudflared version \d{4}\.\d+\.\d+/ },
  { title: "version --short", args: () => ["version", "--short"], code: 0, says: /^\d{4}\.\d+\.\d+\S*\n$/ },
  { title: "an unknown flag", args: () => ["tunnel", "--bogus", "run"], code: 0, says: "not defined: -bogus" },
  { title: "an unknown command", args: () => ["tunnel", "bogus"], code: 1 },
  { title: "a flag with a bad value", args: () => ["tunnel", "--grace-period", "soon", "run"], code: 0, says: "soon" },
  {
    title: "a variable with a bad value",
    args: () => ["tunnel", "run", "--token", "garbage"],
    env: { TUNNEL_GRACE_PERIOD: "soon" },
    code: 0,
  },
  {
    title: "a malformed token",
    args: () => ["tunnel", "run", "--token", "garbage"],
    code: 255,
    says: "token is not valid",
  },
  {
    title: "a malformed token from the environment",
    args: () => ["tunnel", "run"],
    env: { TUNNEL_TOKEN: "garbage" },
    code: 255,
    says: "token is not valid",
  },
  {
    title: "a token without a tunnel id that is one",
    args: () => ["tunnel", "run", "--token", base64('{"a":"x","t":"y","s":""}')],
    code: 255,
    says: "token is not valid",
  },
  {
    title: "a malformed token file",
    args: async (stage) => ["tunnel", "run", "--token-file", await file(stage, "garbage", "garbage\n")],
    code: 255,
    says: "token is not valid",
  },
  {
    title: "a token file that is missing",
    args: () => ["tunnel", "run", "--token-file", "/nowhere/token"],
    code: 255,
    says: "token file",
  },
  {
    title: "an empty token file",
    args: async (stage) => ["tunnel", "run", "--token-file", await file(stage, "empty", "")],
    code: 255,
  },
  {
    title: "a token that wins over a good file",
    args: async (stage) => ["tunnel", "run", "--token", "garbage", "--token-file", await file(stage, "good", zero)],
    code: 255,
    says: "token is not valid",
  },
  { title: "no token at all", args: () => ["tunnel", "run"], code: 255 },
  { title: "two tunnels", args: () => ["tunnel", "run", "one", "two"], code: 255 },
  {
    title: "a grace period that is too long",
    args: () => ["tunnel", "--grace-period", "4m", "run", "--token", zero],
    env: noEdge,
    code: 1,
    says: "grace-period must be equal or less than 3m0s",
  },
  {
    title: "a metrics address that cannot be had",
    args: () => ["tunnel", "--metrics", "192.0.2.1:1", "run", "--token", zero],
    env: noEdge,
    code: 1,
    says: "metrics",
  },
  {
    title: "ready without a metrics address",
    args: () => ["tunnel", "ready"],
    code: 1,
    says: "--metrics has to be provided",
  },
  {
    title: "ready while nothing runs",
    args: () => ["tunnel", "ready"],
    env: { TUNNEL_METRICS: "127.0.0.1:9" },
    code: 1,
    says: "connection refused",
  },
  {
    title: "rules in a file that are valid",
    args: async (stage) => ["tunnel", "--config", await file(stage, "rules.yml", goodRules), "ingress", "validate"],
    code: 0,
    says: /^Validating rules from .*\nOK\n$/,
  },
  {
    title: "rules in a file without one for everything",
    args: async (stage) => {
      const rules = "ingress:\n  - { hostname: a.example.com, service: 'http://agent:1' }\n";
      return ["tunnel", "--config", await file(stage, "open.yml", rules), "ingress", "validate"];
    },
    code: 1,
    says: "Validation failed",
  },
  ...[
    ["https://a.example.com/hooks/x", 0],
    ["https://a.example.com/hooks/%78", 0],
    ["https://a.example.com/hooks/xy", 1],
    ["https://b.example.com/hooks/x", 1],
  ].map(([url, rule]) => ({
    title: `the rule for ${url}`,
    args: async (stage: Stage) => [
      "tunnel",
      "--config",
      await file(stage, "rules.yml", goodRules),
      "ingress",
      "rule",
      String(url),
    ],
    code: 0,
    says: `Matched rule #${rule}\n`,
  })),
];

export const commandCases: Case[] = commands.map(({ title, args, env, code, says }) => ({
  title: `${title}: exit code ${code}`,
  run: async (stage) => {
    const { code: got, output } = await stage.command(await args(stage), env);
    expect(got, output).toBe(code);
    if (says) expect(output).toMatch(says);
  },
}));
