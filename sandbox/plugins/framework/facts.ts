/** What is known of one property: the provider's own schema, reduced to what decides behaviour. */
export interface PropertyFact {
  /** `string`, `integer`, `number`, `boolean`, `Any`, `Asset`, `Archive`, the name of an object or enum in `objects`, `X[]` or `map<X>`; alternatives are joined by `|`. */
  type: string;
  required?: boolean;
  /** Outputs only: may be missing. */
  optional?: boolean;
  secret?: boolean;
  /** A change replaces the resource. */
  replaceOnChange?: boolean;
  /** Filled in when the program leaves the property out. */
  default?: unknown;
  /** Environment variables that fill in a provider's configuration property. */
  env?: string[];
  /** Why the property should not be used any more; a warning when it is set. */
  deprecated?: string;
}

export type ObjectFact = Record<string, PropertyFact>;
export interface EnumFact {
  enum: string[];
}

/** What the upstream Terraform schema adds, by property path: `a`, `a[].b` (list or set element), `a{}.b` (map value). */
export interface UpstreamFact {
  req?: 1;
  /** Optional, and the provider may fill it in. */
  optComp?: 1;
  /** Only the provider fills it in. */
  comp?: 1;
  sensitive?: 1;
  /** Keeps its value over an update. */
  useState?: 1;
  /** A change replaces the resource. */
  forceNew?: 1;
  /** Order does not matter. */
  set?: 1;
  /** Most elements a list may have. */
  max?: number;
  default?: unknown;
  deprecated?: 1;
  validate?: string[];
  elemValidate?: string[];
  conflicts?: string[];
  requiredWith?: string[];
}

export interface ResourceFact {
  inputs: Record<string, PropertyFact>;
  outputs: Record<string, PropertyFact>;
}

/** One provider's table, as stored in `sandbox/plugins/facts/NAME.json`. */
export interface Facts {
  provider: string;
  /** Version of the npm SDK that the table belongs to; what the plugin says of itself. */
  npmSdk: string;
  /** By resource type token. */
  types: Record<string, ResourceFact>;
  providerConfig: Record<string, PropertyFact>;
  objects: Record<string, ObjectFact | EnumFact>;
  /** By resource type token. */
  tf?: Record<string, { props: Record<string, UpstreamFact> }>;
  tfProvider?: Record<string, UpstreamFact>;
}
