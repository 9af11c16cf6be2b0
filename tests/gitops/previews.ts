/** A resource of a preview, by its place in the fleet. */
export interface Resource {
  op: string;
  /** Types of the parents and its own, divided by $. */
  types: string;
  name: string;
  parent?: string;
  /** Name of the server by whose Docker provider it is made. */
  on?: { old?: string; new?: string };
  old?: object;
  new?: object;
  diff?: Record<string, string>;
  because?: string[];
}

export const fleet = "creel:index:Fleet";
const container = "docker:index/container:Container";

export function urn(types: string, name: string): string {
  return `urn:pulumi:staging::acme::${types}::${name}`;
}

/** An agent's container. */
export function agentContainer(name: string, rest: Partial<Resource> & { op: string }): Resource {
  const owner = `${fleet}$creel:index:AgentContainer`;
  return { types: `${owner}$${container}`, name, parent: urn(owner, name), ...rest };
}

/** A server's machine. */
export function machine(name: string, rest: Partial<Resource> & { op: string }): Resource {
  const owner = `${fleet}$creel:index:HardenedServer`;
  return { types: `${owner}$hcloud:index/server:Server`, name, parent: urn(owner, name), ...rest };
}

/** A component of the fleet as a whole. */
export function component(type: string, name: string, rest: Partial<Resource> & { op: string }): Resource {
  return { types: `${fleet}$creel:index:${type}`, name, parent: urn(fleet, "fleet"), ...rest };
}

/** What `pulumi preview --json` prints for these resources. */
export function digest(resources: Resource[], rest: object = {}): string {
  const steps = resources.map(({ op, types, name, parent, on, old, new: next, diff = {}, because }) => {
    const provider = (server?: string) =>
      server && `${urn(`${fleet}$pulumi:providers:docker`, server)}::id-of-${server}`;
    const state = (inputs: object | undefined, server?: string) =>
      inputs && { urn: urn(types, name), type: types.split("$").at(-1), parent, inputs, provider: provider(server) };
    return {
      op,
      urn: urn(types, name),
      oldState: state(op === "create" ? undefined : (old ?? {}), on?.old),
      newState: state(op === "delete" ? undefined : (next ?? {}), on?.new),
      replaceReasons: because,
      detailedDiff: Object.fromEntries(Object.entries(diff).map(([at, kind]) => [at, { kind, inputDiff: true }])),
    };
  });
  return JSON.stringify({ steps, changeSummary: { same: 5 }, ...rest });
}
