import type { EnumFact, Facts, ObjectFact, PropertyFact, UpstreamFact } from "./facts";

export type Kind = "string" | "integer" | "number" | "boolean" | "any" | "asset" | "array" | "map" | "object";

/** Steps from a resource's root to a value: names and list indexes. */
export type Path = (string | number)[];

const SCALARS: Record<string, Kind> = {
  string: "string",
  integer: "integer",
  number: "number",
  boolean: "boolean",
  Any: "any",
  Json: "any",
  Asset: "asset",
  Archive: "asset",
};

/** One place in a resource's table: what the schema says there, and the way to its children. */
export class Place {
  readonly kind: Kind;
  /** Of objects: name to fact, in the schema's order. */
  readonly properties: ObjectFact;
  private readonly element: string | undefined;

  constructor(
    private readonly facts: Facts,
    private readonly upstreamFacts: Record<string, UpstreamFact>,
    /** As the upstream table writes it: `a`, `a[].b`, `a{}.b`. */
    readonly key: string,
    readonly type: string,
    readonly fact: PropertyFact | undefined,
    properties?: ObjectFact,
  ) {
    this.properties = properties ?? {};
    const whole = type.includes("|") ? type.slice(0, type.indexOf("|")) : type;
    const map = /^map<(.+)>$/.exec(whole);
    if (properties) {
      this.kind = "object";
    } else if (whole.endsWith("[]")) {
      this.kind = "array";
      this.element = whole.slice(0, -2);
    } else if (map) {
      this.kind = "map";
      this.element = map[1];
    } else if (SCALARS[whole]) {
      this.kind = SCALARS[whole];
    } else {
      const named = facts.objects[whole];
      if (!named) this.kind = "any";
      else if (isEnum(named)) this.kind = "string";
      else {
        this.kind = "object";
        this.properties = named;
      }
    }
  }

  get upstream(): UpstreamFact {
    return this.upstreamFacts[this.key] ?? {};
  }

  /** The value's type in the words of Pulumi's schema. */
  get typeName(): string {
    return this.kind === "map" ? "object" : this.kind;
  }

  get replaces(): boolean {
    return this.fact?.replaceOnChange === true || this.upstream.forceNew === 1;
  }

  get secret(): boolean {
    return this.fact?.secret === true || this.upstream.sensitive === 1;
  }

  /** Only the provider gives the value. */
  get computed(): boolean {
    return this.upstream.comp === 1;
  }

  /** undefined if the table has nothing of that name. Below `any` everything is `any`. */
  child(step: string | number): Place | undefined {
    if (this.kind === "any") return this;
    if (this.kind === "array" || this.kind === "map") {
      const key = this.kind === "array" ? `${this.key}[]` : `${this.key}{}`;
      return new Place(this.facts, this.upstreamFacts, key, this.element ?? "Any", undefined);
    }
    if (this.kind !== "object") return undefined;
    const fact = this.properties[String(step)];
    if (!fact) return undefined;
    return new Place(this.facts, this.upstreamFacts, this.key ? `${this.key}.${step}` : String(step), fact.type, fact);
  }

  /** The place a path leads to; undefined where the table ends before. */
  at(path: Path): Place | undefined {
    let place: Place | undefined = this;
    for (const step of path) place = place?.child(step);
    return place;
  }
}

function isEnum(fact: ObjectFact | EnumFact): fact is EnumFact {
  return Array.isArray((fact as EnumFact).enum);
}

/** A resource's inputs or outputs as the root place; undefined for a token that the table lacks. */
export function resourceRoot(facts: Facts, token: string, side: "inputs" | "outputs"): Place | undefined {
  const type = facts.types[token];
  if (!type) return undefined;
  return new Place(facts, facts.tf?.[token]?.props ?? {}, "", token, undefined, type[side]);
}

/** The provider's own configuration as the root place. */
export function configRoot(facts: Facts): Place {
  return new Place(facts, facts.tfProvider ?? {}, "", "config", undefined, facts.providerConfig);
}

/** Upstream's Plugin Framework plans computed values explicitly; its older SDK keeps them. Told by the table's own marks. */
export function plansComputed(facts: Facts, token: string): boolean {
  return Object.values(facts.tf?.[token]?.props ?? {}).some((fact) => fact.useState === 1);
}

/** A path as Pulumi writes it: `rules[0].port`, `labels["a b"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
