import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { Expiring } from "./expiring";
import type { Mailbox } from "./mailbox";

/** Lifetime of a PIN: https://developers.cloudflare.com/cloudflare-one/integrations/identity-providers/one-time-pin/. */
export const pinLifetime = 10 * 60_000;
/** Wrong PINs that one request for a PIN may be answered with. The number is the sandbox's. */
export const wrongTries = 5;
/** PINs sent to one address and not used, within the lifetime of one. The number is the sandbox's. */
export const pinsPerAddress = 5;

/** Somebody's request for a PIN. It looks the same whether a PIN was sent or not. */
export interface PinRequest {
  account: string;
  email: string;
  /** SHA-256 of the PIN; undefined when none was sent. */
  digest: Buffer | undefined;
  until: number;
  triesLeft: number;
}

/** Sends one-time PINs and takes them back. */
export class Pins {
  private readonly sent: Expiring<{ count: number }>;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly now: () => number,
  ) {
    this.sent = new Expiring(pinLifetime, 10_000, now);
  }

  /**
   * @param allowed whether the address may come in. Others get no mail and are told the same.
   * @param host hostname that it lets into
   */
  request(account: string, email: string, allowed: boolean, host: string): PinRequest {
    const now = this.now();
    const count = this.count(account, email, 1);
    const pin = String(randomInt(1_000_000)).padStart(6, "0");
    const send = allowed && count <= pinsPerAddress;
    const until = now + pinLifetime;
    if (send) {
      const [at, expires] = [now, until].map((time) => new Date(time).toISOString()) as [string, string];
      this.mailbox.send({ to: email, subject: `PIN for ${host}`, pin, host, sent: at, expires });
    }
    return { account, email, digest: send ? digest(pin) : undefined, until, triesLeft: wrongTries };
  }

  /** Whether the PIN is right and in time. It counts once, and after too many wrong ones no more. */
  redeem(request: PinRequest, pin: string): boolean {
    if (request.triesLeft <= 0 || this.now() >= request.until) return false;
    const right = timingSafeEqual(digest(pin.trim()), request.digest ?? digest("")) && request.digest !== undefined;
    request.triesLeft = right ? 0 : request.triesLeft - 1;
    if (right) this.count(request.account, request.email, -1);
    return right;
  }

  /** PINs of an address that are on their way, with one more or less. */
  private count(account: string, email: string, more: number): number {
    const key = `${account}/${email}`;
    const sent = this.sent.get(key) ?? { count: 0 };
    if (sent.count === 0) this.sent.set(key, sent);
    sent.count = Math.max(0, sent.count + more);
    return sent.count;
  }
}

function digest(pin: string): Buffer {
  return createHash("sha256").update(pin).digest();
}
