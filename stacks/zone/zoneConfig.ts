import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type EdgeFragment, edgeFragmentFaults, sharedHostnameFaults } from "../../components/edgeFragment";
import { type Fault, faultsUnder } from "../../components/faults";
import { plainSecretFaults } from "../../components/plainText";
import { isRecord, rightFields, schemaFaults, text } from "../../components/schema";
import { zoneEdgeFaults } from "../../components/zoneEdgeFaults";
import { zoneSchema } from "../../components/zoneSpec";
import type { ConfigSource } from "../fleetConfig";

const { zoneId, plan, rateLimit, managedRules, tls, bots } = zoneSchema.shape;

/** The document under `creel:zone`. */
export const zoneStackSchema = z.strictObject({
  zone: text("a zone, such as example.com", /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/).describe(
    "Name of the zone.",
  ),
  zoneId,
  plan,
  fleets: z
    .array(text("a stack, such as organization/creel/production", /^[\w.-]+\/[\w.-]+\/[\w.-]+$/))
    .default([])
    .describe("Stacks that say rules: elsewhere of the zone, as organization/project/stack. Default: none."),
  fragments: z
    .array(z.unknown())
    .default([])
    .describe("What agents need whose stacks cannot be asked, or not yet. Default: nothing."),
  rateLimit,
  managedRules,
  tls,
  bots,
});

/** What a zone's stack is to make, as far as its own file says. */
export type ZoneStack = Omit<z.output<typeof zoneStackSchema>, "fragments"> & { fragments: EdgeFragment[] };

/** What a fleet's stack gave under the name of its output `edge`. */
export interface FleetEdge {
  /** Name of the stack. */
  fleet: string;
  /** The output, whatever it is; undefined when there is none or when it is a secret. */
  edge: unknown;
}

/** Reads the stack's own document, with everything that is wrong with it. */
export function zoneStack(source: ConfigSource): { stack?: ZoneStack; faults: Fault[] } {
  const given = source.get("creel:zone");
  const remedy = "write the zone into the stack file, under config";
  if (given === undefined) return { faults: [{ path: "creel:zone", reason: "is missing", remedy }] };
  if (source.isSecret("creel:zone")) {
    const plain = "write it in plain text: nothing in it is a secret";
    return { faults: [{ path: "creel:zone", reason: "holds an encrypted value", remedy: plain }] };
  }
  const document = parsed(given);
  if (!isRecord(document)) return { faults: [{ path: "creel:zone", reason: "is not a group of settings", remedy }] };
  const fragments = Array.isArray(document.fragments) ? document.fragments : [];
  const { fleets = [] } = rightFields(zoneStackSchema, document);
  const faults = [
    ...plainSecretFaults(document, "remove it here and have a new one issued: rules hold no secrets"),
    ...schemaFaults(zoneStackSchema, document),
    ...fragments.flatMap((fragment, i) => fragmentFaults(`fragments[${i}]`, fragment, document.zone)),
    ...fleets.flatMap((fleet, i): Fault[] => {
      if (fleets.indexOf(fleet) === i) return [];
      return [{ path: `fleets[${i}]`, value: fleet, reason: "is there already", remedy: "write each stack once" }];
    }),
  ];
  return faults.length > 0 ? { faults } : { faults, stack: zoneStackSchema.parse(document) as ZoneStack };
}

/**
 * All fragments of a zone. What other stacks give is taken for nothing but what it proves to be: every one is checked as
 * if a stranger had written it, and no two may claim one hostname.
 */
export function zoneFragments(stack: ZoneStack, fleets: FleetEdge[]): { fragments: EdgeFragment[]; faults: Fault[] } {
  const found: { path: string; fragment: EdgeFragment }[] = [];
  const faults: Fault[] = [];
  for (const [i, { fleet, edge }] of fleets.entries()) {
    const list = isRecord(edge) && Object.hasOwn(edge, stack.zone) ? edge[stack.zone] : undefined;
    if (!Array.isArray(list)) {
      const remedy = `say rules: elsewhere of the zone ${stack.zone} there, deploy it, and only then name it here`;
      faults.push({ path: `fleets[${i}]`, value: fleet, reason: `gives nothing for ${stack.zone}`, remedy });
      continue;
    }
    for (const [n, fragment] of list.entries()) {
      const path = `${fleet}: edge[${n}]`;
      const own = fragmentFaults(path, fragment, stack.zone);
      faults.push(...own);
      if (own.length === 0) found.push({ path, fragment: fragment as EdgeFragment });
    }
  }
  // What was written down here in advance and has come true is the same thing.
  for (const [i, fragment] of stack.fragments.entries()) {
    const known = found.some((other) => isDeepStrictEqual(other.fragment, fragment));
    if (!known) found.push({ path: `fragments[${i}]`, fragment });
  }
  const fragments = found.map(({ fragment }) => fragment);
  const shared = sharedHostnameFaults(fragments, (i) => found[i]!.path);
  const all = [...faults, ...shared];
  if (all.length > 0) return { fragments, faults: all };
  const whose = (path: string) => path.replace(/^fragments\[(\d+)\]/, (_all, i) => found[Number(i)]!.path);
  const packing = zoneEdgeFaults({ ...stack, fragments });
  return { fragments, faults: packing.map((fault) => ({ ...fault, path: whose(fault.path) })) };
}

function fragmentFaults(path: string, fragment: unknown, zone: unknown): Fault[] {
  const faults = faultsUnder(path, edgeFragmentFaults(fragment));
  if (faults.length > 0 || (fragment as EdgeFragment).zone === zone) return faults;
  const reason = `is another zone than ${zone}`;
  return [{ path: `${path}.zone`, value: (fragment as EdgeFragment).zone, reason, remedy: "remove it" }];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
