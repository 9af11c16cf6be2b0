import type { Fault, Props } from "../framework/provider";
import { hasUnknown } from "../framework/values";

/** What a rule is about, the other end, in the API's words. */
interface Peers {
  addresses?: string[];
  tags?: string[];
  droplet_ids?: number[];
  load_balancer_uids?: string[];
  kubernetes_ids?: string[];
}

export interface WireRule {
  protocol: string;
  ports?: string;
  sources?: Peers;
  destinations?: Peers;
}

/** The two lists of rules: their property, the prefix of the other end's properties, and its name on the wire. */
export const directions = [
  { property: "inboundRules", end: "source", wire: "sources", word: "inbound" },
  { property: "outboundRules", end: "destination", wire: "destinations", word: "outbound" },
] as const;

export type Direction = (typeof directions)[number];

/** Properties of the other end, behind the direction's prefix, and their names on the wire. */
const peers = {
  Addresses: "addresses",
  Tags: "tags",
  DropletIds: "droplet_ids",
  LoadBalancerUids: "load_balancer_uids",
  KubernetesIds: "kubernetes_ids",
} as const;

export const listOf = <T = Props>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

/** A rule as the API wants it; what names nothing is left out. */
export function wireRule({ end, wire }: Direction, rule: Props): WireRule {
  const others = Object.entries(peers).flatMap(([name, wireName]) => {
    const items = listOf<unknown>(rule[end + name]);
    return items.length > 0 ? [[wireName, items]] : [];
  });
  return {
    protocol: String(rule.protocol),
    ...(rule.portRange ? { ports: String(rule.portRange) } : {}),
    [wire]: Object.fromEntries(others),
  };
}

/** A rule as the provider keeps it. The API answers `0` for all ports, and always for icmp, which has none. */
export function ruleProps({ end, wire }: Direction, rule: WireRule): Props {
  const portRange = rule.ports === "0" ? (rule.protocol === "icmp" ? undefined : "all") : rule.ports;
  const others = Object.entries(peers).flatMap(([name, wireName]) => {
    const items = rule[wire]?.[wireName];
    return items === undefined || items === null ? [] : [[end + name, items]];
  });
  return {
    protocol: rule.protocol,
    ...(portRange === undefined ? {} : { portRange }),
    ...Object.fromEntries(others),
  };
}

/** What the official provider refuses when it compares, before anything is sent. */
export function ruleFaults(inputs: Props): Fault[] {
  const lists = directions.map(({ property }) => inputs[property]);
  if (lists.every((list) => list === undefined || (Array.isArray(list) && list.length === 0))) {
    return [{ property: "", reason: "At least one rule must be specified" }];
  }
  return directions.flatMap(({ property, word }) =>
    listOf(inputs[property]).flatMap((rule, index): Fault[] => {
      if (hasUnknown(rule.protocol) || hasUnknown(rule.portRange)) return [];
      const path = `${property}[${index}]`;
      // Newer than the API of the sandbox; ignored, a rule that denies would allow.
      if (rule.action) return [{ property: `${path}.action`, reason: "action is not supported by this plugin" }];
      if (rule.protocol === "icmp" || rule.portRange) return [];
      const reason = `\`port_range\` of ${word} rules is required if protocol is \`tcp\` or \`udp\``;
      return [{ property: path, reason }];
    }),
  );
}
