import { generic } from "./generic";
import { openclaw } from "./openclaw";
import type { AgentRuntime } from "./runtime";

export { generic } from "./generic";
export { openclaw } from "./openclaw";
export type { AgentRuntime, AgentSettings } from "./runtime";

/** The kinds of agent that Creel knows, by the name under which a fleet asks for them. */
export const runtimes = { generic, openclaw } satisfies Record<string, AgentRuntime>;
