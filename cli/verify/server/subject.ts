import type { DeepSurvey } from "../../survey";

/** A server that answered, and what the stack says should be on it. */
export interface SurveyedServer {
  survey: DeepSurvey;
  /** Its only login name. */
  user: string;
  /** The containers that should be there, with the user id of each. */
  expected: Map<string, number>;
  /** TCP ports that answer from this computer, among those that were tried. */
  openPorts: number[];
}
