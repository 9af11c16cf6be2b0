import { mayBeSecret } from "../github/hidden";
import type { Properties, Step } from "./preview";
import { parseUrn } from "./urns";

/** What is told of a property: its path, and values where they are harmless. */
export interface PropertyChange {
  path: string;
  /** Whether the value is a secret, before or after. */
  secret?: true;
  old?: string;
  new?: string;
}

/** The only properties whose values are ever shown, by type of resource. All others are named and no more. */
const harmless: Record<string, string[]> = {
  "creel:index:HardenedServer": ["provider", "location", "size", "image", "profile"],
  "creel:index:AgentContainer": ["image", "runtime", "memory"],
  "creel:index:AgentTunnel": ["hostname", "botHostname"],
  "creel:index:ZoneEdge": ["plan"],
  "docker:index/container:Container": ["image", "memory", "cpuShares"],
  "docker:index/remoteImage:RemoteImage": ["name"],
  "hcloud:index/server:Server": ["serverType", "location", "image"],
  "digitalocean:index/droplet:Droplet": ["size", "region", "image"],
  "cloudflare:index/dnsRecord:DnsRecord": ["name", "type", "proxied"],
  "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": ["domain", "sessionDuration"],
};

/** How the engine writes a secret, and a value that it does not know yet. */
const secretMark = "4dabf18193072939515e22adb298388d";
const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What changes on a resource. Where the engine does not say, as with components, their inputs are compared. */
export function propertyChanges(step: Step): PropertyChange[] {
  const paths = step.changed.length > 0 ? step.changed : step.effect === "update" ? differing(step.old, step.new) : [];
  return [...paths].sort().map((path) => propertyChange(step, path));
}

/** The value of a property that is always harmless, or undefined. */
export function harmlessValue(urn: string, property: string, properties: Properties | undefined): string | undefined {
  if (!harmless[parseUrn(urn).type]?.includes(property)) return undefined;
  const value = properties?.[property];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value === unknownMark || value.length > 300) return undefined;
  return /^[A-Za-z0-9][\w./:@-]*$/.test(value) && !mayBeSecret(value) ? value : undefined;
}

function propertyChange({ urn, old, new: next }: Step, path: string): PropertyChange {
  const [, top = path] = /^([^.[]+)/.exec(path) ?? [];
  if ([old?.[top], next?.[top]].some(isSecret)) return { path, secret: true };
  if (top !== path) return { path };
  return { path, old: harmlessValue(urn, path, old), new: harmlessValue(urn, path, next) };
}

function differing(old: Properties = {}, next: Properties = {}): string[] {
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  return [...names].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(next[name]));
}

/** Whether a value is a secret, or has one anywhere in it. */
function isSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === "[secret]";
  return secretMark in value || Object.values(value).some(isSecret);
}
