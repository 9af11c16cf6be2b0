import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

export const audit: Control<SurveyedServer> = {
  id: "audit",
  title: "the kernel records who reads secrets and who changes the server",
  allowed: "auditing is on, with every rule of the profile loaded",
  judge: ({ survey }) =>
    ofSection(survey.audit, (found) => {
      if (found.kernel === "shared") return { verdict: "inapplicable", seen: "a container has no audit of its own" };
      const { wanted, loaded, enabled } = found;
      if (wanted.length === 0) return { verdict: "inapplicable", seen: "the profile asks for no record" };
      const missing = wanted.filter((key) => !loaded.includes(key));
      const faults = [...(enabled ? [] : ["auditing is off"]), ...missing.map((key) => `no rule ${key} is loaded`)];
      return faultsFinding(faults, wanted.join(", "));
    }),
};
