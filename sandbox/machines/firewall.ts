import { execa } from "execa";
import type { InboundRule, Machines } from "../clouds/machines";
import { findProgram } from "../hostPackages";

/** The table of the cloud's packet filter on this computer, in front of the servers' bridge. */
export const firewallTable = "creel_sandbox";

/**
 * The provider's packet filter: it stands on the bridge, where no server can see or change it, and judges what comes from
 * this computer, from outside and from other servers alike.
 *
 * Not every kernel tracks connections on a bridge, so replies are told by what they look like: TCP that does not open a
 * connection, UDP from the ports that servers ask (DNS, time, HTTPS, tunnels), ICMP that is no request.
 */
export const setFirewall: NonNullable<Machines["setFirewall"]> = async ({ ipv4 }, inbound) => {
  if (ipv4 === "") return;
  await execa(findProgram("nft") ?? "nft", ["-f", "-"], { input: firewallRules(ipv4, inbound) });
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
 */
export function firewallRules(ipv4: string, inbound: InboundRule[] | undefined): string {
  const table = `bridge ${firewallTable}`;
  const chain = `to_${ipv4.replaceAll(".", "_")}`;
  const verdicts = inbound === undefined ? ["accept"] : [...replies, ...inbound.flatMap(permissions), "counter drop"];
  const hooks = ["forward", "output"].flatMap((hook) => [
    `add chain ${table} ${hook} { type filter hook ${hook} priority 0 ; policy accept ; }`,
    `flush chain ${table} ${hook}`,
    `add rule ${table} ${hook} ether type ip ip daddr vmap @guarded`,
  ]);
  return [
    `add table ${table}`,
    `add map ${table} guarded { type ipv4_addr : verdict ; }`,
    `add chain ${table} ${chain}`,
    `flush chain ${table} ${chain}`,
    ...verdicts.map((verdict) => `add rule ${table} ${chain} ${verdict}`),
    `add element ${table} guarded { ${ipv4} : jump ${chain} }`,
    ...hooks,
    "",
  ].join("\n");
}

const replies = [
  "ip protocol tcp tcp flags & (syn | ack) != syn accept",
  "udp sport { 53, 123, 443, 7844 } accept",
  "ip protocol icmp icmp type != echo-request accept",
];

/** One rule per source, since sources may overlap. The servers have no IPv6 addresses. */
function permissions({ protocol, port, sources }: InboundRule): string[] {
  const match = port === undefined ? `ip protocol ${protocol}` : `${protocol} dport ${port}`;
  return sources
    .filter((source) => !source.includes(":"))
    .map((source) => (source === "0.0.0.0/0" ? `${match} accept` : `ip saddr ${source} ${match} accept`));
}
