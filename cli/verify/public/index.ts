import type { Control } from "../control";
import { access } from "./access";
import { certificate } from "./certificate";
import { names } from "./names";
import type { PublicHostname } from "./subject";
import { webhookPaths } from "./webhookPaths";

/** What must be so of every hostname of an agent, by what it shows. */
export const publicControls: Record<PublicHostname["surface"], Control<PublicHostname>[]> = {
  operator: [names, certificate, access],
  bot: [names, certificate, webhookPaths],
};
