import type { Control } from "../control";
import { access, forgedLogin } from "./access";
import { certificate } from "./certificate";
import { names } from "./names";
import type { OperatorHostname, PublicHostname } from "./subject";
import { tenants } from "./tenants";
import { webhookPaths } from "./webhookPaths";

/** What must be so of every hostname of an agent that people log in to. */
export function operatorControls({ arrivals }: OperatorHostname): Control<OperatorHostname>[] {
  return [names, certificate, access, forgedLogin, ...(arrivals === undefined ? [] : [tenants])];
}

/** What must be so of every hostname of an agent that services call. */
export const botControls: Control<PublicHostname>[] = [names, certificate, webhookPaths];
