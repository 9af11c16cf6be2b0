import { execa } from "execa";
import type { InboundRule, Machines, OutboundRule } from "../clouds/machines";
import { findProgram } from "../hostPackages";

/** The table of the cloud's packet filter on this computer, in front of the servers' bridge. */
export const firewallTable = "creel_sandbox";

/**
 * The provider's packet filter: it stands on the bridge, where no server can see or change it, and judges what comes from
 * this computer, from outside and from other servers alike.
 *
 * Not every kernel tracks connections on a bridge, so replies are told by what they look like: TCP that does not open a
 * connection, UDP from the ports that servers ask (DNS, time, HTTPS, tunnels) or that were let in, ICMP that is no
 * request.
 */
export const setFirewall: NonNullable<Machines["setFirewall"]> = async ({ ipv4 }, inbound, outbound) => {
  if (ipv4 === "") return;
  await execa(findProgram("nft") ?? "nft", ["-f", "-"], { input: firewallRules(ipv4, inbound, outbound) });
};

/** Removes the whole filter. */
export async function removeFirewall(): Promise<void> {
  const nft = findProgram("nft");
  // Adding first makes the deletion right whether the table is there or not.
  const input = `add table bridge ${firewallTable}\ndelete table bridge ${firewallTable}\n`;
  if (nft) await execa(nft, ["-f", "-"], { input });
}

/**
 * What nft is told so that exactly these permissions hold for one address. Saying it again changes nothing.
 *
 * @param inbound as in {@link Machines.setFirewall}
 * @param outbound as in {@link Machines.setFirewall}
 */
export function firewallRules(ipv4: string, inbound: InboundRule[] | undefined, outbound?: OutboundRule[]): string {
  const table = `bridge ${firewallTable}`;
  const to = inbound === undefined ? ["accept"] : [...replies, ...inbound.flatMap(admissions), "counter drop"];
  const from =
    outbound === undefined
      ? ["accept"]
      : [metadata, ...openReplies, ...(inbound ?? []).flatMap(answers), ...outbound.flatMap(exits), "counter drop"];
  const chainFor = (direction: "to" | "from", map: string, verdicts: string[]) => {
    const chain = `${direction}_${ipv4.replaceAll(".", "_")}`;
    return [
      `add map ${table} ${map} { type ipv4_addr : verdict ; }`,
      `add chain ${table} ${chain}`,
      `flush chain ${table} ${chain}`,
      ...verdicts.map((verdict) => `add rule ${table} ${chain} ${verdict}`),
      `add element ${table} ${map} { ${ipv4} : jump ${chain} }`,
    ];
  };
  const hook = (name: string, priority: number, address: string, map: string) => [
    `add chain ${table} ${name} { type filter hook ${name} priority ${priority} ; policy accept ; }`,
    `flush chain ${table} ${name}`,
    `add rule ${table} ${name} ether type ip ip ${address} vmap @${map}`,
  ];
  return [
    `add table ${table}`,
    ...chainFor("to", "guarded", to),
    ...chainFor("from", "restrained", from),
    ...hook("forward", 0, "daddr", "guarded"),
    ...hook("output", 0, "daddr", "guarded"),
    // Before any address is rewritten, which on some computers happens on the bridge already.
    ...hook("prerouting", -300, "saddr", "restrained"),
    "",
  ].join("\n");
}

const openReplies = [
  "ip protocol tcp tcp flags & (syn | ack) != syn accept",
  "ip protocol icmp icmp type != echo-request accept",
];

const replies = [...openReplies, "udp sport { 53, 123, 443, 7844 } accept"];

/** No cloud's firewall keeps a server from its metadata. */
const metadata = "ip daddr 169.254.169.254 accept";

function admissions({ protocol, port, sources }: InboundRule): string[] {
  return permissions(matching(protocol, "dport", port), "saddr", sources);
}

function exits({ protocol, port, destinations }: OutboundRule): string[] {
  return permissions(matching(protocol, "dport", port), "daddr", destinations);
}

/** Replies to UDP that was let in. */
function answers({ protocol, port, sources }: InboundRule): string[] {
  return protocol === "udp" ? permissions(matching(protocol, "sport", port), "daddr", sources) : [];
}

function matching(protocol: string, side: "dport" | "sport", port: string | undefined): string {
  return port === undefined ? `ip protocol ${protocol}` : `${protocol} ${side} ${port}`;
}

/** One rule per network, since networks may overlap. The servers have no IPv6 addresses. */
function permissions(match: string, address: "saddr" | "daddr", networks: string[]): string[] {
  return networks
    .filter((network) => !network.includes(":"))
    .map((network) => (network === "0.0.0.0/0" ? `${match} accept` : `ip ${address} ${network} ${match} accept`));
}
