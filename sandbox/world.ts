/** The sandbox as the rest of the house uses it. */

export { worldDown } from "./down";
export { sandboxFolder } from "./paths";
export { preflight } from "./preflight";
export { type PartStatus, type WorldStatus, worldStatus } from "./status";
export { type Report, worldUp } from "./up";
export { readWorld, type World } from "./worldFile";
