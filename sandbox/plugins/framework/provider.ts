import type { Facts } from "./facts";

/**
 * Plain JavaScript values: strings, numbers, booleans, null, arrays, objects, and `Asset`/`Archive` from `./values`.
 * Values that are not known yet (`UNKNOWN` from `./values`) only ever reach `check`, `defaults`, `replaces` and
 * `equal`; `create` and `update` see none. Secrets arrive unwrapped.
 */
export type Props = Record<string, unknown>;

/** Something the program should not have written; `property` is a path such as `rules[0].port`, or "" for the whole. */
export interface Fault {
  property: string;
  reason: string;
}

export interface Created {
  id: string;
  /** Inputs and computed outputs, as the API has them now. */
  outputs: Props;
}

/** What surrounds one call: whom it is about, and how to talk back. */
export interface Call {
  urn: string;
  /** Name in the program (last part of the urn). */
  name: string;
  /** Shown live on the user's terminal at the resource. `status: true` = only while the resource is being worked on. */
  log(severity: "debug" | "info" | "warning" | "error", message: string, status?: boolean): void;
  /** Aborted when the engine cancels or goes away. */
  signal: AbortSignal;
  /** `customTimeouts` of the resource, in seconds; 0 = none given. */
  timeout: number;
}

export interface ResourceHandler<C> {
  /** Faults beyond the table. `ctx` is missing while the provider is not configured. Inputs may hold UNKNOWN. */
  check?(ctx: C | undefined, inputs: Props): Fault[];
  /**
   * Inputs with provider-side defaults beyond the table's filled in (auto-naming: `autoName` from `./naming`).
   * `olds` are the inputs of the last run, to keep what was filled in then.
   */
  defaults?(inputs: Props, olds: Props | undefined, urn: { name: string; randomSeed: Uint8Array }): Props;
  /** Further top-level properties whose change replaces, beyond the table's; asked only about changed ones. */
  replaces?(property: string, olds: Props, news: Props): boolean;
  /** True if two different input values mean the same (the provider's diff suppression); undefined = ask the table. */
  equal?(path: string, old: unknown, fresh: unknown, olds: Props, news: Props): boolean | undefined;
  create(ctx: C, inputs: Props, call: Call): Promise<Created>;
  /**
   * What the API says now; undefined = gone. On import `state` and `inputs` are empty. The framework derives refreshed
   * inputs from the outputs (names that the program set; on import, all settable ones the table does not call default)
   * unless `inputs` is given. `drift` is laid over them: settings found that the program never made, and values that the
   * outputs hold in another form.
   */
  read(
    ctx: C,
    id: string,
    state: Props,
    inputs: Props,
    call: Call,
  ): Promise<{ id: string; outputs: Props; inputs?: Props; drift?: Props } | undefined>;
  /** New outputs. Absent = every change replaces. */
  update?(ctx: C, id: string, state: Props, news: Props, call: Call): Promise<Props>;
  delete(ctx: C, id: string, state: Props, call: Call): Promise<void>;
  /** A replacement deletes the old one first. Default: no, except where auto-naming is on and the name is fixed. */
  deleteBeforeReplace?: boolean | ((olds: Props, news: Props) => boolean);
  /** Property that auto-naming fills in; a name fixed by the program makes a replacement delete first. */
  nameProperty?: string;
}

export interface ProviderDefinition<C> {
  name: string;
  facts: Facts;
  /** By resource type token. */
  resources: Record<string, ResourceHandler<C>>;
  /** Faults in the provider's configuration beyond the table; values may be UNKNOWN. */
  checkConfig?(config: Props): Fault[];
  /** Configuration properties whose change replaces the provider (and with it everything it made). Default: none. */
  configReplaces?: string[];
  /** Called once per process, with plain, known values, before anything is created or read. Throw to refuse. */
  configure(config: Props): Promise<C>;
  invoke?(ctx: C, token: string, args: Props, call: Call): Promise<Props>;
  /** Bridged from Terraform (default) or written for Pulumi: decides how faults are worded. */
  origin?: "bridged" | "native";
}

/** The resource exists, but did not become what was asked for: it stays in state with these reasons and is tried again. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Props,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
    this.name = "PartialFailure";
  }
}

/**
 * Serves a provider as a Pulumi plugin: prints its port on stdout and runs until SIGTERM or until the engine that
 * started it is gone.
 */
export async function serveProvider<C>(definition: ProviderDefinition<C>): Promise<void> {
  const { serve } = await import("./server.js");
  await serve(definition as ProviderDefinition<unknown>);
}
