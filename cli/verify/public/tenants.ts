import type { Control, Finding } from "../control";
import { isLogin, refused } from "./access";
import type { Arrival, OperatorHostname } from "./subject";

export const tenants: Control<OperatorHostname> = {
  id: "tenants",
  title: "only its own tenant's programs get in",
  allowed: "a service token of its tenant opens it, one of any other does not",
  judge: ({ arrivals = [] }) => {
    const findings = arrivals.map((arrival) => ({ ...arrival, ...judgeArrival(arrival) }));
    const worst = (["broken", "unknown"] as const).find((bad) => findings.some(({ verdict }) => verdict === bad));
    if (worst === undefined) return { verdict: "holds", seen: findings.map(({ seen }) => seen).join("; ") };
    const told = findings.filter(({ verdict }) => verdict === worst);
    return { verdict: worst, seen: told.map(({ seen }) => seen).join("; ") };
  },
};

function judgeArrival({ tenant, own, visit }: Arrival): Finding {
  if (visit === undefined) {
    // Who has no token cannot be tried; for the agent's own tenant that says nothing against anybody.
    return { verdict: own ? "holds" : "unknown", seen: `${tenant} has no service token in force to try` };
  }
  if (!own) {
    const { verdict, seen } = refused(visit, "for another tenant");
    return { verdict, seen: `${tenant}: ${seen}` };
  }
  if ("failure" in visit) return { verdict: "unknown", seen: visit.failure };
  const { status } = visit.found;
  if (isLogin(visit.found)) return { verdict: "broken", seen: `${tenant}, its own tenant, is sent to the login` };
  // Agents may ask for a login of their own.
  const isOpen = status !== 401 && status !== 403 && status < 500;
  return { verdict: isOpen ? "holds" : "unknown", seen: `${tenant}, its own tenant: ${status}` };
}
