import { randomBytes } from "node:crypto";
import type { AccessApplication, Account } from "../../clouds/cloudflare/model";
import type { EdgeRequest, EdgeResponse, HeaderList } from "../request";
import { applicationByAudience, organizationOfAccount, providersFor, settingsOf } from "./applications";
import { type Attempt, attemptLifetime, hasCookie, sha256 } from "./attempts";
import { type AccessContext, identityOf, liveSession, tokensOf } from "./context";
import { cookieNames, cookieValues, setCookie } from "./cookies";
import { redirect } from "./html";
import { proceed } from "./loginSteps";
import { invalidLoginPage, loginPage, providerPage } from "./pages";
import { isTarget, partsOf } from "./target";
import type { Claims } from "./tokens";

/**
 * The page to which an application sends people without a session. Who has one with the team goes straight on.
 *
 * @param host the application's hostname, from the path
 */
export async function startLogin(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  host: string,
): Promise<EdgeResponse> {
  const { query } = partsOf(request.target);
  const audience = query.get("kid") ?? "";
  const application = applicationByAudience(context.world, account, audience, host);
  const meta = await tokensOf(context, account).verify(query.get("meta") ?? "", "meta", audience);
  const target = meta?.redirect_url ?? "";
  if (!application || meta?.hostname !== host || !meta.app_session_hash || !isTarget(target)) {
    return invalidLoginPage();
  }
  const browser = cookieValues(request.headers, cookieNames.teamSession)[0] ?? randomBytes(32).toString("base64url");
  const attempt: Attempt = {
    account: account.id,
    audience,
    host,
    target,
    appSession: meta.app_session_hash,
    browser: sha256(browser),
  };
  const expires = context.now() + attemptLifetime;
  const cookies: HeaderList = hasCookie(request, cookieNames.teamSession, attempt.browser)
    ? []
    : [setCookie(cookieNames.teamSession, browser, { expires, sameSite: "none" })];
  const response = await firstPage(context, account, request, application, attempt);
  return { ...response, headers: [...response.headers, ...cookies] };
}

async function firstPage(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  application: AccessApplication,
  attempt: Attempt,
): Promise<EdgeResponse> {
  const providers = providersFor(context.world, account, application);
  const present = await teamSession(context, account, request);
  if (present && providers.some(({ id }) => id === present.session.identity_provider.id)) {
    attempt.identity = identityOf(present.session);
    attempt.session = present.nonce;
    if (present.session.second_factor) attempt.secondFactor = { ...present.session.second_factor, now: false };
    return proceed(context, account, request, context.attempts.begin(attempt), attempt);
  }
  const nonce = context.attempts.begin(attempt);
  const [only] = providers;
  const direct = settingsOf(application).auto_redirect_to_identity && providers.length === 1;
  if (direct && only && only.type !== "onetimepin") {
    return redirect(`https://${request.host}/cdn-cgi/access/identity-provider/${only.id}?nonce=${nonce}`);
  }
  const headers: HeaderList = [
    ["cf-access-aud", application.aud],
    ["cf-access-domain", attempt.host],
  ];
  return loginPage({ nonce, application: application.name, host: attempt.host, providers }, headers);
}

/** The session that the browser has with the team, good for every application. */
export async function teamSession(context: AccessContext, account: Account, request: EdgeRequest) {
  const tokens = tokensOf(context, account);
  const { auth_domain } = organizationOfAccount(context.world, account);
  for (const token of cookieValues(request.headers, cookieNames.authorization)) {
    const claims: Claims | undefined = await tokens.verify(token, "org", auth_domain);
    const session = claims && liveSession(context, account, claims.identity_nonce);
    if (session) return { nonce: claims.identity_nonce!, session };
  }
  return undefined;
}

/** Where an identity provider of somebody else would be, the sandbox's own. */
export function askIdentity(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  providerId: string,
): EdgeResponse {
  const nonce = partsOf(request.target).query.get("nonce") ?? "";
  const attempt = context.attempts.find(nonce, request, cookieNames.teamSession);
  const application = attempt && applicationByAudience(context.world, account, attempt.audience, attempt.host);
  if (!application || attempt.account !== account.id) return invalidLoginPage();
  const provider = providersFor(context.world, account, application).find(({ id }) => id === providerId);
  if (!provider || provider.type === "onetimepin") return invalidLoginPage();
  return providerPage(200, { nonce, provider });
}
