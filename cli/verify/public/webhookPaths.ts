import type { Control } from "../control";
import type { PublicHostname } from "./subject";

export const webhookPaths: Control<PublicHostname> = {
  id: "webhook-paths",
  title: "a path that is not declared is refused",
  allowed: "403 or 404",
  judge: ({ visit }) => {
    if ("failure" in visit) return { verdict: "unknown", seen: visit.failure };
    const { status } = visit.found;
    if (status === 403 || status === 404) return { verdict: "holds", seen: `${status}` };
    return { verdict: status >= 500 ? "unknown" : "broken", seen: `${status}` };
  },
};
