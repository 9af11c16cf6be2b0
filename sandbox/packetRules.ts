import { execa } from "execa";
import { findProgram } from "./hostPackages";
import { addresses, ports } from "./network";
import { bridgeName } from "./paths";

const comment = "creel-sandbox";

/** A packet filter rule of ours: its table, and the chain and rest as iptables wants them. */
interface Rule {
  table: "nat" | "filter";
  place: "-A" | "-I";
  chain: string;
  match: string[];
}

/**
 * The rules the sandbox's network needs: the way to the metadata service and to the edge, whose addresses are not the
 * ones they listen on. With a daemon of our own also what Docker would have set for it.
 */
export function packetRules(ownDaemon: boolean): Rule[] {
  const always = [
    // What this computer sends to the edge keeps its address, whatever rules there are for servers on their way out.
    rule("nat", "-I", "POSTROUTING", ["-s", addresses.gateway, "-d", addresses.gateway], "ACCEPT"),
    ...door(addresses.metadata, 80, ports.metadata),
    ...[
      { port: 443, real: ports.edgeHttps },
      { port: 80, real: ports.edgeHttp },
      { port: 7844, real: ports.edgeTunnel },
    ].flatMap(({ port, real }) => [
      ...door(addresses.edge, port, real),
      // This computer's own browsers and webhook senders do not pass through the bridge.
      nat("OUTPUT", [], addresses.edge, port, real),
    ]),
  ];
  const replies = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"];
  const forDocker = [
    rule("nat", "-A", "POSTROUTING", ["-s", addresses.subnet, "!", "-o", bridgeName], "MASQUERADE"),
    rule("filter", "-I", "FORWARD", ["-i", bridgeName], "ACCEPT"),
    rule("filter", "-I", "FORWARD", ["-o", bridgeName, ...replies], "ACCEPT"),
  ];
  return ownDaemon ? [...always, ...forDocker] : always;
}

/** Leads a port of an address, as servers see it, to a port that really listens at the gateway's address. */
function door(address: string, port: number, real: number): Rule[] {
  const fromServers = ["-i", bridgeName];
  const arrived = [...fromServers, "-p", "tcp", "-d", addresses.gateway, "--dport", `${real}`];
  return [nat("PREROUTING", fromServers, address, port, real), rule("filter", "-I", "INPUT", arrived, "ACCEPT")];
}

function nat(chain: string, from: string[], address: string, port: number, real: number): Rule {
  const match = [...from, "-p", "tcp", "-d", address, "--dport", `${port}`];
  return rule("nat", "-I", chain, match, "DNAT", "--to", `${addresses.gateway}:${real}`);
}

function rule(table: Rule["table"], place: Rule["place"], chain: string, match: string[], ...target: string[]): Rule {
  return { table, place, chain, match: [...match, "-m", "comment", "--comment", comment, "-j", ...target] };
}

/** Sets the rules that are missing. */
export async function ensureRules(ownDaemon: boolean): Promise<void> {
  for (const { table, place, chain, match } of await missingRules(ownDaemon)) {
    await iptables(["-t", table, place, chain, ...match]);
  }
}

/** The rules that should be there and are not. */
export async function missingRules(ownDaemon: boolean): Promise<Rule[]> {
  const looked = packetRules(ownDaemon).map(async (rule) => {
    const present = await iptables(["-t", rule.table, "-C", rule.chain, ...rule.match], { reject: false });
    return present.exitCode === 0 ? [] : [rule];
  });
  return (await Promise.all(looked)).flat();
}

/** Removes every rule with our comment, however often it is there. */
export async function removeRules(): Promise<void> {
  if (!findProgram("iptables")) return;
  for (const { table, rule } of await currentRules()) await iptables(["-t", table, "-D", ...rule.slice(1)]);
}

/** Every rule with our comment, as iptables lists it. */
export async function currentRules(): Promise<{ table: string; rule: string[] }[]> {
  const found: { table: string; rule: string[] }[] = [];
  for (const table of ["nat", "filter"]) {
    const { stdout } = await iptables(["-t", table, "-S"]);
    for (const line of stdout.split("\n").filter((text) => text.includes(`--comment ${comment}`))) {
      found.push({ table, rule: line.split(" ") });
    }
  }
  return found;
}

function iptables(args: string[], options: { reject?: boolean } = {}) {
  return execa(findProgram("iptables")!, ["-w", "10", ...args], options);
}
