/** What a URN says. */
export interface Urn {
  /** Type of the resource itself, without those of its parents. */
  type: string;
  name: string;
}

/** Takes a URN apart: urn:pulumi:STACK::PROJECT::PARENTS$TYPE::NAME. */
export function parseUrn(urn: string): Urn {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
}

/** The last word of a type: Container of docker:index/container:Container. */
export function shortType(type: string): string {
  if (type.startsWith("pulumi:providers:")) return `${type.slice("pulumi:providers:".length)} provider`;
  return type.slice(type.lastIndexOf(":") + 1);
}
