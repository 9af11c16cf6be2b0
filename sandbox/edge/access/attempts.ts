import { createHash, timingSafeEqual } from "node:crypto";
import type { EdgeRequest } from "../request";
import { cookieValues } from "./cookies";
import { Expiring } from "./expiring";
import type { PinRequest } from "./pins";
import type { Identity } from "./selectors";

/** A login on its way, from the login page to the application. */
export interface Attempt {
  account: string;
  /** Audience tag of the application. */
  audience: string;
  /** Hostname that it began on and goes back to. */
  host: string;
  /** Path and query to go back to. */
  target: string;
  /** Hash of the application's session cookie, which the browser that goes back must have. */
  appSession: string;
  /** Hash of the team's session cookie, which every form must come with. */
  browser: string;
  pin?: PinRequest;
  identity?: Identity;
  /** Nonce of a session that the person had before. */
  session?: string;
  /** The last one that Access saw, and whether it was for this very login. */
  secondFactor?: { authenticator: string; at: string; now: boolean };
  purpose?: string;
}

/** What the application's hostname is told when the login is over. */
export interface Entry {
  account: string;
  audience: string;
  host: string;
  target: string;
  appSession: string;
  session: string;
  policy: string;
}

/** How long somebody may take to log in, in milliseconds: as long as the team's session cookie lasts. */
export const attemptLifetime = 4 * 3_600_000;
/** From the login page back to the application. */
const entryLifetime = 60_000;
const most = 10_000;

/** Logins on their way, in memory: they do not outlive the process. */
export class Attempts {
  private readonly attempts: Expiring<Attempt>;
  private readonly entries: Expiring<Entry>;

  constructor(now: () => number) {
    this.attempts = new Expiring(attemptLifetime, most, now);
    this.entries = new Expiring(entryLifetime, most, now);
  }

  /** @returns the attempt's name, for its forms */
  begin(attempt: Attempt): string {
    return this.attempts.add(attempt);
  }

  /** The attempt, if it is this browser's. */
  find(name: string, request: EdgeRequest, cookie: string): Attempt | undefined {
    const attempt = this.attempts.get(name);
    return attempt && hasCookie(request, cookie, attempt.browser) ? attempt : undefined;
  }

  end(name: string): void {
    this.attempts.take(name);
  }

  /** @returns a nonce that counts once */
  admit(entry: Entry): string {
    return this.entries.add(entry);
  }

  enter(nonce: string): Entry | undefined {
    return this.entries.take(nonce);
  }
}

/** Whether the browser sent a cookie with this hash. */
export function hasCookie(request: EdgeRequest, name: string, hash: string): boolean {
  return cookieValues(request.headers, name).some((value) =>
    timingSafeEqual(Buffer.from(sha256(value)), Buffer.from(hash.padEnd(64).slice(0, 64))),
  );
}

/** In hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
