import { milliseconds } from "../../clouds/cloudflare/access/common";
import { beginSession } from "../../clouds/cloudflare/access/sessions";
import type { AccessApplication, AccessPolicy, Account } from "../../clouds/cloudflare/model";
import type { EdgeRequest, EdgeResponse, HeaderList } from "../request";
import { applicationByAudience, type MfaConfig, organizationOfAccount, settingsOf } from "./applications";
import type { Attempt } from "./attempts";
import { type AccessContext, askerOf, lifetime, liveSession, tokensOf } from "./context";
import { cookieNames, setCookie } from "./cookies";
import { redirect } from "./html";
import { deniedPage, invalidLoginPage, purposePage, secondFactorPage } from "./pages";
import { admission } from "./policies";
import { personId } from "./tokens";

/** What a policy asks when it names no question of its own. */
const defaultPrompt = "Please enter a justification for accessing this application.";

/** Takes somebody whose identity is known through what is still to do, and then to the application. */
export async function proceed(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
  nonce: string,
  attempt: Attempt,
): Promise<EdgeResponse> {
  const { world } = context;
  const application = applicationByAudience(world, account, attempt.audience, attempt.host);
  if (!application || !attempt.identity || attempt.account !== account.id) return invalidLoginPage();
  const decision = admission(world, application, askerOf(request, attempt.identity));
  if ("refused" in decision) return denied(context, application, request, nonce);
  const policy = decision.admitted;
  const allowed = authenticatorsDue(context, account, application, policy, attempt);
  if (allowed.length > 0) return secondFactorPage({ nonce, allowed });
  if (policy.settings.purpose_justification_required && !attempt.purpose) {
    const prompt = String(policy.settings.purpose_justification_prompt || defaultPrompt);
    return purposePage({ nonce, prompt });
  }
  context.attempts.end(nonce);
  return toApplication(context, account, request, attempt, policy);
}

function denied(
  context: AccessContext,
  application: AccessApplication,
  { ray }: EdgeRequest,
  nonce: string,
): EdgeResponse {
  context.attempts.end(nonce);
  const { custom_deny_url, custom_deny_message } = settingsOf(application);
  const elsewhere = custom_deny_url && URL.canParse(custom_deny_url) ? new URL(custom_deny_url) : undefined;
  if (elsewhere && /^https?:$/.test(elsewhere.protocol)) return redirect(elsewhere.href);
  return deniedPage({ message: custom_deny_message, ray });
}

/**
 * The authenticators among which one has to be used now: none when Access asks for no second factor or had one lately.
 * The policy's settings go over the application's, those over the organisation's:
 * https://developers.cloudflare.com/cloudflare-one/access-controls/policies/mfa-requirements/#independent-mfa.
 */
export function authenticatorsDue(
  context: AccessContext,
  account: Account,
  application: AccessApplication,
  policy: AccessPolicy,
  { secondFactor }: Attempt,
): string[] {
  const { mfa_config: common, mfa_required_for_all_apps } = organizationOfAccount(context.world, account);
  const own = (policy.settings.mfa_config as MfaConfig | undefined) ?? settingsOf(application).mfa_config;
  const config = own ?? (mfa_required_for_all_apps ? common : undefined);
  if (!config || config.mfa_disabled) return [];
  const allowed = config.allowed_authenticators ?? common?.allowed_authenticators ?? [];
  const duration = config.session_duration ?? common?.session_duration;
  if (!secondFactor || !allowed.includes(secondFactor.authenticator)) return allowed;
  const until = Date.parse(secondFactor.at) + (duration ? milliseconds(duration) : 0);
  return secondFactor.now || context.now() < until ? [] : allowed;
}

async function toApplication(
  context: AccessContext,
  account: Account,
  { client }: EdgeRequest,
  attempt: Attempt,
  policy: AccessPolicy,
): Promise<EdgeResponse> {
  const now = context.now();
  const identity = attempt.identity!;
  const { auth_domain, session_duration } = organizationOfAccount(context.world, account);
  const length = lifetime(session_duration);
  const { authenticator, at } = attempt.secondFactor ?? {};
  const factor = authenticator && at ? { authenticator, at } : null;
  const cookies: HeaderList = [];
  let session = attempt.session;
  if (session === undefined) {
    session = beginSession(
      context.world.state,
      {
        account_id: account.id,
        email: identity.email,
        identity_provider: identity.provider,
        groups: identity.groups,
        claims: identity.claims,
        amr: identity.amr,
        ip: client.address,
        country: client.country,
        created_at: new Date(now).toISOString(),
        expires_at: new Date(now + length).toISOString(),
        second_factor: factor,
      },
      now,
    ).nonce;
    const token = await tokensOf(context, account).sign("org", auth_domain, length, {
      sub: personId(account, identity.email),
      email: identity.email,
      country: client.country,
      identity_nonce: session,
    });
    cookies.push(setCookie(cookieNames.authorization, token, { expires: now + length, sameSite: "none" }));
  } else {
    const present = liveSession(context, account, session);
    // Revoked while a page of the login was open.
    if (!present) return invalidLoginPage();
    present.second_factor = factor;
  }
  await context.save();
  const { audience, host, target, appSession } = attempt;
  const entry = { account: account.id, audience, host, target, appSession, session, policy: policy.id };
  return redirect(`https://${host}/cdn-cgi/access/authorized?nonce=${context.attempts.admit(entry)}`, cookies);
}
