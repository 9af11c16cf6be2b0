import { tableDefault } from "./defaults";
import type { Props, ResourceHandler } from "./provider";
import { formatPath, type Path, type Place } from "./table";
import { Archive, Asset, hasUnknown, isObject, UNKNOWN } from "./values";

export type ChangeKind = "add" | "delete" | "update";
export interface Change {
  path: Path;
  kind: ChangeKind;
  replace: boolean;
}

export interface Comparison {
  root: Place;
  olds: Props;
  news: Props;
  /** Paths the user ignores, as Pulumi writes them; an entry covers what is below it. */
  ignore: string[];
  /** A resource that cannot be updated in place. */
  everyChangeReplaces: boolean;
  handler: Pick<ResourceHandler<unknown>, "equal" | "replaces">;
  /** Bridged providers take a missing value and an empty one, or the table's default, for the same. */
  lenient: boolean;
}

/** What differs between the last run's inputs and the program's, smallest places first named, each with its consequence. */
export function compareInputs(comparison: Comparison): Change[] {
  const changes: Change[] = [];
  compareObjects(comparison.olds, comparison.news, comparison.root, [], false, comparison, changes);
  return changes.filter((change) => !ignored(formatPath(change.path), comparison.ignore));
}

function compareObjects(
  olds: Props,
  news: Props,
  place: Place,
  path: Path,
  inherited: boolean,
  comparison: Comparison,
  changes: Change[],
): void {
  for (const name of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    if (name.startsWith("__")) continue;
    const child = place.child(name);
    const here = [...path, name];
    const replaces = inherited || child?.replaces === true || replacedByHandler(here, comparison);
    compareValues(olds[name], news[name], child, here, replaces, comparison, changes);
  }
}

function replacedByHandler(path: Path, { handler, olds, news }: Comparison): boolean {
  return path.length === 1 && handler.replaces?.(String(path[0]), olds, news) === true;
}

function compareValues(
  old: unknown,
  fresh: unknown,
  place: Place | undefined,
  path: Path,
  replaces: boolean,
  comparison: Comparison,
  changes: Change[],
): void {
  if (same(old, fresh)) return;
  const judged = comparison.handler.equal?.(formatPath(path), old, fresh, comparison.olds, comparison.news);
  if (judged === true) return;
  if (judged === undefined && comparison.lenient && equivalent(old, fresh, place)) return;

  if (Array.isArray(old) && Array.isArray(fresh)) {
    const [left, right] = place?.upstream.set === 1 ? alignSets(old, fresh) : [old, fresh];
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      const child = place?.child(index);
      const inner = replaces || child?.replaces === true;
      compareValues(left[index], right[index], child, [...path, index], inner, comparison, changes);
    }
    return;
  }
  if (isObject(old) && isObject(fresh)) {
    if (place) compareObjects(old, fresh, place, path, replaces, comparison, changes);
    else changes.push({ path, kind: "update", replace: replaces || comparison.everyChangeReplaces });
    return;
  }
  const kind: ChangeKind = isAbsent(old) ? "add" : isAbsent(fresh) ? "delete" : "update";
  const whole = kind === "delete" ? old : fresh;
  const replace =
    comparison.everyChangeReplaces ||
    replaces ||
    (kind !== "update" && place !== undefined && replacesInside(whole, place));
  changes.push({ path, kind, replace });
}

/** A block that comes or goes replaces if anything in it would. */
function replacesInside(value: unknown, place: Place): boolean {
  if (Array.isArray(value)) {
    return value.some((element, index) => {
      const child = place.child(index);
      return child !== undefined && (child.replaces || replacesInside(element, child));
    });
  }
  if (!isObject(value)) return false;
  return Object.entries(value).some(([name, inner]) => {
    const child = place.child(name);
    return child !== undefined && !isAbsent(inner) && (child.replaces || replacesInside(inner, child));
  });
}

function equivalent(old: unknown, fresh: unknown, place: Place | undefined): boolean {
  if (isEmpty(old) && isEmpty(fresh)) return true;
  if (!place) return false;
  // What the program no longer mentions stays as it is where the provider may choose it.
  if (isAbsent(fresh) && place.upstream.optComp === 1) return true;
  const preset = tableDefault(place);
  if (preset !== undefined && (isAbsent(old) || isAbsent(fresh))) return same(old ?? preset, fresh ?? preset);
  return false;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isEmpty(value: unknown): boolean {
  if (isAbsent(value)) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).every((name) => name.startsWith("__"));
}

/** Deep equality of known values. Something unknown equals nothing, not even itself: it may become anything. */
export function same(left: unknown, right: unknown): boolean {
  if (left === UNKNOWN || right === UNKNOWN) return false;
  if (isAbsent(left) || isAbsent(right)) return isAbsent(left) && isAbsent(right);
  if (left instanceof Asset || left instanceof Archive) return sameBlob(left, right);
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((element, index) => same(element, right[index]))
    );
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].every(
      (name) => name.startsWith("__") || same(left[name], right[name]),
    );
  }
  return left === right;
}

function sameBlob(left: Asset | Archive, right: unknown): boolean {
  if (!(right instanceof Asset || right instanceof Archive) || left.constructor !== right.constructor) return false;
  if (left.source.hash && right.source.hash) return left.source.hash === right.source.hash;
  return JSON.stringify(left.source) === JSON.stringify(right.source);
}

/** Equal elements of two unordered lists brought to the same index; what is left keeps its order. */
export function alignSets(olds: unknown[], news: unknown[]): [unknown[], unknown[]] {
  const rest = [...olds];
  const pairs = news.map((fresh) => {
    const index = hasUnknown(fresh) ? -1 : rest.findIndex((old) => same(old, fresh));
    return { fresh, old: index >= 0 ? rest.splice(index, 1)[0] : undefined, matched: index >= 0 };
  });
  const left = pairs.map((pair) => (pair.matched ? pair.old : rest.shift()));
  return [[...left, ...rest], news];
}

function ignored(path: string, ignore: string[]): boolean {
  return ignore.some(
    (entry) => path === entry || entry === "*" || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`),
  );
}
