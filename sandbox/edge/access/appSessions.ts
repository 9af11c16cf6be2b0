import { timingSafeEqual } from "node:crypto";
import type { AccessApplication, AccessPolicy, AccessSession, Account } from "../../clouds/cloudflare/model";
import { headerOf } from "../headers";
import type { EdgeRequest, HeaderList } from "../request";
import { settingsOf } from "./applications";
import { type AccessContext, liveSession, tokenLifetime, tokensOf } from "./context";
import { bindingOf, cookieNames, cookieValues, setCookie } from "./cookies";
import type { Claims } from "./tokens";
import { personId } from "./tokens";

/** A token of an application that a client brought, with whom it stands for. */
export interface AppSession {
  token: string;
  claims: Claims;
  /** Undefined for a service token. */
  session: AccessSession | undefined;
}

/**
 * The first of the client's tokens that counts for an application: from the cookie, or from the field `cf-access-token`,
 * which programs send instead. The field by which origins are told is never read.
 */
export async function appSession(
  context: AccessContext,
  account: Account,
  application: AccessApplication,
  request: EdgeRequest,
): Promise<AppSession | undefined> {
  const tokens = tokensOf(context, account);
  const field = headerOf(request.headers, "cf-access-token");
  const given = [...cookieValues(request.headers, cookieNames.authorization), ...(field ? [field] : [])];
  for (const token of given) {
    const claims = await tokens.verify(token, "app", application.aud);
    if (!claims || isRevoked(context, application, claims)) continue;
    if (claims.sub === "") return { token, claims, session: undefined };
    const session = liveSession(context, account, claims.identity_nonce);
    if (!session || session.email !== claims.email) continue;
    if (settingsOf(application).enable_binding_cookie && !isBound(request, session, token)) continue;
    return { token, claims, session };
  }
  return undefined;
}

function isRevoked({ world }: AccessContext, { aud }: AccessApplication, { iat }: Claims): boolean {
  const at = world.state.access_revocations[aud];
  return at !== undefined && iat * 1000 <= Date.parse(at);
}

function isBound(request: EdgeRequest, session: AccessSession, token: string): boolean {
  const wanted = Buffer.from(bindingOf(session, token));
  return cookieValues(request.headers, cookieNames.binding).some((value) => {
    const given = Buffer.from(value);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** Signs a token for a person who was admitted. @returns its cookies */
export async function beginAppSession(
  context: AccessContext,
  account: Account,
  {
    application,
    policy,
    nonce,
    path,
  }: { application: AccessApplication; policy: AccessPolicy; nonce: string; path: string },
): Promise<HeaderList> {
  const session = context.world.state.access_sessions[nonce]!;
  const length = tokenLifetime(application, policy);
  const token = await tokensOf(context, account).sign("app", application.aud, length, {
    email: session.email,
    sub: personId(account, session.email),
    country: session.country,
    identity_nonce: nonce,
    policy_id: policy.id,
  });
  const expires = context.now() + length;
  // The identity stays known for as long as a token leads to it.
  if (expires > Date.parse(session.expires_at)) session.expires_at = new Date(expires).toISOString();
  await context.save();
  const binding = setCookie(cookieNames.binding, bindingOf(session, token), { path, expires, sameSite: "none" });
  return [
    authorizationCookie(application, token, expires, path),
    ...(settingsOf(application).enable_binding_cookie ? [binding] : []),
  ];
}

/** Signs a token for a request that a Service Auth policy let through. */
export async function serviceToken(
  context: AccessContext,
  account: Account,
  {
    application,
    policy,
    clientId,
    country,
  }: { application: AccessApplication; policy: AccessPolicy; clientId: string | undefined; country: string },
): Promise<{ token: string; cookie: [string, string] }> {
  const length = tokenLifetime(application, policy);
  const named = clientId === undefined ? {} : { common_name: clientId };
  const claims = { sub: "", country, policy_id: policy.id, ...named };
  const token = await tokensOf(context, account).sign("app", application.aud, length, claims);
  return { token, cookie: authorizationCookie(application, token, context.now() + length, "/") };
}

function authorizationCookie(
  application: AccessApplication,
  token: string,
  expires: number,
  path: string,
): [string, string] {
  const { http_only_cookie_attribute: httpOnly, same_site_cookie_attribute: sameSite } = settingsOf(application);
  return setCookie(cookieNames.authorization, token, { path, expires, httpOnly, sameSite });
}
