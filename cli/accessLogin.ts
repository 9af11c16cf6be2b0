import type { World } from "../sandbox/world";
import type { EdgePage, EdgeSession } from "./edgeSession";

/** A mail in the sandbox's mailbox, which has the newest first. */
interface Mail {
  to: string;
  pin: string;
}

/**
 * Logs in at Access with a one-time PIN, as a person with a browser and a mailbox does.
 *
 * @param url what the person wants to see
 * @param email whose mailbox the PIN is read from
 * @returns the page at the end: what was wanted, or the refusal
 */
export async function logIn(session: EdgeSession, world: World, url: string, email: string): Promise<EdgePage> {
  const asksWho = await session.open(url);
  const asksPin = await session.submit(asksWho, { email });
  return session.submit(asksPin, { code: await latestPin(world, email) });
}

/** The PIN of the latest mail to an address. @throws when none was sent there */
export async function latestPin(world: World, email: string): Promise<string> {
  const mails = (await (await fetch(`${world.mailbox}.json`)).json()) as Mail[];
  const mail = mails.find(({ to }) => to === email);
  if (!mail) throw new Error(`${world.mailbox} has no mail to ${email}`);
  return mail.pin;
}
