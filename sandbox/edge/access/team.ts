import type { Account } from "../../clouds/cloudflare/model";
import type { EdgeRequest, EdgeResponse } from "../request";
import { accountOfTeam } from "./applications";
import { type AccessContext, tokensOf } from "./context";
import { cookieNames } from "./cookies";
import { accessPaths, getIdentity, logout } from "./hostRoutes";
import { json } from "./html";
import { askIdentity, startLogin, teamSession } from "./login";
import { askPin, callback, requestPin, takePurpose, takeSecondFactor } from "./loginForms";
import { messagePage } from "./pages";
import { partsOf } from "./target";

/** Answers on the team's own hostname, where people log in and origins fetch the keys. */
export async function teamPages(context: AccessContext, request: EdgeRequest, team: string): Promise<EdgeResponse> {
  const account = accountOfTeam(context.world, `${team}.cloudflareaccess.com`);
  if (!account) return messagePage(404, "Unable to find your Access organization", "There is no such team.");
  const { path } = partsOf(request.target);
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (method === "GET" && path === "/") return home(context, account, request);
  if (!path.startsWith(accessPaths)) return notFound();
  const [page = "", argument = "", ...rest] = path.slice(accessPaths.length).split("/");
  if (rest.length > 0) return notFound();
  switch (`${method} ${page}`) {
    case "GET certs":
      return json(200, await tokensOf(context, account).certificates(), [["access-control-allow-origin", "*"]]);
    case "GET login":
      return startLogin(context, account, request, argument);
    case "GET identity-provider":
      return askIdentity(context, account, request, argument);
    case "GET verify-code":
      return askPin(context, account, request);
    case "POST verify-code":
      return requestPin(context, account, request);
    case "POST callback":
      return callback(context, account, request);
    case "POST second-factor":
      return takeSecondFactor(context, account, request);
    case "POST purpose":
      return takePurpose(context, account, request);
    case "GET get-identity":
      return getIdentity(context, account, request);
    case "GET logout":
      return logout(context, account, request, cookieNames.teamSession);
    default:
      return notFound();
  }
}

function notFound(): EdgeResponse {
  return messagePage(404, "Not found", "There is no such page.");
}

async function home(context: AccessContext, account: Account, request: EdgeRequest): Promise<EdgeResponse> {
  const present = await teamSession(context, account, request);
  const text = present
    ? `You are signed in as ${present.session.email}.`
    : "You are not signed in. Go to an application.";
  return messagePage(200, account.name, text);
}
