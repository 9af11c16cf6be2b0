import { type AttackCase, blocked, hosts, login, signed } from "./attackCase";

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
