import fastify, { type FastifyInstance } from "fastify";
import type { Plan } from "../../../sandbox/clouds/cloudflare/model";
import type { CloudflareWorld } from "../../../sandbox/clouds/cloudflare/world";
import { type Access, createAccess } from "../../../sandbox/edge/access";
import type { Mail } from "../../../sandbox/edge/access/mailbox";
import { account, accountId, type Json, TestAccount, zoneIds, zoneNames } from "../../clouds/cloudflare/account";
import { Browser, type Seen, type Sent } from "./browser";

/** An emulated account with Access before it, and a clock that can be set forward. */
export class Setting {
  readonly api = new TestAccount();
  /** Added to the computer's clock, in milliseconds. */
  ahead = 0;
  saves = 0;
  access!: Access;
  world!: CloudflareWorld;
  private mailApp!: FastifyInstance;

  async start(): Promise<this> {
    await this.api.start();
    const zones = (Object.keys(zoneIds) as Plan[]).map((plan) => ({
      id: zoneIds[plan],
      name: zoneNames[plan],
      accountId,
      plan,
    }));
    this.world = { state: this.api.store.state, accounts: [{ id: accountId, name: "Acme", team: "acme" }], zones };
    this.access = this.newAccess();
    this.mailApp = fastify();
    this.access.register(this.mailApp);
    return this;
  }

  /** Access as after a restart of the process: the same state, nothing else. */
  newAccess(): Access {
    return createAccess({
      world: this.world,
      now: () => Date.now() + this.ahead,
      save: async () => {
        this.saves++;
      },
    });
  }

  async stop(): Promise<void> {
    await this.mailApp.close();
    await this.api.stop();
  }

  browser(from?: Pick<Sent, "address" | "country">): Browser {
    return new Browser(this.access, from);
  }

  /** One request, without a browser's cookies. */
  ask(url: string, sent?: Sent): Promise<Seen> {
    return new Browser(this.access).once(url, sent);
  }

  make(kind: string, body: unknown): Promise<Json> {
    return this.api.make(account(`/access/${kind}`), body);
  }

  /** Changes an object: what is not mentioned stays. */
  async change(kind: string, body: object): Promise<Json> {
    const path = account(`/access/${kind}`);
    const present = (await this.api.call("GET", path)).body.result;
    return this.api.make(path, { ...present, ...body }, "PUT");
  }

  async mails(): Promise<Mail[]> {
    return (await this.mailApp.inject({ url: "/_sandbox/mailbox.json", headers: { host: "localhost" } })).json();
  }

  mailbox(host: string, path = "/_sandbox/mailbox") {
    return this.mailApp.inject({ url: path, headers: { host } });
  }

  /** An application with an inline Allow policy for some addresses, unless told otherwise. */
  application(domain: string, settings: object = {}, policies: object[] = [allow("ana@example.com")]): Promise<Json> {
    return this.make("apps", { name: domain, type: "self_hosted", domain, policies, ...settings });
  }

  /** Logs in by one-time PIN, from a page that asks for the address. */
  async withPin(browser: Browser, login: Seen, email: string): Promise<Seen> {
    const code = await browser.submit(login, { email });
    const mail = (await this.mails()).find(({ to }) => to === email);
    return browser.submit(code, { code: mail?.pin ?? "000000" });
  }

  /** Goes to an address and logs in there. */
  async logIn(browser: Browser, url: string, email = "ana@example.com"): Promise<Seen> {
    return this.withPin(browser, await browser.go(url), email);
  }
}

export function allow(email: string, more: object = {}): object {
  return { name: "people", decision: "allow", include: [{ email: { email } }], ...more };
}
