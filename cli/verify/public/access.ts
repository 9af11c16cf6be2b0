import type { Control, Finding } from "../control";
import type { Looked, OperatorHostname, Visit } from "./subject";

export const access: Control<OperatorHostname> = {
  id: "access",
  title: "nobody gets in without a login",
  allowed: "sent on to Cloudflare Access, or refused with 401 or 403",
  judge: ({ visit }) => refused(visit, "without a login"),
};

export const forgedLogin: Control<OperatorHostname> = {
  id: "forged-login",
  title: "nobody gets in with a login that was never issued",
  allowed: access.allowed,
  judge: ({ forged }) => refused(forged, "with a forged login"),
};

/** Whether a visitor was turned away by Access. */
export function refused(visit: Looked<Visit>, how: string): Finding {
  if ("failure" in visit) return { verdict: "unknown", seen: visit.failure };
  const { status } = visit.found;
  if (status === 401 || status === 403) return { verdict: "holds", seen: `${status}` };
  const to = sentTo(visit.found);
  if (isLogin(visit.found)) return { verdict: "holds", seen: `${status} to ${to}` };
  return { verdict: status >= 500 ? "unknown" : "broken", seen: `${status}${to && ` to ${to}`} ${how}` };
}

/** Whether an answer leads to the login of Access. */
export function isLogin(visit: Visit): boolean {
  return [302, 303, 307].includes(visit.status) && sentTo(visit).endsWith(".cloudflareaccess.com");
}

function sentTo({ location = "" }: Visit): string {
  return URL.canParse(location) ? new URL(location).hostname : "";
}
