import table from "../facts/digitalocean.json";
import type { Facts } from "../framework/facts";
import { resourceRoot } from "../framework/table";

export const facts = table as unknown as Facts;

/** The table of a type's inputs; `type` as in `droplet:Droplet`. */
export const inputPlace = (type: string) => resourceRoot(facts, `digitalocean:index/${type}`, "inputs")!;
