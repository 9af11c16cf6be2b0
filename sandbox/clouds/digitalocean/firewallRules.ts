import { isIP } from "node:net";
import { z } from "zod";
import { parseRange } from "../addresses";
import type { Readable } from "./account";
import { invalid } from "./errors";
import type { InboundFirewallRule, OutboundFirewallRule, Peers } from "./model";

/** Limits of https://docs.digitalocean.com/products/networking/firewalls/details/limits/. */
export const firewallLimits = { droplets: 10, tags: 5, rules: 50, addressesPerRule: 1000 };

const address = z
  .string()
  .refine((text) => isIP(text) !== 0 || parseRange(text) !== undefined, "invalid address")
  .transform((text) => text.toLowerCase());

const list = <T extends z.ZodType>(item: T) => z.array(item).nullish();

const peers = z
  .object({
    addresses: z.array(address).max(firewallLimits.addressesPerRule, "has more than 1000 entries").nullish(),
    droplet_ids: list(z.number().int()),
    tags: list(z.string()),
    load_balancer_uids: list(z.never("load balancer not found")),
    kubernetes_ids: list(z.never("Kubernetes cluster not found")),
  })
  .transform((given): Peers => {
    const { addresses, droplet_ids, tags } = given;
    return Object.fromEntries(Object.entries({ addresses, droplet_ids, tags }).filter(([, items]) => items?.length));
  })
  .refine((given) => Object.keys(given).length > 0, "must name at least one address, droplet or tag");

const base = { protocol: z.enum(["tcp", "udp", "icmp"]), ports: z.string().nullish() };

/** Says what is wrong with a rule's ports, and writes them as the API does: `0` for all. */
function withPorts<T extends { protocol: string; ports?: string | null }>(rule: T, context: z.RefinementCtx) {
  const fault = (message: string) => context.addIssue({ code: "custom", path: ["ports"], message });
  if (rule.protocol === "icmp") {
    if (rule.ports && !["0", "all"].includes(rule.ports)) fault("must not be set for icmp");
    return { ...rule, ports: "0" };
  }
  if (!rule.ports) fault(`is required for ${rule.protocol}`);
  else if (!isPortRange(rule.ports)) fault("is not a port, a range of ports or 0");
  return { ...rule, ports: rule.ports === "all" ? "0" : (rule.ports ?? "") };
}

const inbound = z.object({ ...base, sources: peers }).transform(withPorts);
const outbound = z.object({ ...base, destinations: peers }).transform(withPorts);

/** Both lists of rules, as every body that has them does. */
export const rulesFields = { inbound_rules: list(inbound), outbound_rules: list(outbound) };

/** `22`, `8000-9000`, `0` or `all`. */
function isPortRange(text: string): boolean {
  if (text === "0" || text === "all") return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return false;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low >= 1 && low <= high && high <= 65535;
}

/** @throws DigitalOceanError when rules name droplets or tags that do not exist, or are too many or none */
export function checkRules(
  { state }: Readable,
  rules: { inbound_rules: InboundFirewallRule[]; outbound_rules: OutboundFirewallRule[] },
): void {
  const { inbound_rules, outbound_rules } = rules;
  const count = inbound_rules.length + outbound_rules.length;
  if (count === 0) throw invalid("firewall must have at least one rule");
  if (count > firewallLimits.rules) throw invalid(`firewall can have at most ${firewallLimits.rules} rules`);
  for (const peers of [
    ...inbound_rules.map((rule) => rule.sources),
    ...outbound_rules.map((rule) => rule.destinations),
  ]) {
    for (const id of peers.droplet_ids ?? []) if (!state.droplets[id]) throw invalid(`droplet ${id} not found`);
    for (const tag of peers.tags ?? []) if (!state.tags.includes(tag)) throw invalid(`tag ${tag} not found`);
  }
}

/** Whether two rules say the same, in whatever order. */
export function sameRule(a: object, b: object): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}:${canonical(inner)}`)
    .sort()
    .join(",")}}`;
}
