import type { Credentials } from "../credentials";
import type { RawRequest } from "../wire";
import { hosts, signed, signedForSlack } from "./attackCase";

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
    request: (c) => signedForSlack(c, hosts.bot),
    status: 200,
  },
];
