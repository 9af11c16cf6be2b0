import type { FastifyInstance } from "fastify";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import type { EdgeRequest, EdgeResponse, Ruling } from "../request";
import { Attempts } from "./attempts";
import type { AccessContext } from "./context";
import { gate } from "./gate";
import { Mailbox } from "./mailbox";
import { Pins } from "./pins";
import { teamPages } from "./team";

/** Cloudflare Access of the sandbox, by the applications and policies that the emulator holds. */
export interface Access {
  /**
   * Rules on a request for a hostname of a zone, by the most specific application for its host and path. What passes on a
   * hostname with applications loses the client's `cf-access-*` fields. Answers `/cdn-cgi/access/` there by itself.
   */
  rule(request: EdgeRequest): Promise<Ruling>;
  /** Answers on a team's own hostname. @param team without `.cloudflareaccess.com` */
  team(request: EdgeRequest, team: string): Promise<EdgeResponse>;
  /** Adds the mailbox of the sandbox to the emulator's own routes. */
  register(app: FastifyInstance): void;
}

export interface AccessOptions {
  world: CloudflareWorld;
  /** Milliseconds since 1970. Default: the computer's clock. */
  now?: () => number;
  /** Puts the emulator's state into its file. */
  save(): Promise<void>;
}

export function createAccess({ world, now = Date.now, save }: AccessOptions): Access {
  const mailbox = new Mailbox();
  const attempts = new Attempts(now);
  const context: AccessContext = { world, now, save, mailbox, attempts, pins: new Pins(mailbox, now) };
  return {
    rule: async (request) => {
      const account = world.accounts.find(({ id }) => id === request.zone?.accountId);
      if (!account) return { pass: true, steps: [{ by: "access", verdict: "pass", reason: "no zone" }] };
      return gate(context, account, request);
    },
    team: (request, team) => teamPages(context, request, team),
    register: (app) => mailbox.register(app),
  };
}
