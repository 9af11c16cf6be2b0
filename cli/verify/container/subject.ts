import type { FoundContainer } from "../../survey";

/** A container that was found, and what the stack says it should be. */
export interface CagedContainer {
  found: FoundContainer;
  /** The agent that it is, or whose connector it is. */
  agent: string;
  /** User id of its processes. */
  uid: number;
  /** Image by digest; undefined for a connector, of which the stack does not tell it. */
  image?: string;
}
