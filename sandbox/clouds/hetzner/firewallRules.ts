import { z } from "zod";
import { hasHostBits, parseRange } from "../addresses";
import type { InboundRule } from "../machines";
import type { Firewall, FirewallRule } from "./model";

/** Limits of https://docs.hetzner.com/cloud/firewalls/overview#limits. */
export const ruleLimits = { rules: 50, networksPerRule: 100, effectiveRules: 500, firewallsPerServer: 5 };

const network = z.string().superRefine((text, context) => {
  if (!parseRange(text)) context.addIssue({ code: "custom", message: `'${text}' is not in CIDR notation` });
  else if (hasHostBits(text)) {
    context.addIssue({ code: "custom", message: `'${text}' has bits set beyond its prefix` });
  }
});

const networks = z.array(network).max(ruleLimits.networksPerRule, "has too many entries");

const rule = z
  .object({
    direction: z.enum(["in", "out"]),
    protocol: z.enum(["tcp", "udp", "icmp", "esp", "gre"]),
    port: z.string().nullish(),
    source_ips: networks.nullish(),
    destination_ips: networks.nullish(),
    description: z.string().max(255, "is too long").nullish(),
  })
  .superRefine((value, context) => {
    const fault = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
    const hasPorts = value.protocol === "tcp" || value.protocol === "udp";
    if (hasPorts && !value.port) fault("port", `is required for protocol ${value.protocol}`);
    if (!hasPorts && value.port) fault("port", `is not allowed for protocol ${value.protocol}`);
    if (hasPorts && value.port && !isPortRange(value.port)) fault("port", "is not a port or a range of ports");
    const [needed, other] = value.direction === "in" ? NEEDED_IN : NEEDED_OUT;
    if (!value[needed]?.length) fault(needed, `is required for direction ${value.direction}`);
    if (value[other]?.length) fault(other, `is not allowed for direction ${value.direction}`);
  })
  .transform(
    (value): FirewallRule => ({
      direction: value.direction,
      protocol: value.protocol,
      port: value.port ?? null,
      source_ips: value.source_ips ?? [],
      destination_ips: value.destination_ips ?? [],
      description: value.description ?? null,
    }),
  );

const NEEDED_IN = ["source_ips", "destination_ips"] as const;
const NEEDED_OUT = ["destination_ips", "source_ips"] as const;

export const rulesSchema = z
  .array(rule)
  .max(ruleLimits.rules, "has too many entries")
  .superRefine((rules, context) => {
    // Faulty rules come by here too, in the form they were sent.
    const effective = rules.reduce(
      (sum, { source_ips = [], destination_ips = [] }: Partial<FirewallRule>) =>
        sum + source_ips.length + destination_ips.length,
      0,
    );
    if (effective > ruleLimits.effectiveRules) {
      context.addIssue({ code: "custom", message: `has more than ${ruleLimits.effectiveRules} effective rules` });
    }
  });

/** `22`, `1024-5000` or `any`. */
function isPortRange(text: string): boolean {
  if (text === "any") return true;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return false;
  const low = Number(match[1]);
  const high = Number(match[2] ?? match[1]);
  return low >= 1 && low <= high && high <= 65535;
}

/** What a server's firewalls let in together; `undefined` when it has none, which lets everything in. */
export function inboundRules(firewalls: Firewall[]): InboundRule[] | undefined {
  if (firewalls.length === 0) return undefined;
  return firewalls
    .flatMap((firewall) => firewall.rules)
    .filter((entry) => entry.direction === "in")
    .map(({ protocol, port, source_ips }) => ({
      protocol,
      ...(port && port !== "any" ? { port } : {}),
      sources: source_ips,
    }));
}
