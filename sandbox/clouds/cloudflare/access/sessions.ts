import { randomBytes } from "node:crypto";
import type { AccessSession, CloudflareState } from "../model";

/** Bytes of a session's nonce: nobody guesses it. */
const nonceBytes = 16;

/** Records a login and forgets those that have ended. @returns its nonce */
export function beginSession(
  state: CloudflareState,
  session: Omit<AccessSession, "binding_key">,
  now: number,
): { nonce: string; session: AccessSession } {
  for (const [nonce, { expires_at }] of Object.entries(state.access_sessions)) {
    if (Date.parse(expires_at) <= now) delete state.access_sessions[nonce];
  }
  const nonce = randomBytes(nonceBytes).toString("base64url");
  const begun = { ...session, binding_key: randomBytes(32).toString("base64") };
  state.access_sessions[nonce] = begun;
  return { nonce, session: begun };
}

/** Ends all sessions of a person in an account: no token of theirs counts any more. */
export function endSessions(state: CloudflareState, account: string, email: string): void {
  for (const [nonce, session] of Object.entries(state.access_sessions)) {
    if (session.account_id === account && session.email === email.toLowerCase()) delete state.access_sessions[nonce];
  }
}
