import { functions } from "./functions";
import type { Usage } from "./syntax";
import { fields } from "./vocabulary";

/** The first thing an expression uses that is real but whose value the sandbox cannot tell, if there is one. */
export function notEmulated({ fields: used, functions: called, lists }: Usage): string | undefined {
  const field = [...used].find((name) => !fields.get(name)?.emulated);
  if (field) return `field ${field}`;
  const call = [...called].find((name) => functions.get(name)?.available === false);
  if (call) return `function ${call}`;
  const list = [...lists][0];
  return list && `list $${list}`;
}
