import { createHmac } from "node:crypto";
import type { World } from "../sandbox/world";
import { logIn } from "./accessLogin";
import type { EdgeAnswer, EdgeClient } from "./edgeClient";
import { EdgeSession } from "./edgeSession";
import type { Check } from "./proof";

/** Who gave an answer, and why, as the edge's log has it. */
export interface Verdict {
  by: string;
  reason: string;
}

/** What the edge's log says of an answer. */
export async function verdictOf(world: World, { ray }: EdgeAnswer): Promise<Verdict> {
  const log = `${new URL(world.cloudflare.baseUrl).origin}/_sandbox/decisions?ray=${ray}`;
  const [line] = (await (await fetch(log)).json()) as Verdict[];
  return line ?? { by: "nobody", reason: "it is not in the edge's log" };
}

/** The operator hostname: closed to who has not logged in, open to a person of the tenant, who is told by name. */
export async function operatorChecks(client: EdgeClient, world: World, url: string, email: string): Promise<Check[]> {
  return [await strangerCheck(client, world, url), await personCheck(client, world, url, email)];
}

async function strangerCheck(client: EdgeClient, world: World, url: string): Promise<Check> {
  const stranger = await new EdgeSession(client).once(new URL(url));
  const sentTo = URL.canParse(stranger.headers.location ?? "") ? new URL(stranger.headers.location!).hostname : "";
  return {
    title: `${url} without a login`,
    ok: stranger.status === 302 && sentTo === `${world.cloudflare.team}.cloudflareaccess.com`,
    seen: `${stranger.status} by ${(await verdictOf(world, stranger)).by}, to ${sentTo || "nowhere"}`,
  };
}

/** A tenant may ask for more than a PIN: then this does not hold, and the other checks go on. */
async function personCheck(client: EdgeClient, world: World, url: string, email: string): Promise<Check> {
  const title = `${url} after the login of ${email} with a PIN`;
  try {
    const page = await logIn(new EdgeSession(client), world, url, email);
    const { by } = await verdictOf(world, page);
    const known = page.text.includes(email);
    return {
      title,
      ok: page.status === 200 && by === "origin" && page.url.hostname === new URL(url).hostname && known,
      seen: `${page.status} by ${by}, ${known ? "which was told who it is" : "which does not know who it is"}`,
    };
  } catch (error) {
    return { title, ok: false, seen: `the login came to nothing: ${(error as Error).message}` };
  }
}

/** The bot hostname, with GitHub's webhook: what is signed arrives, and what is not is refused, and by whom. */
export async function webhookChecks(client: EdgeClient, world: World, url: string, secret: string): Promise<Check[]> {
  const { hostname } = new URL(url);
  const body = '{"zen":"Keep it logically awesome."}';
  const post = async (target: string, signature?: string): Promise<[EdgeAnswer, Verdict]> => {
    const answer = await client.request(hostname, target, {
      method: "POST",
      headers: [
        ["user-agent", "GitHub-Hookshot/creel"],
        ["content-type", "application/json"],
        ...(signature === undefined ? [] : [["x-hub-signature-256", signature] as [string, string]]),
      ],
      body,
    });
    return [answer, await verdictOf(world, answer)];
  };
  const right = githubSignature(body, secret);
  const cases: [title: string, sent: [EdgeAnswer, Verdict], status: RegExp, by: RegExp][] = [
    ["a signed webhook", await post(githubPath, right), /^2/, /^origin$/],
    ["a webhook without a signature", await post(githubPath), /^401$/, /^origin$/],
    ["a webhook with a wrong signature", await post(githubPath, githubSignature(body, "wrong")), /^401$/, /^origin$/],
    ["a path that is not declared", await post("/", right), /^40[34]$/, /^(waf|connector)$/],
  ];
  return cases.map(([title, [answer, { by }], status, layer]) => ({
    title: `${title} to ${hostname}`,
    ok: status.test(`${answer.status}`) && layer.test(by),
    seen: `${answer.status} by ${by === "origin" ? "the agent" : by}`,
  }));
}

/** Where the sandbox's agent expects GitHub's webhooks. */
export const githubPath = "/hooks/github";

/** The value of `x-hub-signature-256`: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries. */
export function githubSignature(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
