import type { Effect, Preview, Step } from "./preview";
import { parseUrn } from "./urns";

/** What a person thinks in: each has a name in the stack file, and many resources. */
export type Kind = "server" | "agent" | "tenant" | "zone" | "fleet" | "other";

/** What becomes of it as a whole. */
export type Fate = "replaced" | "removed" | "moved" | "renewed" | "changed" | "added";

/** One server, agent, tenant or zone, and what a deployment would do there. */
export interface Group {
  kind: Kind;
  /** Name in the stack file; for resources of no group of their own that of the stack. */
  name: string;
  fate: Fate;
  /** Where an agent is; undefined where no step tells. */
  server?: string;
  /** Where it was before it moves. */
  before?: string;
  /** Whether an agent's container is made anew only because its server is. */
  withServer?: true;
  steps: Step[];
}

const components: Record<string, Kind> = {
  "creel:index:HardenedServer": "server",
  "creel:index:AgentContainer": "agent",
  "creel:index:AgentTunnel": "agent",
  "creel:index:AccessPolicy": "tenant",
  "creel:index:ZoneEdge": "zone",
  "creel:index:Fleet": "fleet",
};
const machines = ["hcloud:index/server:Server", "digitalocean:index/droplet:Droplet"];
const containerType = "docker:index/container:Container";
const dockerProvider = "pulumi:providers:docker";

/** Order in which they are told: what cannot be undone first. */
const fates: Fate[] = ["replaced", "removed", "moved", "renewed", "changed", "added"];
const kinds: Kind[] = ["server", "agent", "tenant", "zone", "fleet", "other"];

/** Every step under what it belongs to, the gravest first. */
export function groupsOf(preview: Preview): Group[] {
  const found = new Map<string, { kind: Kind; name: string; steps: Step[] }>();
  for (const step of preview.steps) {
    const { kind, name } = ownerOf(step, preview.parents);
    const group = found.get(`${kind} ${name}`) ?? { kind, name, steps: [] };
    group.steps.push(step);
    found.set(`${kind} ${name}`, group);
  }
  const groups = [...found.values()].map(({ kind, name, steps }) => {
    const ordered = steps.sort((a, b) => effectOrder(a.effect) - effectOrder(b.effect) || compare(a.urn, b.urn));
    return { kind, name, ...fateOf(kind, name, ordered), steps: ordered };
  });
  return groups
    .filter(isTold)
    .sort(
      (a, b) =>
        fates.indexOf(a.fate) - fates.indexOf(b.fate) ||
        kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
        compare(a.name, b.name),
    );
}

/** A fleet as such has nothing but lists: of its servers, its agents, and where these are. They are told one by one. */
function isTold({ kind, steps }: Group): boolean {
  const lists = ["creel:index:Fleet", "pulumi:index:Stash"];
  return kind !== "fleet" || steps.some(({ urn }) => !lists.includes(parseUrn(urn).type));
}

function ownerOf(step: Step, parents: Map<string, string>): { kind: Kind; name: string } {
  for (let urn: string | undefined = step.urn; urn !== undefined; urn = parents.get(urn)) {
    const { type, name } = parseUrn(urn);
    const kind = components[type];
    // What a fleet makes for a server is not inside the server's component, but goes by its Docker provider.
    const server = kind === "fleet" ? serverOf(step) : undefined;
    if (server !== undefined) return { kind: "server", name: server };
    if (kind !== undefined) return { kind, name };
  }
  return { kind: "other", name: "" };
}

function serverOf({ urn, providers }: Step): string | undefined {
  const { type, name } = parseUrn(urn);
  return type === dockerProvider ? name : (dockerServer(providers.new) ?? dockerServer(providers.old));
}

/** Name of the server that a Docker provider is for, by the reference to it: its URN, two colons and its id. */
function dockerServer(reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined;
  const { type, name } = parseUrn(reference.slice(0, reference.lastIndexOf("::")));
  return type === dockerProvider ? name : undefined;
}

function fateOf(kind: Kind, name: string, steps: Step[]): Omit<Group, "kind" | "name" | "steps"> {
  const whole = steps.find(({ urn }) => {
    const { type, name: own } = parseUrn(urn);
    return own === name && components[type] === kind && type !== "creel:index:AgentTunnel";
  });
  const container = kind === "agent" ? steps.find(({ urn }) => isContainerOf(name, urn)) : undefined;
  const server = container && (dockerServer(container.providers.new) ?? dockerServer(container.providers.old));
  const before = container && dockerServer(container.providers.old);
  if (whole?.effect === "create") return { fate: "added", server };
  if (whole?.effect === "delete") return { fate: "removed", server };
  if (server !== before && before !== undefined) return { fate: "moved", server, before };
  if (kind === "server" && steps.some(({ effect, urn }) => effect === "replace" && isMachine(urn))) {
    return { fate: "replaced" };
  }
  if (container?.effect === "replace") {
    const withServer = container.because.every((reason) => reason === "replaceWith") || undefined;
    return { fate: "renewed", server, withServer };
  }
  return { fate: "changed", server };
}

function isContainerOf(agent: string, urn: string): boolean {
  const { type, name } = parseUrn(urn);
  return type === containerType && name === agent;
}

function isMachine(urn: string): boolean {
  return machines.includes(parseUrn(urn).type);
}

/** What is lost comes before what is made. */
export function effectOrder(effect: Effect): number {
  return ["replace", "delete", "update", "import", "create"].indexOf(effect);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
