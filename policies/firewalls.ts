import { parseCIDR } from "ipaddr.js";
import { type Found, items, later, mayBe, resourcePolicy, text } from "./policy";

/** What the policies read of a Hetzner firewall. */
export interface FirewallProps {
  rules?: Found<
    {
      direction?: Found<string>;
      protocol?: Found<string>;
      port?: Found<string>;
      sourceIps?: Found<string[]>;
    }[]
  >;
}

/** What they read of a Hetzner server. */
export interface ServerProps {
  firewallIds?: Found<unknown[]>;
}

const types = ["hcloud:index/firewall:Firewall"];

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
        .flatMap(({ sourceIps }) => items(sourceIps))
        .flatMap((range) => text(range) ?? [])
        .filter(isWide)
        .map((range) => `it lets in ${range}`),
  }),
  resourcePolicy<ServerProps>({
    name: "server-firewall",
    description: "A server is made with a firewall.",
    types: ["hcloud:index/server:Server"],
    faults: ({ firewallIds }) =>
      firewallIds === later || items(firewallIds).length > 0 ? [] : ["firewallIds is empty: every port is public"],
  }),
];

function inbound({ rules }: FirewallProps) {
  return items(rules).filter((rule) => typeof rule === "object" && !mayBe(rule.direction, "out"));
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
