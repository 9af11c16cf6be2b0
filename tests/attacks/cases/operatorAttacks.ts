import type { Credentials } from "../credentials";
import { type AttackCase, hosts, login, upgrade } from "./attackCase";

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
