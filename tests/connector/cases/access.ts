import { expect } from "vitest";
import type { HeaderList } from "../../../sandbox/edge/request";
import type { Case } from "../cases";
import { until } from "../connector";
import { hostname, nothingElse, type Stage } from "../stage";
import type { Team } from "../team";

const audience = "a".repeat(64);
const assertion = (token: string): HeaderList => [["cf-access-jwt-assertion", token]];

/** Rules that ask for a token of a team, one of them over a WebSocket service as well. */
const guarded = (stage: Stage, access: Record<string, unknown>) => [
  { hostname, service: stage.origin.url, originRequest: { access } },
  nothingElse,
];

/** A request to a guarded rule, and how it has to end. Nothing but a 200 reaches the origin. */
interface Attempt {
  title: string;
  headers(team: Team): Promise<HeaderList>;
  status: 200 | 403 | 502;
}

const attempts: Attempt[] = [
  { title: "no token", headers: async () => [], status: 403 },
  { title: "an empty token", headers: async () => assertion(""), status: 403 },
  {
    title: "a token in the cookie only",
    headers: async (team) => [["cookie", `CF_Authorization=${await team.token(audience)}`]],
    status: 403,
  },
  {
    title: "a forged identity without a token",
    headers: async () => [["cf-access-authenticated-user-email", "ana@example.com"]],
    status: 403,
  },
  {
    title: "a token for another audience",
    headers: async (team) => assertion(await team.token("b".repeat(64))),
    status: 403,
  },
  { title: "a token for no audience", headers: async (team) => assertion(await team.token([])), status: 403 },
  { title: "garbage", headers: async () => assertion("garbage"), status: 502 },
  {
    title: "an expired token",
    headers: async (team) => assertion(await team.token(audience, { exp: 1_700_000_000 })),
    status: 502,
  },
  {
    title: "a token that is not valid yet",
    headers: async (team) => assertion(await team.token(audience, { nbf: Math.floor(Date.now() / 1000) + 3600 })),
    status: 502,
  },
  {
    title: "a token of another issuer",
    headers: async (team) => assertion(await team.token(audience, { iss: "https://other.cloudflareaccess.com" })),
    status: 502,
  },
  {
    title: "a token signed with an unknown key",
    headers: async (team) => assertion(await team.token(audience, {}, await team.strangeKey())),
    status: 502,
  },
  {
    title: "a token that was tampered with",
    headers: async (team) => {
      const [head, , signature] = (await team.token("b".repeat(64))).split(".");
      const [, payload] = (await team.token(audience)).split(".");
      return assertion([head, payload, signature].join("."));
    },
    status: 502,
  },
  {
    title: "a token without a signature",
    headers: async (team) => {
      const [, payload] = (await team.token(audience)).split(".");
      return assertion(`${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`);
    },
    status: 502,
  },
  { title: "the right token", headers: async (team) => assertion(await team.token(audience)), status: 200 },
  {
    title: "a token for several audiences, one of them right",
    headers: async (team) => assertion(await team.token(["c".repeat(64), audience])),
    status: 200,
  },
];

/** Access sections that leave a rule open or shut, whatever they were meant to do. */
const sections: { title: string; more?: object; rule?: object; status: number }[] = [
  {
    title: "at the top of the configuration is not enforced",
    more: { originRequest: { access: required() } },
    status: 200,
  },
  { title: "that is not required is not enforced", rule: { access: { ...required(), required: false } }, status: 200 },
  { title: "under a misspelt name is not enforced", rule: { acces: required() }, status: 200 },
  { title: "without team and audience refuses everything", rule: { access: { required: true } }, status: 403 },
  {
    title: "with a misspelt audience refuses everything",
    rule: { access: { ...required(), audTag: undefined, audTags: [audience] } },
    status: 403,
  },
];

function required() {
  return { required: true, teamName: "sections", audTag: [audience] };
}

export const accessCases: Case[] = [
  ...attempts.map(({ title, headers, status }) => ({
    title: `${title}: ${status}`,
    run: async (stage: Stage) => {
      const { team, tunnel } = await house(stage);
      const answer = await stage.ask(tunnel, { headers: await headers(team) });
      const source = status === 502 ? "connector" : "origin";
      expect({ status: answer.status, source: answer.source, reached: answer.received !== undefined }).toEqual({
        status,
        source,
        reached: status === 200,
      });
    },
  })),
  ...attempts
    .filter(({ title }) => ["no token", "garbage", "the right token"].includes(title))
    .map(({ title, headers, status }) => ({
      title: `${title} with a WebSocket: ${status === 200 ? 101 : status}`,
      run: async (stage: Stage) => {
        const { team, tunnel } = await house(stage);
        const opening = stage.webSocket(tunnel, { headers: await headers(team) });
        if (status === 200) (await opening).close();
        else await expect(opening).rejects.toThrow(String(status));
      },
    })),
  ...sections.map(({ title, more, rule, status }) => ({
    title: `an access section ${title}`,
    run: async (stage: Stage) => {
      const team = await stage.teams.team("sections");
      const rules = [{ hostname, service: stage.origin.url, originRequest: rule }, nothingElse];
      const { tunnel } = await stage.connect(rules, more as Record<string, unknown>);
      expect((await stage.ask(tunnel)).status).toBe(status);
      if (status !== 200)
        expect((await stage.ask(tunnel, { headers: assertion(await team.token(audience)) })).status).not.toBe(200);
    },
  })),
  {
    title: "a path that no rule matches is answered before any check",
    run: async (stage) => {
      const { tunnel } = await house(stage);
      expect((await stage.ask(tunnel, { host: "b.example.com" })).status).toBe(404);
    },
  },
  {
    title: "keys are fetched with the first token, again for an unknown key, and kept while they cannot be",
    run: async (stage) => {
      const team = await stage.teams.team("keys");
      const { tunnel } = await stage.connect(guarded(stage, { required: true, teamName: "keys", audTag: [audience] }));
      const status = async (token: string) => (await stage.ask(tunnel, { headers: assertion(token) })).status;
      expect(team.fetches).toBe(0);
      const old = await team.token(audience);
      expect(await status(old)).toBe(200);
      expect(await status(await team.token(audience))).toBe(200);
      expect(team.fetches).toBe(1);
      team.down = true;
      expect(await status(old)).toBe(200);
      await team.rotate();
      const fresh = await team.token(audience);
      expect(await status(fresh)).toBe(502);
      team.down = false;
      await until(async () => (await status(fresh)) === 200, "the new key is not fetched");
      expect(await status(old)).toBe(502);
    },
  },
];

async function house(stage: Stage) {
  const made = stage.shared("access", async () => {
    const team = await stage.teams.team("house");
    const rules = guarded(stage, { required: true, teamName: "house", audTag: ["d".repeat(64), audience] });
    return Object.assign(await stage.connect(rules), { team });
  });
  return made as Promise<{ team: Team } & Awaited<typeof made>>;
}
