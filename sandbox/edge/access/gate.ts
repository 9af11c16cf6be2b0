import type { AccessApplication, Account } from "../../clouds/cloudflare/model";
import { headerOf } from "../headers";
import type { EdgeRequest, EdgeResponse, HeaderList, Ruling } from "../request";
import { applicationFor, hasApplication, organizationOfAccount, settingsOf } from "./applications";
import { type AppSession, appSession, serviceToken } from "./appSessions";
import { type AccessContext, askerOf } from "./context";
import { cookieNames, cookiesWithout } from "./cookies";
import { accessPaths, hostRoutes } from "./hostRoutes";
import { normalPath } from "./places";
import { hasAllowPolicy, noLongerAdmitted, policyWithoutLogin } from "./policies";
import { challenge, notProtected, refusal, toHttps } from "./refusals";
import { isLive, type ServiceCredentials, serviceCredentials, tokenById } from "./serviceCredentials";

/** What is asked at one application's door. */
interface Visit {
  account: Account;
  application: AccessApplication;
  request: EdgeRequest;
  credentials: ServiceCredentials;
}

/** Rules on a request for a hostname of a zone. */
export async function gate(context: AccessContext, account: Account, request: EdgeRequest): Promise<Ruling> {
  const { world, now } = context;
  const { host, target, headers } = request;
  if (!hasApplication(world, account, host)) return withoutApplication(context, account, request);
  const path = normalPath(target);
  if (path.startsWith(accessPaths) && request.tls !== undefined) return hostRoutes(context, account, request);
  const application = applicationFor(world, account, host, path)?.application;
  if (!application) return pass(request, "no application for this path");
  const ownField = settingsOf(application).read_service_tokens_from_header;
  const credentials = serviceCredentials(world, account, headers, ownField, now());
  const visit: Visit = { account, application, request, credentials };
  if (request.tls === undefined) return inTheClear(context, visit);
  if (isPreflight(request) && settingsOf(application).options_preflight_bypass) {
    return pass(request, `preflight request, by application "${application.name}"`);
  }
  return (await byPolicy(context, visit)) ?? (await bySession(context, visit)) ?? refuse(context, visit);
}

function withoutApplication({ world }: AccessContext, account: Account, { zone }: EdgeRequest): Ruling {
  const organization = organizationOfAccount(world, account);
  const exempted = organization.deny_unmatched_requests_exempted_zone_names ?? [];
  if (!organization.deny_unmatched_requests || exempted.includes(zone?.name ?? "")) {
    return { pass: true, steps: [{ by: "access", verdict: "pass", reason: "no application" }] };
  }
  return block("no application, and the organisation wants one for each hostname", notProtected());
}

/** Only what is open to all goes on without TLS. */
function inTheClear({ world }: AccessContext, { application, request }: Visit): Ruling {
  const bypass = policyWithoutLogin(world, application, askerOf(request, undefined), ["bypass"]);
  if (bypass) return pass(request, `bypass policy "${bypass.name}" of application "${application.name}"`);
  return block(`application "${application.name}" is for HTTPS only`, toHttps(request));
}

function isPreflight({ method, headers }: EdgeRequest): boolean {
  const asks = headerOf(headers, "origin") !== undefined && headerOf(headers, "access-control-request-method");
  return method === "OPTIONS" && Boolean(asks);
}

/** Lets through whom a Bypass or Service Auth policy admits. */
async function byPolicy(context: AccessContext, visit: Visit): Promise<Ruling | undefined> {
  const { account, application, request, credentials } = visit;
  const asker = { ...askerOf(request, undefined), serviceToken: credentials.token };
  const policy = policyWithoutLogin(context.world, application, asker);
  const strict = credentials.given && organizationOfAccount(context.world, account).strict_service_token_auth;
  if (policy?.decision === "bypass") {
    return pass(request, `bypass policy "${policy.name}" of application "${application.name}"`);
  }
  if (!policy) {
    if (!strict) return undefined;
    const status = credentials.token ? 403 : 401;
    return block(
      `service token not admitted to application "${application.name}"`,
      refusal(status, application, request),
    );
  }
  const who = { clientId: credentials.token?.client_id, country: request.client.country };
  const { token, cookie } = await serviceToken(context, account, { application, policy, ...who });
  const name = credentials.token ? `service token "${credentials.token.name}"` : "request";
  const ruling = pass(request, `${name} by policy "${policy.name}" of application "${application.name}"`, token);
  return {
    ...ruling,
    dropped: [...(ruling.dropped ?? []), ...(credentials.field ? [credentials.field] : [])],
    answerHeaders: strict ? [] : [cookie],
  };
}

/** Lets through who brings a token of this application, as long as what is looked at anew holds. */
async function bySession(context: AccessContext, visit: Visit): Promise<Ruling | undefined> {
  const { account, application, request } = visit;
  // Without an Allow policy a service token is asked for each time.
  if (!hasAllowPolicy(context.world, application)) return undefined;
  const found = await appSession(context, account, application, request);
  if (!found) return undefined;
  const fault = found.session
    ? noLongerAdmitted(context.world, application, found.claims.policy_id ?? "", askerOf(request, "kept"))
    : serviceTokenFault(context, visit, found);
  if (fault) {
    const refused = await refuse(context, visit);
    return { ...refused, steps: [{ by: "access", verdict: "block", reason: fault }, ...refused.steps] };
  }
  const who = found.claims.email ?? `service token ${found.claims.common_name}`;
  return pass(request, `${who} in application "${application.name}"`, found.token, found.claims.email);
}

function serviceTokenFault(context: AccessContext, { account, application, request }: Visit, { claims }: AppSession) {
  const token = tokenById(context.world, account, claims.common_name ?? "");
  if (!token || !isLive(token, context.now())) return "its service token is not in force";
  const asker = { ...askerOf(request, undefined), serviceToken: token };
  const policy = policyWithoutLogin(context.world, application, asker, ["non_identity"]);
  return policy ? undefined : `service token "${token.name}" is not admitted any more`;
}

async function refuse(context: AccessContext, visit: Visit): Promise<Ruling & { pass: false }> {
  const { account, application, request, credentials } = visit;
  const login = hasAllowPolicy(context.world, application);
  const reason = `no session for application "${application.name}"`;
  // Meant for programs: people, who bring no service token, still get to the login page.
  if (settingsOf(application).service_auth_401_redirect && (credentials.given || !login)) {
    return block(reason, refusal(401, application, request));
  }
  if (!login) return block(reason, refusal(403, application, request));
  const response = await challenge(context, account, application, request, credentials.token !== undefined);
  return { ...block(reason, response), steps: [{ by: "access", verdict: "login", reason }] };
}

function block(reason: string, response: EdgeResponse): Ruling & { pass: false } {
  return { pass: false, steps: [{ by: "access", verdict: "block", reason }], response };
}

/**
 * Lets a request go on. What the client said in the name of Access does not, and the binding cookie never does.
 *
 * @param token for the origin, which replaces the client's cookie of the same name
 */
function pass(request: EdgeRequest, reason: string, token?: string, email?: string): Ruling & { pass: true } {
  const { authorization, binding } = cookieNames;
  const all = cookiesWithout(request.headers, token ? [authorization, binding] : [binding]);
  const cookie = [...(all ? [all] : []), ...(token ? [`${authorization}=${token}`] : [])].join("; ");
  const headers: HeaderList = [
    ...(token ? ([["cf-access-jwt-assertion", token]] as HeaderList) : []),
    ...(email ? ([["cf-access-authenticated-user-email", email]] as HeaderList) : []),
    ...(cookie ? ([["cookie", cookie]] as HeaderList) : []),
  ];
  const said = request.headers.map(([name]) => name).filter((name) => name.startsWith("cf-access-"));
  return {
    pass: true,
    steps: [{ by: "access", verdict: "pass", reason }],
    headers,
    dropped: [...said, ...(cookie ? [] : ["cookie"])],
  };
}
