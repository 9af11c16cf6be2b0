/** A refusal or fault of the edge itself, as Cloudflare numbers and words it. */
export interface Failure {
  status: number;
  /** Number of a 1XXX error, https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/. */
  code?: number;
  title: string;
  /** What a page says below the title; without it the page is Cloudflare's unstyled one. */
  text?: string;
}

/** Answers that depend on nothing but the case. Status codes of 1XXX errors: 409, 530, 403 and 429 are the documented ones. */
export const failures = {
  badRequest: { status: 400, title: "400 Bad Request" },
  /** Documented unstyled, at https://developers.cloudflare.com/support/troubleshooting/http-status-codes/4xx-client-error/error-403/. */
  wrongServerName: { status: 403, title: "403 Forbidden" },
  requestTimeout: { status: 408, title: "408 Request Time-out" },
  bodyTooLarge: { status: 413, title: "413 Payload Too Large" },
  targetTooLong: { status: 414, title: "414 URI Too Long" },
  /** The limit is documented, the answer is not: nginx, which the edge grew from, has 400 and 431 for it. */
  headersTooLarge: { status: 431, title: "431 Request Header Fields Too Large" },
  /** Never sent, as nobody is there to read it; it stands in the log. */
  clientGone: { status: 499, title: "499 Client Closed Request" },
  /** What lies below /cdn-cgi/ is Cloudflare's own and never the origin's. */
  notOurs: { status: 404, title: "404 Not Found" },

  prohibited: {
    status: 403,
    code: 1000,
    title: "DNS points to prohibited IP",
    text: "The request came, or says that it came, through another proxy in a form that is not allowed.",
  },
  directAddress: {
    status: 403,
    code: 1003,
    title: "Direct IP access not allowed",
    text: "A valid host header must be supplied to reach the desired website.",
  },
  noSuchSite: {
    status: 409,
    code: 1001,
    title: "DNS resolution error",
    text: "You've requested a page on a website that is on the Cloudflare network. Cloudflare is currently unable to resolve your requested domain.",
  },
  noOrigin: {
    status: 530,
    code: 1016,
    title: "Origin DNS error",
    text: "You've requested a page on a website that is on the Cloudflare network. Cloudflare is currently unable to resolve its origin.",
  },
  noTunnel: {
    status: 530,
    code: 1033,
    title: "Cloudflare Tunnel error",
    text: "You've requested a page on a website that is on the Cloudflare network. The host is configured as a Cloudflare Tunnel, and Cloudflare is currently unable to resolve it.",
  },

  /** A fault of the edge. */
  internal: { status: 500, title: "500 Internal Server Error" },
  /** Also what Cloudflare makes of a connector's 502: its answer has no page of its own. */
  badGateway: {
    status: 502,
    title: "Bad gateway",
    text: "Unable to reach the origin service. The service may be down or it may not be responding to traffic from cloudflared.",
  },
  connectionTimedOut: {
    status: 522,
    title: "Connection timed out",
    text: "The origin web server did not answer. The sandbox reaches origins through tunnels only.",
  },
  originTooSlow: {
    status: 524,
    title: "A timeout occurred",
    text: "The origin web server did not answer in time.",
  },
} satisfies Record<string, Failure>;
