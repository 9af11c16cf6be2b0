import type { ResourceValidationPolicy } from "@pulumi/policy";

/** Stands for a value that is known at the update only. It is judged then, before its resource is made or changed. */
export const later = Symbol("known later");

/** A property as a policy finds it. */
export type Found<T> = T | undefined | typeof later;

/** A rule for resources of some types. */
export interface ResourceRule<Props> {
  /** Under this name it is configured and reported. */
  name: string;
  /** What is asked for, as one sentence. */
  description: string;
  /** Type tokens of the resources it is for; a provider's older names of a type are listed as well. */
  types: string[];
  /** What is wrong, one sentence each. Never repeats a value that may be secret. */
  faults(props: Props): string[];
}

/** The rule as Pulumi takes it. */
export function resourcePolicy<Props>({ name, description, types, faults }: ResourceRule<Props>) {
  return {
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: ({ type, props }, report) => {
      if (!types.includes(type)) return;
      for (const fault of faults(settled(props) as Props)) report(fault);
    },
  } satisfies ResourceValidationPolicy;
}

/**
 * A copy of a resource's properties with `later` for what is not known yet.
 *
 * Pulumi throws where such a value is read and then skips the rest of the policy, also where the rest is wrong.
 */
export function settled(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.keys(value).map((key) => [key, part(value as Record<string, unknown>, key)] as const);
  return Array.isArray(value) ? parts.map(([, item]) => item) : Object.fromEntries(parts);
}

function part(parent: Record<string, unknown>, key: string): unknown {
  let value: unknown;
  try {
    value = parent[key];
  } catch {
    return later;
  }
  return settled(value);
}

/** The items of a list; none while the list is not known. */
export function items<T>(list: Found<T[]>): T[] {
  return Array.isArray(list) ? list : [];
}

/** Whether a property has a value, or may get it. */
export function mayBe<T>(found: Found<T>, value: T): boolean {
  return found === value || found === later;
}

/** A text that is known, or undefined. */
export function text(found: unknown): string | undefined {
  return typeof found === "string" ? found : undefined;
}
