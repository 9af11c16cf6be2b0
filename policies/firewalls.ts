import { parseCIDR } from "ipaddr.js";
import { type Found, items, later, mayBe, resourcePolicy, text } from "./policy";

/** What the policies read of a firewall. */
export interface FirewallProps {
  /** Hetzner's rules. */
  rules?: Found<
    {
      direction?: Found<string>;
      protocol?: Found<string>;
      port?: Found<string>;
      sourceIps?: Found<string[]>;
    }[]
  >;
  /** DigitalOcean's rules for what comes in. */
  inboundRules?: Found<
    {
      protocol?: Found<string>;
      portRange?: Found<string>;
      sourceAddresses?: Found<string[]>;
    }[]
  >;
}

/** What they read of a server. */
export interface ServerProps {
  /** Hetzner's firewalls stand before a server from its order on. */
  firewallIds?: Found<unknown[]>;
  /** DigitalOcean's follow a tag of the droplet. */
  tags?: Found<unknown[]>;
  dropletAgent?: Found<boolean>;
}

/** A rule for what comes in, of either cloud. */
interface Inbound {
  protocol?: Found<string>;
  port?: Found<string>;
  sources?: Found<string[]>;
}

const types = ["hcloud:index/firewall:Firewall", "digitalocean:index/firewall:Firewall"];
const serverType = "hcloud:index/server:Server";
const dropletType = "digitalocean:index/droplet:Droplet";

/** Shortest prefixes of a range of administrators: what HardenedServer takes without being told otherwise. */
const shortest = { ipv4: 8, ipv6: 16 };

export const firewallPolicies = [
  resourcePolicy<FirewallProps>({
    name: "firewall-ssh-only",
    description: "A firewall lets nothing in but SSH: TCP, port 22.",
    types,
    faults: (props) =>
      inbound(props)
        .filter(({ protocol, port }) => !(mayBe(protocol, "tcp") && mayBe(port, "22")))
        .map(({ protocol, port }) => `it lets in ${[text(protocol), text(port)].filter(Boolean).join(" ")}`),
  }),
  resourcePolicy<FirewallProps>({
    name: "firewall-declared-ranges",
    description: "A firewall lets in declared ranges only, none wider than /8, or /16 of IPv6.",
    types,
    faults: (props) =>
      inbound(props)
        .flatMap(({ sources }) => items(sources))
        .flatMap((range) => text(range) ?? [])
        .filter(isWide)
        .map((range) => `it lets in ${range}`),
  }),
  resourcePolicy<ServerProps>({
    name: "server-firewall",
    description: "A server is made with a firewall.",
    types: [serverType],
    faults: ({ firewallIds }) =>
      firewallIds === later || items(firewallIds).length > 0 ? [] : ["firewallIds is empty: every port is public"],
  }),
  resourcePolicy<ServerProps>({
    name: "droplet-firewall",
    description: "A droplet is made with a tag, which a firewall can follow from its first moment.",
    types: [dropletType],
    faults: ({ tags }) =>
      tags === later || items(tags).length > 0
        ? []
        : ["tags is empty: until a firewall names it, every port is public"],
  }),
  resourcePolicy<ServerProps>({
    name: "droplet-no-agent",
    description: "A droplet is made without DigitalOcean's agent, which lets its console in as root.",
    types: [dropletType],
    faults: ({ dropletAgent }) => (mayBe(dropletAgent, false) ? [] : ["dropletAgent is not false"]),
  }),
];

/** What a firewall lets in, in one form for both clouds. */
function inbound({ rules, inboundRules }: FirewallProps): Inbound[] {
  return [
    ...items(rules)
      .filter((rule) => typeof rule === "object" && !mayBe(rule.direction, "out"))
      .map(({ protocol, port, sourceIps }): Inbound => ({ protocol, port, sources: sourceIps })),
    ...items(inboundRules)
      .filter((rule) => typeof rule === "object")
      .map(
        ({ protocol, portRange, sourceAddresses }): Inbound => ({
          protocol,
          port: portRange,
          sources: sourceAddresses,
        }),
      ),
  ];
}

/** Whether it is wider than a range of administrators may be, or no range at all. */
function isWide(range: string): boolean {
  try {
    const [address, prefix] = parseCIDR(range);
    return prefix < shortest[address.kind()];
  } catch {
    return true;
  }
}
