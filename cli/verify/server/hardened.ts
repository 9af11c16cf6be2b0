import { type Control, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

export const hardened: Control<SurveyedServer> = {
  id: "hardened",
  title: "the last hardening ended well",
  allowed: "creel-converge has run to its end",
  judge: ({ survey }) =>
    ofSection(survey.converge, ({ profile, finished, ok }) => {
      if (ok === true) return { verdict: "holds", seen: `profile ${profile}, ${finished}` };
      return { verdict: "broken", seen: finished === null ? "it was cut off" : `it failed at ${finished}` };
    }),
};
