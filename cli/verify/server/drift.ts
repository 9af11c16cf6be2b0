import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

export const drift: Control<SurveyedServer> = {
  id: "drift",
  title: "the server is what its profile wants",
  allowed: "creel-converge --check finds nothing to change",
  judge: ({ survey }) => ofSection(survey.drift, (changes) => faultsFinding(changes, "nothing to change")),
};
