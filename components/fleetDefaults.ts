import type { Fault } from "./faults";
import { defaultSchemas } from "./fleetSpec";
import { isRecord } from "./schema";

/** A setting that an entry has from `defaults`: where it would stand, and where it is written. */
interface Inherited {
  at: string;
  from: string;
}

/** Which section each kind of default is for. */
const sections = { server: "servers", agent: "agents" } as const;

/** What is put together name by name; any other setting of an entry takes the place of the default as a whole. */
const together = "environment";

/** A document in which every entry has what it takes from `defaults`, with the places where that came from. */
export function withDefaults(document: unknown): { document: unknown; inherited: Inherited[] } {
  if (!isRecord(document) || !isRecord(document.defaults)) return { document, inherited: [] };
  const inherited: Inherited[] = [];
  const whole: Record<string, unknown> = { ...document };
  for (const kind of ["server", "agent"] as const) {
    const section = sections[kind];
    const [written, entries] = [document.defaults[kind], document[section]];
    if (!isRecord(written) || !isRecord(entries)) continue;
    // What is no default is told where it stands, and given to nobody.
    const known = Object.entries(written).filter(([key]) => Object.hasOwn(defaultSchemas[kind].shape, key));
    const given = Object.fromEntries(known);
    const filled = Object.entries(entries).map(([name, entry]) => [
      name,
      isRecord(entry) ? merged(entry, given, `${section}.${name}`, `defaults.${kind}`, inherited) : entry,
    ]);
    whole[section] = Object.fromEntries(filled);
  }
  return { document: whole, inherited };
}

function merged(
  own: Record<string, unknown>,
  given: Record<string, unknown>,
  at: string,
  from: string,
  inherited: Inherited[],
): Record<string, unknown> {
  const result = { ...given, ...own };
  for (const [key, value] of Object.entries(given)) {
    const [there, mine] = [{ at: `${at}.${key}`, from: `${from}.${key}` }, own[key]];
    if (!Object.hasOwn(own, key)) inherited.push(there);
    else if (key === together && isRecord(value) && isRecord(mine)) {
      result[key] = merged(mine, value, there.at, there.from, inherited);
    }
  }
  return result;
}

/**
 * The same faults, where those that a default brings into every entry that takes it are told once, at the default. What
 * only some of these entries get wrong with it stays at them.
 */
export function faultsAtDefaults(faults: Fault[], inherited: Inherited[]): Fault[] {
  const takers = new Map<string, number>();
  for (const { from } of inherited) takers.set(from, (takers.get(from) ?? 0) + 1);
  const found = faults.map((fault) => {
    const source = inherited.find(({ at }) => isWithin(fault.path, at));
    return { fault, source, path: source && source.from + fault.path.slice(source.at.length) };
  });
  const told = new Set(faults.map(({ path }) => path));
  return found.flatMap(({ fault, source, path }) => {
    if (source === undefined || path === undefined) return [fault];
    const same = found.filter((other) => other.path === path && other.fault.reason === fault.reason);
    if (new Set(same.map((other) => other.source!.at)).size < takers.get(source.from)!) return [fault];
    if (told.has(path)) return [];
    return same[0]!.fault === fault ? [{ ...fault, path }] : [];
  });
}

function isWithin(path: string, at: string): boolean {
  return path === at || (path.startsWith(at) && /^[.[]/.test(path.slice(at.length)));
}
