import type { Credentials } from "./credentials";
import { githubHeaders, slackHeaders } from "./webhooks";
import type { RawRequest } from "./wire";

/** One attack, and what has to come of it. */
export interface AttackCase {
  title: string;
  request(c: Credentials): RawRequest;
  /** Who has to refuse it, with which status. */
  refused: { by: "edge" | "waf" | "access" | "connector" | "origin"; status: number };
}

/** Hostnames of the fleet under attack. */
export const hosts = {
  operator: "atlas-ana.example.com",
  bot: "atlas-bot.example.com",
  otherOperator: "borea-ben.example.com",
  otherBot: "borea-bot.example.com",
};

const event = '{"zen":"Keep it logically awesome."}';
const json: [string, string] = ["Content-Type", "application/json"];

/** A good GitHub webhook for a target of the attacker's choice. */
function signed(c: Credentials, target: string, headers: [string, string][] = []): RawRequest {
  const host = hosts.bot;
  return {
    host,
    method: "POST",
    target,
    headers: [json, ...githubHeaders(c.githubSecret, event), ...headers],
    body: event,
  };
}

const login = { by: "access", status: 302 } as const;
const blocked = { by: "waf", status: 403 } as const;

/** Tokens that are not for this hostname, and the status with which the connector refuses each. */
const forgedTokens: [title: string, jwt: (c: Credentials) => string, status: 403 | 502][] = [
  ["garbage JWT", () => "garbage", 502],
  ["expired JWT with a right signature", (c) => c.jwt.expired, 502],
  ["JWT of another audience with a right signature", (c) => c.jwt.wrongAudience, 403],
  ["JWT of another team with a right signature", (c) => c.jwt.wrongTeam, 502],
  ["JWT signed by a stranger's key", (c) => c.jwt.strangerKey, 502],
  ["JWT without a signature (alg none)", (c) => c.jwt.unsigned, 502],
  ["JWT of another tenant", (c) => c.ben.jwt, 403],
];

/** The same tokens once Access is out of the way: the connector has to know them by itself. */
export const connectorAttacks: AttackCase[] = [
  { title: "no JWT", request: () => ({ host: hosts.operator }), refused: { by: "connector", status: 403 } },
  {
    title: "right JWT, in the cookie only",
    request: (c) => ({ host: hosts.operator, headers: [["Cookie", c.ana.cookies]] }),
    refused: { by: "connector", status: 403 },
  },
  ...forgedTokens.map(
    ([title, jwt, status]): AttackCase => ({
      title,
      request: (c) => ({ host: hosts.operator, headers: [["Cf-Access-Jwt-Assertion", jwt(c)]] }),
      refused: { by: "connector", status },
    }),
  ),
];

/** Tokens and headers that pretend to be somebody, on the hostname that people use. */
export const identityAttacks: AttackCase[] = [
  { title: "no JWT", request: () => ({ host: hosts.operator }), refused: login },
  ...forgedTokens.flatMap(([title, jwt]): AttackCase[] => [
    {
      title: `${title}, in the header`,
      request: (c) => ({ host: hosts.operator, headers: [["Cf-Access-Jwt-Assertion", jwt(c)]] }),
      refused: login,
    },
    {
      title: `${title}, in the cookie`,
      request: (c) => ({ host: hosts.operator, headers: [["Cookie", `CF_Authorization=${jwt(c)}`]] }),
      refused: login,
    },
  ]),
  {
    title: "stolen session cookie without the cookie it is bound to",
    request: (c) => ({ host: hosts.operator, headers: [["Cookie", `CF_Authorization=${c.ana.jwt}`]] }),
    refused: login,
  },
  {
    title: "session of one tenant on the hostname of another",
    request: (c) => ({ host: hosts.otherOperator, headers: [["Cookie", c.ana.cookies]] }),
    refused: login,
  },
  {
    title: "forged identity headers of Access",
    request: (c) => ({
      host: hosts.operator,
      headers: [
        ["Cf-Access-Authenticated-User-Email", "ana@example.com"],
        ["Cf-Access-Jwt-Assertion", c.jwt.strangerKey],
      ],
    }),
    refused: login,
  },
  {
    title: "service token that does not exist",
    request: () => ({
      host: hosts.operator,
      headers: [
        ["CF-Access-Client-Id", `${"0".repeat(32)}.access`],
        ["CF-Access-Client-Secret", "0".repeat(64)],
      ],
    }),
    refused: { by: "access", status: 401 },
  },
  {
    title: "WebSocket without a login",
    request: () => ({ host: hosts.operator, target: "/ws", headers: upgrade }),
    refused: login,
  },
  {
    title: "Host of one tenant over the TLS name of another, with a session of the latter",
    request: (c) => ({
      host: hosts.operator,
      headers: [
        ["Host", hosts.otherOperator],
        ["Cookie", c.ana.cookies],
      ],
    }),
    refused: login,
  },
  {
    title: "forwarding headers that name the agent's own network",
    request: () => ({
      host: hosts.operator,
      headers: [
        ["X-Forwarded-For", "127.0.0.1"],
        ["X-Real-IP", "127.0.0.1"],
        ["X-Forwarded-Host", "localhost"],
        ["Forwarded", "for=127.0.0.1;host=localhost;proto=https"],
      ],
    }),
    refused: login,
  },
];

const upgrade: [string, string][] = [
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];

/** Everything but the declared webhooks, on the hostname that services use. */
export const botAttacks: AttackCase[] = [
  ...[
    ["the page of the agent", "/"],
    ["an undeclared path", "/api/config"],
    ["encoded dots and slash behind a declared path", "/hooks/github/..%2f..%2fapi"],
    ["dots behind a declared path", "/hooks/github/../../api"],
    ["encoded dots", "/hooks/%2e%2e/api"],
    ["an encoded letter", "/hooks/%67ithub"],
    ["an encoded slash", "/hooks%2fgithub"],
    ["a double encoded slash", "/hooks%252fgithub"],
    ["a doubled slash", "//hooks/github"],
    ["a doubled slash inside", "/hooks//github"],
    ["a backslash", "/hooks\\github"],
    ["a slash at the end", "/hooks/github/"],
    ["upper case", "/Hooks/GitHub"],
    ["a path parameter", "/hooks/github;a=b"],
    ["a line break at the end", "/hooks/github%0a"],
    ["a NUL character at the end", "/hooks/github%00"],
    ["a very long path", `/hooks/github/${"a".repeat(8000)}`],
  ].map(
    ([title, target]): AttackCase => ({
      title: `signed webhook to ${title}`,
      request: (c) => signed(c, target!),
      refused: blocked,
    }),
  ),
  {
    title: "GET of a declared path",
    request: () => ({ host: hosts.bot, target: "/hooks/github" }),
    refused: blocked,
  },
  {
    title: "PUT of a declared path",
    request: (c) => ({ ...signed(c, "/hooks/github"), method: "PUT" }),
    refused: blocked,
  },
  {
    title: "method override",
    request: () => ({ host: hosts.bot, target: "/hooks/github", headers: [["X-HTTP-Method-Override", "POST"]] }),
    refused: blocked,
  },
  {
    title: "undeclared content type",
    request: () => ({
      host: hosts.bot,
      method: "POST",
      target: "/hooks/github",
      headers: [["Content-Type", "text/html"]],
      body: event,
    }),
    refused: blocked,
  },
  {
    title: "WebSocket upgrade",
    request: () => ({ host: hosts.bot, target: "/ws", headers: upgrade }),
    refused: blocked,
  },
  {
    title: "WebSocket upgrade of a declared path",
    request: () => ({ host: hosts.bot, target: "/hooks/github", headers: upgrade }),
    refused: blocked,
  },
  {
    title: "signed webhook with a forged identity of Access",
    request: (c) =>
      signed(c, "/hooks/github", [
        ["Cf-Access-Authenticated-User-Email", "ana@example.com"],
        ["Cf-Access-Jwt-Assertion", c.jwt.strangerKey],
      ]),
    refused: blocked,
  },
  {
    title: "replayed JWT of a person",
    request: (c) => signed(c, "/hooks/github", [["Cf-Access-Jwt-Assertion", c.ana.jwt]]),
    refused: blocked,
  },
  {
    title: "Host of the operator's over the TLS name for services, with a forged identity",
    request: (c) => ({
      host: hosts.bot,
      headers: [
        ["Host", hosts.operator],
        ["Cf-Access-Authenticated-User-Email", "ana@example.com"],
        ["Cf-Access-Jwt-Assertion", c.jwt.strangerKey],
      ],
    }),
    refused: login,
  },
  {
    title: "one agent's webhook path on the hostname of another",
    request: (c) => ({
      host: hosts.otherBot,
      method: "POST",
      target: "/slack/events",
      headers: [json, ...slackHeaders(c.slackSecret, event)],
      body: event,
    }),
    refused: blocked,
  },
  {
    title: "webhook without a signature",
    request: () => ({ host: hosts.bot, method: "POST", target: "/hooks/github", headers: [json], body: event }),
    refused: { by: "origin", status: 401 },
  },
  {
    title: "webhook signed with another secret",
    request: () => ({
      host: hosts.bot,
      method: "POST",
      target: "/hooks/github",
      headers: [json, ...githubHeaders("another secret", event)],
      body: event,
    }),
    refused: { by: "origin", status: 401 },
  },
  {
    title: "signed webhook replayed after its time",
    request: (c) => ({
      host: hosts.bot,
      method: "POST",
      target: "/slack/events",
      headers: [json, ...slackHeaders(c.slackSecret, event, Date.now() - 10 * 60 * 1000)],
      body: event,
    }),
    refused: { by: "origin", status: 401 },
  },
];

/** What is tried again while layers are away: each is refused by its own layer when all are there. */
export const layerProbes: AttackCase[] = [
  {
    title: "nobody, operator hostname",
    request: () => ({ host: hosts.operator }),
    refused: login,
  },
  {
    title: "stranger's JWT, operator hostname",
    request: (c) => ({ host: hosts.operator, headers: [["Cf-Access-Jwt-Assertion", c.jwt.strangerKey]] }),
    refused: login,
  },
  {
    title: "undeclared path, bot hostname",
    request: (c) => signed(c, "/api/config"),
    refused: blocked,
  },
  {
    title: "agent's page with a forged identity, bot hostname",
    request: (c) => ({
      host: hosts.bot,
      headers: [
        ["Cf-Access-Authenticated-User-Email", "ana@example.com"],
        ["Cf-Access-Jwt-Assertion", c.jwt.strangerKey],
      ],
    }),
    refused: blocked,
  },
];

/** What the declared callers do. */
export const goodRequests: { title: string; request(c: Credentials): RawRequest; status: number }[] = [
  {
    title: "person with a session",
    request: (c) => ({ host: hosts.operator, headers: [["Cookie", c.ana.cookies]] }),
    status: 200,
  },
  {
    title: "person with a session, and a forged identity beside it",
    request: (c) => ({
      host: hosts.operator,
      headers: [
        ["Cookie", c.ana.cookies],
        ["Cf-Access-Authenticated-User-Email", "mallory@example.com"],
        ["Cf-Access-Jwt-Assertion", c.jwt.strangerKey],
      ],
    }),
    status: 200,
  },
  { title: "signed GitHub webhook", request: (c) => signed(c, "/hooks/github"), status: 200 },
  {
    title: "signed Slack webhook",
    request: (c) => ({
      host: hosts.bot,
      method: "POST",
      target: "/slack/events",
      headers: [json, ...slackHeaders(c.slackSecret, event)],
      body: event,
    }),
    status: 200,
  },
];
