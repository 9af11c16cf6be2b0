import type { InboundRule, OutboundRule } from "../machines";
import type { Readable } from "./account";
import type { Droplet, Firewall, Peers } from "./model";

/** Every firewall that stands before a droplet, directly or by a tag. */
export function firewallsOf({ state }: Readable, droplet: Droplet): Firewall[] {
  return Object.values(state.firewalls).filter((firewall) => covers(firewall, droplet));
}

/** Every droplet that a firewall stands before. */
export function dropletsOf({ state }: Readable, firewall: Firewall): Droplet[] {
  return Object.values(state.droplets).filter((droplet) => covers(firewall, droplet));
}

function covers({ droplet_ids, tags }: Firewall, droplet: Droplet): boolean {
  return droplet_ids.includes(droplet.id) || tags.some((tag) => droplet.tags.includes(tag));
}

/** What some firewalls let in together; `undefined` without any, which lets everything in. */
export function inboundOf(account: Readable, firewalls: Firewall[]): InboundRule[] | undefined {
  if (firewalls.length === 0) return undefined;
  return firewalls
    .flatMap((firewall) => firewall.inbound_rules)
    .map(({ protocol, ports, sources }) => ({ protocol, ...port(ports), sources: networksOf(account, sources) }));
}

/** What some firewalls let out together: nothing that no rule names; `undefined` without any, which lets everything out. */
export function outboundOf(account: Readable, firewalls: Firewall[]): OutboundRule[] | undefined {
  if (firewalls.length === 0) return undefined;
  return firewalls
    .flatMap((firewall) => firewall.outbound_rules)
    .map(({ protocol, ports, destinations }) => {
      return { protocol, ...port(ports), destinations: networksOf(account, destinations) };
    });
}

function port(ports: string): { port?: string } {
  return ports === "0" ? {} : { port: ports };
}

/** The networks that the other ends of a rule are at this moment, in CIDR form. */
function networksOf({ state }: Readable, { addresses = [], droplet_ids = [], tags = [] }: Peers): string[] {
  const named = Object.values(state.droplets).filter(
    (droplet) => droplet_ids.includes(droplet.id) || tags.some((tag) => droplet.tags.includes(tag)),
  );
  const ofDroplets = named.flatMap(({ ipv4, private_ipv4, ipv6 }) => [
    ...(ipv4 ? [`${ipv4}/32`] : []),
    `${private_ipv4}/32`,
    ...(ipv6 ? [`${ipv6}/128`] : []),
  ]);
  const given = addresses.map((text) => (text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`));
  return [...new Set([...given, ...ofDroplets])];
}
