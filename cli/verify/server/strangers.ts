import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

export const strangers: Control<SurveyedServer> = {
  id: "strangers",
  title: "no container runs that the stack does not know",
  allowed: "the stack's agents and their connectors",
  judge: ({ survey, expected }) =>
    ofSection(survey.containers, (containers) => {
      const unknown = containers.filter(({ name }) => !expected.has(name)).map(({ name }) => `${name} is nobody's`);
      return faultsFinding(unknown, `${containers.length} containers`);
    }),
};
