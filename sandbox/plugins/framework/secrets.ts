import type { Props } from "./provider";
import type { Path, Place } from "./table";
import { isObject } from "./values";
import { Secret } from "./wire";

/**
 * Wraps what the table calls secret, so that the engine encrypts it in state whatever the program said. A secret inside
 * a list or map makes that whole list or map secret, as the engine itself would.
 */
export function markSecrets(props: Props, root: Place): Props {
  const marked: Props = {};
  for (const [name, value] of Object.entries(props)) marked[name] = mark(value, root.child(name));
  return marked;
}

function mark(value: unknown, place: Place | undefined): unknown {
  if (!place || value === undefined || value === null) return value;
  if (place.secret) return new Secret(value);
  if (Array.isArray(value)) {
    const marked = value.map((element, index) => mark(element, place.child(index)));
    return marked.some(containsSecret) ? new Secret(value) : value;
  }
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mark(inner, place.child(name))]));
  }
  return value;
}

function containsSecret(value: unknown): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some(containsSecret);
  return isObject(value) && Object.values(value).some(containsSecret);
}

/** True if the table calls the value at a path, or anything around it, secret: then no message may show it. */
export function isSecretAt(path: Path, root: Place): boolean {
  let place: Place | undefined = root;
  for (const step of path) {
    place = place?.child(step);
    if (place?.secret) return true;
  }
  return false;
}
