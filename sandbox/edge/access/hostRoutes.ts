import { endSessions } from "../../clouds/cloudflare/access/sessions";
import type { Account } from "../../clouds/cloudflare/model";
import type { EdgeRequest, EdgeResponse, Ruling } from "../request";
import { applicationByAudience, applicationFor, policiesOf, settingsOf } from "./applications";
import { beginAppSession } from "./appSessions";
import { hasCookie } from "./attempts";
import { type AccessContext, liveSession, tokensOf } from "./context";
import { clearCookie, cookieNames, cookieValues } from "./cookies";
import { json, redirect } from "./html";
import { identityView } from "./identityView";
import { invalidLoginPage, messagePage } from "./pages";
import { normalPath } from "./places";
import { partsOf } from "./target";
import type { Claims } from "./tokens";

/** Where Access has pages of its own on every application's hostname. */
export const accessPaths = "/cdn-cgi/access/";

/** Answers what belongs to Access on an application's hostname. */
export async function hostRoutes(context: AccessContext, account: Account, request: EdgeRequest): Promise<Ruling> {
  const { query } = partsOf(request.target);
  const answered = (reason: string, response: EdgeResponse): Ruling => ({
    pass: false,
    steps: [{ by: "access", verdict: response.status < 400 ? "answer" : "block", reason }],
    response,
  });
  switch (normalPath(request.target).slice(accessPaths.length)) {
    case "authorized":
      return answered("end of a login", await authorized(context, account, request, query.get("nonce") ?? ""));
    case "logout":
      return answered("log out", await logout(context, account, request, undefined));
    case "get-identity":
      return answered("identity", await getIdentity(context, account, request));
    default:
      return answered("no page of Access", messagePage(404, "Not found", "There is no such page."));
  }
}

/** The way back from the team's pages: a nonce that counts once, in the browser that began the login. */
async function authorized(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  nonce: string,
): Promise<EdgeResponse> {
  const entry = context.attempts.enter(nonce);
  if (entry?.account !== account.id || entry.host !== request.host) return invalidLoginPage();
  if (!hasCookie(request, cookieNames.appSession, entry.appSession)) return invalidLoginPage();
  const application = applicationByAudience(context.world, account, entry.audience, entry.host);
  if (!application || !liveSession(context, account, entry.session)) return invalidLoginPage();
  const policy = policiesOf(context.world, application).find(({ id }) => id === entry.policy);
  if (!policy) return invalidLoginPage();
  const found = applicationFor(context.world, account, entry.host, normalPath(entry.target));
  const uri = found?.application.id === application.id ? found.uri : "";
  const path = settingsOf(application).path_cookie_attribute ? cookiePath(uri) : "/";
  const cookies = await beginAppSession(context, account, { application, policy, nonce: entry.session, path });
  return redirect(`https://${entry.host}${entry.target}`, cookies);
}

/** Path of a destination, up to its first wildcard. */
function cookiePath(uri: string): string {
  const path = uri.slice(uri.indexOf("/") < 0 ? uri.length : uri.indexOf("/"));
  return path.split("*", 1)[0]! || "/";
}

/** Whose token of this account a cookie holds, whichever application it is for. */
async function holder(context: AccessContext, account: Account, request: EdgeRequest): Promise<Claims | undefined> {
  const tokens = tokensOf(context, account);
  for (const token of cookieValues(request.headers, cookieNames.authorization)) {
    for (const type of ["app", "org"] as const) {
      const claims = await tokens.verify(token, type, undefined);
      if (claims) return claims;
    }
  }
  return undefined;
}

/**
 * Ends a person's sessions in all applications and clears this host's cookies:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/access-settings/session-management/#log-out-as-a-user.
 */
export async function logout(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  extra: string | undefined,
): Promise<EdgeResponse> {
  const claims = await holder(context, account, request);
  const session = claims && liveSession(context, account, claims.identity_nonce);
  if (session) {
    endSessions(context.world.state, account.id, session.email);
    await context.save();
  }
  const names = [cookieNames.authorization, cookieNames.binding, cookieNames.appSession, ...(extra ? [extra] : [])];
  const cleared = names.map((name) => clearCookie(name));
  return messagePage(200, "Logged out", "You have been logged out of all applications.", cleared);
}

/** `/cdn-cgi/access/get-identity` on both kinds of hostnames. */
export async function getIdentity(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
): Promise<EdgeResponse> {
  const claims = await holder(context, account, request);
  const view = claims && identityView(context, account, claims);
  return view ? json(200, view) : json(401, { err: "no valid session" });
}
