import { bridgedDialect, checkInputs, type Dialect, nativeDialect } from "./check";
import { applyDefaults, DEFAULTS, withoutDefaultsRecord } from "./defaults";
import { type Change, compareInputs } from "./diff";
import { type PreviewOf, previewCreate, previewUpdate } from "./preview";
import type { Call, Created, Fault, Props, ProviderDefinition, ResourceHandler } from "./provider";
import { importInputs, refreshInputs } from "./refresh";
import { type Place, resourceRoot } from "./table";
import { hasUnknown } from "./values";

export interface Checked {
  inputs: Props;
  faults: Fault[];
  warnings: string[];
}

export interface Difference {
  changes: Change[];
  deleteBeforeReplace: boolean;
}

/** What a provider does with its resources, by the table and the handler of each type; values are plain. */
export class Resources<C> {
  constructor(private readonly definition: ProviderDefinition<C>) {}

  check(
    context: C | undefined,
    token: string,
    name: string,
    olds: Props | undefined,
    news: Props,
    randomSeed: Uint8Array,
  ): Checked {
    const root = this.root(token, "inputs");
    const handler = this.handler(token);
    const dialect = this.dialect(name);
    const { inputs, faults } = checkInputs(news, root, dialect);
    const warnings = Object.keys(inputs)
      .filter((property) => root.properties[property]?.deprecated)
      .map((property) => `${property} is deprecated: ${root.properties[property]!.deprecated}`);
    if (faults.length > 0) return { inputs: news, faults, warnings };

    const defaulted = applyDefaults(inputs, olds, root);
    const named = this.fillIn(handler, defaulted, olds, name, randomSeed);
    const bare = withoutDefaultsRecord(named);
    const complaints = (handler.check?.(context, bare) ?? []).map((fault) => dialect.reword(fault));
    return { inputs: this.stored(named), faults: complaints, warnings };
  }

  /** The handler's own defaults, recorded like the table's. */
  private fillIn(
    handler: ResourceHandler<C>,
    inputs: Props,
    olds: Props | undefined,
    name: string,
    randomSeed: Uint8Array,
  ): Props {
    if (!handler.defaults) return inputs;
    const bare = withoutDefaultsRecord(inputs);
    const oldDefaults = olds && Array.isArray(olds[DEFAULTS]) ? (olds[DEFAULTS] as string[]) : [];
    // Only what was filled in last time may be kept; what the program had written then is gone with it.
    const kept = Object.fromEntries(oldDefaults.map((property) => [property, olds?.[property]]));
    const filled = handler.defaults(bare, olds ? kept : undefined, { name, randomSeed });
    const added = Object.keys(filled).filter((property) => !(property in bare) && filled[property] !== undefined);
    const recorded = Array.isArray(inputs[DEFAULTS]) ? (inputs[DEFAULTS] as string[]) : [];
    const changed = Object.fromEntries(Object.entries(filled).filter(([property, value]) => bare[property] !== value));
    return { ...inputs, ...changed, [DEFAULTS]: [...recorded, ...added] };
  }

  /** Native providers keep no record of defaults. */
  private stored(inputs: Props): Props {
    return this.definition.origin === "native" ? withoutDefaultsRecord(inputs) : inputs;
  }

  /** `tainted`: its creation failed half-way, so it is replaced even if the program says the same. */
  diff(token: string, oldInputs: Props, news: Props, ignore: string[], tainted = false): Difference {
    const handler = this.handler(token);
    const olds = withoutDefaultsRecord(oldInputs);
    const fresh = withoutDefaultsRecord(news);
    const changes = compareInputs({
      root: this.root(token, "inputs"),
      olds,
      news: fresh,
      ignore,
      everyChangeReplaces: !handler.update,
      handler,
      lenient: this.definition.origin !== "native",
    });
    if (tainted && !changes.some((change) => change.replace)) {
      changes.push({ path: ["__tainted"], kind: "update", replace: true });
    }
    const replaces = changes.some((change) => change.replace);
    return { changes, deleteBeforeReplace: replaces && this.deletesFirst(handler, olds, fresh, news) };
  }

  private deletesFirst(handler: ResourceHandler<C>, olds: Props, fresh: Props, recorded: Props): boolean {
    const rule = handler.deleteBeforeReplace;
    if (rule !== undefined) return typeof rule === "function" ? rule(olds, fresh) : rule;
    // Two things of one name cannot exist at once. A name drawn at random can be drawn anew, one from the program cannot.
    const property = handler.nameProperty;
    if (!property || fresh[property] === undefined || fresh[property] !== olds[property]) return false;
    return !(Array.isArray(recorded[DEFAULTS]) && (recorded[DEFAULTS] as string[]).includes(property));
  }

  async create(context: C, token: string, inputs: Props, preview: boolean, call: Call): Promise<Created> {
    const bare = withoutDefaultsRecord(inputs);
    if (preview) return { id: "", outputs: previewCreate(bare, this.previewOf(token)) };
    refuseUnknown(bare);
    return this.handler(token).create(context, bare, call);
  }

  async update(
    context: C,
    token: string,
    id: string,
    state: Props,
    oldInputs: Props,
    news: Props,
    preview: boolean,
    call: Call,
  ): Promise<Props> {
    const bare = withoutDefaultsRecord(news);
    if (preview) return previewUpdate(state, withoutDefaultsRecord(oldInputs), bare, this.previewOf(token));
    refuseUnknown(bare);
    const handler = this.handler(token);
    if (!handler.update) throw new Error(`${token} cannot be updated in place`);
    return handler.update(context, id, state, bare, call);
  }

  /** undefined = gone. Without state or inputs the resource is being imported. */
  async read(
    context: C,
    token: string,
    id: string,
    state: Props,
    inputs: Props,
    call: Call,
  ): Promise<{ id: string; outputs: Props; inputs: Props } | undefined> {
    const importing = Object.keys(state).length === 0 && Object.keys(inputs).length === 0;
    const found = await this.handler(token).read(context, id, state, withoutDefaultsRecord(inputs), call);
    if (!found) return undefined;
    const root = this.root(token, "inputs");
    const fresh =
      found.inputs ?? (importing ? importInputs(found.outputs, root) : refreshInputs(inputs, found.outputs, root));
    return { id: found.id, outputs: found.outputs, inputs: this.stored({ ...fresh, ...found.drift }) };
  }

  async delete(context: C, token: string, id: string, state: Props, call: Call): Promise<void> {
    await this.handler(token).delete(context, id, state, call);
  }

  root(token: string, side: "inputs" | "outputs"): Place {
    const root = resourceRoot(this.definition.facts, token, side);
    if (!root) throw new Error(`unrecognized resource type: ${token}`);
    return root;
  }

  private handler(token: string): ResourceHandler<C> {
    const handler = this.definition.resources[token];
    if (!handler) throw new Error(`unrecognized resource type: ${token}`);
    return handler;
  }

  private previewOf(token: string): PreviewOf {
    return { facts: this.definition.facts, token, origin: this.definition.origin ?? "bridged" };
  }

  private dialect(name: string): Dialect {
    return this.definition.origin === "native" ? nativeDialect() : bridgedDialect(name);
  }
}

function refuseUnknown(inputs: Props): void {
  const name = Object.keys(inputs).find((key) => hasUnknown(inputs[key]));
  if (name) throw new Error(`input ${name} is still unknown`);
}
