import type WebSocket from "ws";
import type { EdgeAnswer, EdgeClient, EdgeSend } from "./edgeClient";

/** An answer, and the address that gave it at the end of all redirects. */
export interface EdgePage extends EdgeAnswer {
  url: URL;
}

/** Most redirects that are followed in one go. */
const mostRedirects = 10;

/** Cloudflare's Browser Integrity Check refuses whoever does not say what they are. */
const browserHeaders: [string, string][] = [
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) Creel"],
  ["accept", "text/html,*/*"],
];

/**
 * A person's browser, as far as logging in needs one: keeps cookies by host, follows redirects, sends forms.
 *
 * Cookies live as long as this object; their paths and dates are not looked at.
 */
export class EdgeSession {
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly client: EdgeClient) {}

  /** Opens an address and whatever it leads to. @throws when redirects do not end */
  async open(address: string | URL, send: EdgeSend = {}): Promise<EdgePage> {
    let url = new URL(address);
    for (let i = 0, now = send; i < mostRedirects; i++) {
      const answer = await this.once(url, now);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || !location) return { ...answer, url };
      url = new URL(location, url);
      now = { headers: now.headers?.filter(([name]) => !/^(content-|origin$)/i.test(name)) };
    }
    throw new Error(`${address} leads on and on, lastly to ${url.host}${url.pathname}`);
  }

  /** Asks once, with the host's cookies, and keeps those of the answer. */
  async once(url: URL, send: EdgeSend = {}): Promise<EdgeAnswer> {
    const headers: EdgeSend["headers"] = [...this.ownHeaders(url), ...(send.headers ?? [])];
    const plain = url.protocol === "http:";
    const answer = await this.client.request(url.hostname, url.pathname + url.search, { ...send, headers, plain });
    const cookies = this.cookies.get(url.hostname) ?? new Map<string, string>();
    this.cookies.set(url.hostname, cookies);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line)!;
      if (value === "" || /;\s*max-age=0\b/i.test(line)) cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    return answer;
  }

  /** Opens a WebSocket as a page of the same host would. @throws when it is refused */
  async webSocket(url: URL): Promise<WebSocket> {
    const headers = Object.fromEntries([...this.ownHeaders(url), ["origin", url.origin]]) as Record<string, string>;
    return this.client.webSocket(url.hostname, url.pathname + url.search, headers);
  }

  /** What a browser says of itself, and the cookies that it has for the host. */
  private ownHeaders(url: URL): [string, string][] {
    const cookie = [...(this.cookies.get(url.hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    return cookie === "" ? browserHeaders : [...browserHeaders, ["cookie", cookie]];
  }

  /** Fills in the form of a page and sends it. @throws when the page has no form */
  async submit(page: EdgePage, fields: Record<string, string>): Promise<EdgePage> {
    const { action, method, values } = formOf(page);
    const filled = new URLSearchParams({ ...values, ...fields }).toString();
    if (method === "GET") return this.open(`${action.origin}${action.pathname}?${filled}`);
    return this.open(action, {
      method,
      headers: [
        ["content-type", "application/x-www-form-urlencoded"],
        ["origin", page.url.origin],
      ],
      body: filled,
    });
  }

  /** What the session has of one host's cookies, for whoever wants to send them otherwise. */
  cookie(host: string, name: string): string | undefined {
    return this.cookies.get(host)?.get(name);
  }
}

/** The first form of a page: where it goes, and what it holds already. */
function formOf(page: EdgePage): { action: URL; method: string; values: Record<string, string> } {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(page.text);
  if (!form) throw new Error(`${page.url.host}${page.url.pathname} (${page.status}) has no form`);
  const inputs = [...form[2]!.matchAll(/<input\b([^>]*)>/gi)].map((match) => match[1]!);
  const named = inputs.map((text) => [attribute(text, "name"), attribute(text, "value") ?? ""] as const);
  return {
    action: new URL(attribute(form[1]!, "action") ?? page.url, page.url),
    method: (attribute(form[1]!, "method") ?? "get").toUpperCase(),
    values: Object.fromEntries(named.filter(([name]) => name !== undefined)),
  };
}

const entities: Record<string, string> = { "&quot;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&" };

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1];
  return value?.replaceAll(/&(quot|#39|lt|gt|amp);/g, (entity) => entities[entity]!);
}
