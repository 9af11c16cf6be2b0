import { milliseconds } from "../../clouds/cloudflare/access/common";
import type { AccessApplication, AccessPolicy, AccessSession, Account } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import type { EdgeRequest } from "../request";
import { settingsOf } from "./applications";
import type { Attempts } from "./attempts";
import type { Mailbox } from "./mailbox";
import type { Pins } from "./pins";
import type { Asker, Identity } from "./selectors";
import { Tokens } from "./tokens";

/** What the parts of Access share. */
export interface AccessContext {
  world: CloudflareWorld;
  /** Milliseconds since 1970. */
  now(): number;
  /** Puts the emulator's state into its file. */
  save(): Promise<void>;
  attempts: Attempts;
  pins: Pins;
  mailbox: Mailbox;
}

export function tokensOf(context: AccessContext, account: Account): Tokens {
  return new Tokens(context.world, account, context.now, context.save);
}

/** A login that is still in force. */
export function liveSession(context: AccessContext, account: Account, nonce = ""): AccessSession | undefined {
  const { access_sessions } = context.world.state;
  const session = Object.hasOwn(access_sessions, nonce) ? access_sessions[nonce] : undefined;
  return session?.account_id === account.id ? session : undefined;
}

export function identityOf(session: AccessSession): Identity {
  const { email, identity_provider: provider, groups, claims, amr } = session;
  return { email, provider, groups, claims, amr };
}

export function askerOf({ client }: EdgeRequest, identity: Asker["identity"]): Asker {
  return { ...client, identity, serviceToken: undefined };
}

/** Durations of no time at all still let a login end at its page, in milliseconds. */
const shortest = 10_000;

/** How long a token for an application counts, in milliseconds: the policy's word goes over the application's. */
export function tokenLifetime(application: AccessApplication, policy: AccessPolicy): number {
  return lifetime(policy.session_duration || settingsOf(application).session_duration);
}

export function lifetime(duration: string): number {
  return Math.max(shortest, milliseconds(duration));
}
