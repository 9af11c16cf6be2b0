import { randomBytes } from "node:crypto";
import type { AccessApplication, Account } from "../../clouds/cloudflare/model";
import { headerOf } from "../headers";
import type { EdgeRequest, EdgeResponse, HeaderList } from "../request";
import { sha256 } from "./attempts";
import { type AccessContext, tokensOf } from "./context";
import { cookieNames, cookieValues, setCookie } from "./cookies";
import { json, redirect } from "./html";
import { messagePage } from "./pages";
import { fitTarget } from "./target";

/** How long what a login page is told counts, in milliseconds: as long as in what Cloudflare sends. */
const metaLifetime = 5 * 60_000;
const appSessionLifetime = 24 * 3_600_000;

/**
 * Sends somebody without a session to the login page; programs in a page that say `x-requested-with` get 401, as no page
 * of another origin is of use to them.
 *
 * @param knownToken whether the request came with a service token in force
 */
export async function challenge(
  context: AccessContext,
  account: Account,
  application: AccessApplication,
  request: EdgeRequest,
  knownToken: boolean,
): Promise<EdgeResponse> {
  const tokens = tokensOf(context, account);
  const described: HeaderList = [["www-authenticate", description(request)]];
  if (headerOf(request.headers, "x-requested-with")?.toLowerCase() === "xmlhttprequest") {
    return messagePage(401, "401 Unauthorized", "Your session has ended. Load the page again.", described);
  }
  const target = fitTarget(request.target);
  const session = appSessionOf(request) ?? randomBytes(32).toString("base64url");
  const meta = await tokens.sign("meta", application.aud, metaLifetime, {
    hostname: request.host,
    redirect_url: target,
    service_token_status: knownToken,
    is_warp: false,
    is_gateway: false,
    auth_status: "NONE",
    real_country: request.client.country,
    app_session_hash: sha256(session),
  });
  const query = new URLSearchParams({ kid: application.aud, redirect_url: target, meta });
  const expires = context.now() + appSessionLifetime;
  return redirect(`${tokens.issuer}/cdn-cgi/access/login/${request.host}?${query}`, [
    ...described,
    setCookie(cookieNames.appSession, session, { expires, sameSite: "none" }),
  ]);
}

/** The one the browser has: two of its windows may log in at once. */
function appSessionOf({ headers }: EdgeRequest): string | undefined {
  return cookieValues(headers, cookieNames.appSession).find((value) => /^[\w-]{43}$/.test(value));
}

function description({ host, target }: EdgeRequest): string {
  const path = fitTarget(target).split("?", 1)[0]!.replace(/["\\]/g, encodeURIComponent);
  const document = `https://${host}/.well-known/cloudflare-access-protected-resource${path}`;
  return `Cloudflare-Access resource_metadata="${document}"`;
}

/** 401 or 403 for programs, where there is no login or it would be of no use. */
export function refusal(status: 401 | 403, application: AccessApplication, request: EdgeRequest): EdgeResponse {
  const headers: HeaderList = [
    ["cf-access-aud", application.aud],
    ["cf-access-domain", request.host],
    ...(status === 401 ? ([["www-authenticate", description(request)]] as HeaderList) : []),
  ];
  const title = status === 401 ? "Unauthorized" : "Forbidden";
  const text = "You do not have permission to view this.";
  if (headerOf(request.headers, "accept")?.includes("application/json")) {
    return json(status, { title, status, detail: text, aud: application.aud, ray_id: request.ray }, headers);
  }
  return messagePage(status, title, text, headers);
}

/** For hostnames without an application, where the organisation wants one for each. */
export function notProtected(): EdgeResponse {
  return messagePage(403, "Access protection required", "This hostname has no Access application, so it is blocked.");
}

/** Nobody logs in, or sends a token, in the clear. */
export function toHttps({ host, target }: EdgeRequest): EdgeResponse {
  return { status: 301, headers: [["location", `https://${host}${fitTarget(target)}`]], body: "" };
}
