import table from "../facts/docker.json";
import type { Facts } from "../framework/facts";
import { type Place, resourceRoot } from "../framework/table";

export const facts = table as unknown as Facts;

export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";
export const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";

/** The table of a type's inputs. */
export function inputPlace(token: string): Place {
  return resourceRoot(facts, token, "inputs")!;
}
