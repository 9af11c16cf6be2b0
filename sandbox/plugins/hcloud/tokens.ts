import table from "../facts/hcloud.json";
import type { Facts } from "../framework/facts";
import type { Props } from "../framework/provider";
import { resourceRoot } from "../framework/table";

export const facts = table as unknown as Facts;

/** The table of a type's inputs. */
export const inputPlace = (token: string) => resourceRoot(facts, token, "inputs")!;

/** Labels as the API wants them; none is an empty map, so that removed ones go. */
export const labelsOf = (props: Props): Record<string, string> => (props.labels ?? {}) as Record<string, string>;
