import { githubHeaders } from "../webhooks";
import { type AttackCase, blocked, event, hosts, json, login, signed, signedForSlack, upgrade } from "./attackCase";

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
    request: (c) => signedForSlack(c, hosts.otherBot),
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
    request: (c) => signedForSlack(c, hosts.bot, Date.now() - 10 * 60 * 1000),
    refused: { by: "origin", status: 401 },
  },
];
