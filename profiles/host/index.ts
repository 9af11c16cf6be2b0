import { baseline } from "./baseline";
import { production } from "./production";
import type { HostProfile } from "./types";

export { baseline } from "./baseline";
export { production } from "./production";
export type * from "./types";

/** The profiles that a stack file can name. */
export const hostProfiles: Record<string, HostProfile> = { baseline, production };
