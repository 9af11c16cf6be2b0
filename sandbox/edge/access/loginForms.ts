import type { AccessApplication, Account } from "../../clouds/cloudflare/model";
import type { EdgeRequest, EdgeResponse } from "../request";
import { applicationByAudience, type Provider, providersFor } from "./applications";
import type { Attempt } from "./attempts";
import { type AccessContext, askerOf } from "./context";
import { cookieNames } from "./cookies";
import { claimsOf, emailOf, formOf, linesOf } from "./forms";
import { redirect } from "./html";
import { authenticatorsDue, proceed } from "./loginSteps";
import { codePage, invalidLoginPage, noAccess, providerPage, reportsMethods } from "./pages";
import { admission } from "./policies";
import type { Identity } from "./selectors";
import { partsOf } from "./target";

/** A form of a login on its way, with what it belongs to. */
interface Sent {
  form: URLSearchParams;
  nonce: string;
  attempt: Attempt;
  application: AccessApplication;
}

async function sent(context: AccessContext, account: Account, request: EdgeRequest): Promise<Sent | undefined> {
  const form = await formOf(request);
  const nonce = form?.get("nonce") ?? "";
  const attempt = context.attempts.find(nonce, request, cookieNames.teamSession);
  if (!form || attempt?.account !== account.id) return undefined;
  const application = applicationByAudience(context.world, account, attempt.audience, attempt.host);
  return application && { form, nonce, attempt, application };
}

/** Sends a PIN to an address that a policy admits; says to all others that it did. */
export async function requestPin(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
): Promise<EdgeResponse> {
  const given = await sent(context, account, request);
  const email = emailOf(given?.form.get("email") ?? null);
  if (!given || !email) return invalidLoginPage();
  const { nonce, attempt, application } = given;
  const provider = providersFor(context.world, account, application).find(({ type }) => type === "onetimepin");
  if (!provider) return invalidLoginPage();
  const decision = admission(context.world, application, askerOf(request, withPin(email, provider)));
  attempt.pin = context.pins.request(account.id, email, "admitted" in decision, attempt.host);
  return redirect(`https://${request.host}/cdn-cgi/access/verify-code/${attempt.host}?nonce=${nonce}`);
}

function withPin(email: string, { id, type }: Provider): Identity {
  return { email, provider: { id, type }, groups: [], claims: {}, amr: [] };
}

/** The page that asks for the PIN. */
export function askPin(context: AccessContext, account: Account, request: EdgeRequest): EdgeResponse {
  const nonce = partsOf(request.target).query.get("nonce") ?? "";
  const attempt = context.attempts.find(nonce, request, cookieNames.teamSession);
  if (!attempt?.pin || attempt.account !== account.id) return invalidLoginPage();
  return codePage(200, { nonce, email: attempt.pin.email });
}

/** What an identity provider answers, or the PIN that was sent. */
export async function callback(context: AccessContext, account: Account, request: EdgeRequest): Promise<EdgeResponse> {
  const given = await sent(context, account, request);
  if (!given) return invalidLoginPage();
  const { form, nonce, attempt, application } = given;
  const providers = providersFor(context.world, account, application);
  if (form.has("code")) {
    const provider = providers.find(({ type }) => type === "onetimepin");
    if (!provider || !attempt.pin) return invalidLoginPage();
    if (!context.pins.redeem(attempt.pin, form.get("code")!)) {
      return codePage(403, { nonce, email: attempt.pin.email, problem: noAccess });
    }
    attempt.identity = withPin(attempt.pin.email, provider);
  } else {
    const provider = providers.find(({ id, type }) => id === form.get("provider") && type !== "onetimepin");
    if (!provider) return invalidLoginPage();
    const answer = identityFrom(form, provider);
    if (typeof answer === "string") return providerPage(400, { nonce, provider, problem: answer });
    attempt.identity = answer;
  }
  // A new identity is a new session.
  delete attempt.session;
  delete attempt.secondFactor;
  return proceed(context, account, request, nonce, attempt);
}

/** Who somebody says they are; a text says why that cannot be. */
function identityFrom(form: URLSearchParams, provider: Provider): Identity | string {
  const email = emailOf(form.get("email"));
  if (!email) return "That is not an email address.";
  const domain = provider.type === "google-apps" ? String(provider.config?.apps_domain).toLowerCase() : undefined;
  if (domain !== undefined && !email.endsWith(`@${domain}`))
    return `${provider.name} knows addresses of ${domain} only.`;
  const factor = form.get("factor") === "yes" ? ["pwd", "mfa"] : ["pwd"];
  return {
    email,
    provider: { id: provider.id, type: provider.type },
    groups: linesOf(form.get("groups")),
    claims: ["oidc", "saml"].includes(provider.type) ? claimsOf(linesOf(form.get("claims"))) : {},
    amr: reportsMethods.includes(provider.type) ? factor : [],
  };
}

export async function takeSecondFactor(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
): Promise<EdgeResponse> {
  const given = await sent(context, account, request);
  if (!given?.attempt.identity) return invalidLoginPage();
  const { form, nonce, attempt, application } = given;
  const decision = admission(context.world, application, askerOf(request, attempt.identity!));
  const authenticator = form.get("authenticator") ?? "";
  if ("admitted" in decision) {
    const due = authenticatorsDue(context, account, application, decision.admitted, attempt);
    if (due.includes(authenticator)) {
      attempt.secondFactor = { authenticator, at: new Date(context.now()).toISOString(), now: true };
    }
  }
  return proceed(context, account, request, nonce, attempt);
}

export async function takePurpose(
  context: AccessContext,
  account: Account,
  request: EdgeRequest,
): Promise<EdgeResponse> {
  const given = await sent(context, account, request);
  if (!given?.attempt.identity) return invalidLoginPage();
  const purpose = given.form.get("purpose")?.trim().slice(0, 1000);
  if (purpose) given.attempt.purpose = purpose;
  return proceed(context, account, request, given.nonce, given.attempt);
}
