import type { Control } from "../control";
import type { PublicHostname } from "./subject";

export const access: Control<PublicHostname> = {
  id: "access",
  title: "nobody gets in without a login",
  allowed: "sent on to Cloudflare Access, or refused with 401 or 403",
  judge: ({ visit }) => {
    if ("failure" in visit) return { verdict: "unknown", seen: visit.failure };
    const { status, location = "" } = visit.found;
    if (status === 401 || status === 403) return { verdict: "holds", seen: `${status}` };
    const to = URL.canParse(location) ? new URL(location).hostname : "";
    if ([302, 303, 307].includes(status) && to.endsWith(".cloudflareaccess.com")) {
      return { verdict: "holds", seen: `${status} to ${to}` };
    }
    return { verdict: status >= 500 ? "unknown" : "broken", seen: `${status}${to && ` to ${to}`} without a login` };
  },
};
