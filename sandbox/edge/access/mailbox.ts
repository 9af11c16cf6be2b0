import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { html } from "../../html";
import { page } from "./html";

export interface Mail {
  to: string;
  subject: string;
  /** One-time PIN, six digits. */
  pin: string;
  /** Hostname that it lets into. */
  host: string;
  /** ISO 8601. */
  sent: string;
  expires: string;
}

/** Mails kept, the newest ones. */
const most = 100;

/** Everybody's mail in the sandbox, in memory: whoever looks after the sandbox reads it. */
export class Mailbox {
  private mails: Mail[] = [];

  send(mail: Mail): void {
    this.mails = [mail, ...this.mails].slice(0, most);
  }

  /** Newest first. */
  get all(): readonly Mail[] {
    return this.mails;
  }

  /** `/_sandbox/mailbox` for people, `/_sandbox/mailbox.json` for programs. */
  register(app: FastifyInstance): void {
    app.get("/_sandbox/mailbox.json", async (request, reply) => local(request, reply) ?? reply.send(this.mails));
    app.get("/_sandbox/mailbox", async (request, reply) => {
      const refused = local(request, reply);
      if (refused) return refused;
      const { headers, body } = mailboxPage(this.mails);
      return reply.headers(Object.fromEntries(headers)).send(body);
    });
  }
}

/** Refuses whoever comes by a name that is not this computer's: a page elsewhere could have pointed it here. */
function local(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const host = request.hostname.replace(/:\d+$/, "");
  if (["localhost", "127.0.0.1", "[::1]"].includes(host)) return undefined;
  return reply.status(403).send({ error: "the mailbox is read on this computer only" });
}

function mailboxPage(mails: readonly Mail[]) {
  const rows = mails.map(
    (mail) => html`<tr>
  <td>${mail.to}</td>
  <td><strong class="code">${mail.pin}</strong></td>
  <td>${mail.host}</td>
  <td><time datetime="${mail.sent}">${mail.sent.slice(11, 19)}</time></td>
</tr>
`,
  );
  const table = html`<table>
<thead><tr><th scope="col">To</th><th scope="col">PIN</th><th scope="col">For</th><th scope="col">Sent (UTC)</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`;
  return page(200, {
    title: "Mailbox of the sandbox",
    refresh: 3,
    body: html`<p>One-time PINs that the sandbox's Cloudflare Access would have sent by mail. Each counts once, for ten minutes.</p>
${mails.length > 0 ? table : html`<p role="status">No mail yet.</p>`}`,
  });
}
