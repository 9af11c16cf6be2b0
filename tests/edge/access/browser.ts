import type { Access } from "../../../sandbox/edge/access";
import type { EdgeRequest, EdgeResponse, HeaderList, Ruling } from "../../../sandbox/edge/request";
import { accountId, zoneId, zoneNames } from "../../clouds/cloudflare/account";

export const team = "acme.cloudflareaccess.com";

export interface Sent {
  method?: string;
  headers?: Record<string, string> | HeaderList;
  form?: Record<string, string>;
  address?: string;
  country?: string;
  tls?: string | undefined;
  websocket?: boolean;
}

/** A request as the edge hands it to Access. */
export function edgeRequest(url: string, sent: Sent = {}): EdgeRequest {
  const [, host = "", target = "/"] = /^https?:\/\/([^/?]+)(.*)$/s.exec(url) ?? [];
  const body = sent.form && new URLSearchParams(sent.form).toString();
  const given = Array.isArray(sent.headers) ? sent.headers : Object.entries(sent.headers ?? {});
  const form: HeaderList = body === undefined ? [] : [["content-type", "application/x-www-form-urlencoded"]];
  const zone = { id: zoneId, name: zoneNames.free, accountId, plan: "free" } as const;
  return {
    ray: "0123456789abcdef",
    zone: host === zone.name || host.endsWith(`.${zone.name}`) ? zone : undefined,
    host,
    method: sent.method ?? (body === undefined ? "GET" : "POST"),
    target: target.startsWith("/") ? target : `/${target}`,
    version: "HTTP/2",
    headers: [["host", host], ...form, ...(given as HeaderList)],
    client: { address: sent.address ?? "203.0.113.9", country: sent.country ?? "DE" },
    tls: "tls" in sent ? sent.tls : url.startsWith("https:") ? "TLSv1.3" : undefined,
    websocket: sent.websocket ?? false,
    body: async (limit) => {
      const bytes = Buffer.from(body ?? "");
      if (bytes.length > limit) throw new Error("too large");
      return bytes;
    },
  };
}

/** The last thing that was seen: an answer of Access, or that the request went on to the origin. */
export interface Seen {
  url: string;
  passed: (Ruling & { pass: true }) | undefined;
  response: EdgeResponse | undefined;
}

export function field(headers: HeaderList | undefined, name: string): string | undefined {
  return headers?.find(([present]) => present === name)?.[1];
}

/** A browser that keeps cookies by host and path, and follows redirects until it reaches a page or an origin. */
export class Browser {
  readonly cookies = new Map<string, Map<string, { value: string; path: string }>>();

  constructor(
    private readonly access: Access,
    readonly from: Pick<Sent, "address" | "country"> = {},
  ) {}

  /** One request, with no redirect followed. */
  async once(url: string, sent: Sent = {}): Promise<Seen> {
    const { host, pathname } = new URL(url);
    const jar = [...(this.cookies.get(host)?.entries() ?? [])]
      .filter(([, { path }]) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`))
      .map(([name, { value }]) => `${name}=${value}`);
    const given = (Array.isArray(sent.headers) ? sent.headers : Object.entries(sent.headers ?? {})) as HeaderList;
    const headers: HeaderList = [...(jar.length > 0 ? ([["cookie", jar.join("; ")]] as HeaderList) : []), ...given];
    const request = edgeRequest(url, { ...this.from, ...sent, headers });
    if (host === team) {
      const response = await this.access.team(request, "acme");
      this.keep(host, response.headers);
      return { url, passed: undefined, response };
    }
    const ruling = await this.access.rule(request);
    this.keep(host, ruling.pass ? (ruling.answerHeaders ?? []) : ruling.response.headers);
    return ruling.pass
      ? { url, passed: ruling, response: undefined }
      : { url, passed: undefined, response: ruling.response };
  }

  async go(url: string, sent: Sent = {}): Promise<Seen> {
    let seen = await this.once(url, sent);
    for (let step = 0; step < 10; step++) {
      const location = field(seen.response?.headers, "location");
      if (!location || !seen.response || seen.response.status >= 400) return seen;
      seen = await this.once(new URL(location, seen.url).href);
    }
    throw new Error(`more than ten redirects: ${seen.url}`);
  }

  /** Fills in a page's form and sends it. */
  submit(seen: Seen, fields: Record<string, string>): Promise<Seen> {
    const { action, hidden } = formOn(seen);
    const origin = new URL(seen.url).origin;
    return this.go(new URL(action, seen.url).href, {
      form: { ...hidden, ...fields },
      headers: { origin, "sec-fetch-site": "same-origin" },
    });
  }

  private keep(host: string, headers: HeaderList): void {
    for (const [name, value] of headers) {
      if (name !== "set-cookie") continue;
      const [pair = "", ...attributes] = value.split("; ");
      const [cookie = "", text = ""] = pair.split("=", 2);
      const path = attributes.find((part) => part.startsWith("Path="))?.slice(5) ?? "/";
      const jar = this.cookies.get(host) ?? new Map();
      this.cookies.set(host, jar);
      if (attributes.some((part) => part === "Expires=Thu, 01 Jan 1970 00:00:00 GMT")) jar.delete(cookie);
      else jar.set(cookie, { value: text, path });
    }
  }

  cookie(host: string, name: string): string | undefined {
    return this.cookies.get(host)?.get(name)?.value;
  }
}

export function formOn({ response, url }: Seen): { action: string; hidden: Record<string, string> } {
  const body = String(response?.body ?? "");
  const action = /<form method="post" action="([^"]+)"/.exec(body)?.[1];
  if (!action) throw new Error(`no form on ${url} (${response?.status}): ${body.slice(0, 2000)}`);
  const hidden = [...body.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  return { action, hidden: Object.fromEntries(hidden.map(([, name, value]) => [name, value])) };
}
