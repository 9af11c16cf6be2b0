import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import { execa } from "execa";
import { SandboxError } from "./faults";
import { findProgram } from "./hostPackages";
import { bridgeName, networkName, sandboxId, sandboxLabel } from "./paths";

/**
 * The sandbox's internet: a documentation range (RFC 5737), so that servers have public-looking addresses and a
 * firewall's list of private ranges is put to the test.
 */
export const addresses = {
  subnet: "198.51.100.0/24",
  /** This computer. */
  gateway: "198.51.100.1",
  /** Names and images. */
  world: "198.51.100.2",
  /** Public addresses the emulated cloud hands out. */
  pool: Array.from({ length: 240 }, (_, i) => `198.51.100.${i + 10}`),
  /** Where a cloud's metadata service is, for every cloud. */
  metadata: "169.254.169.254",
};

/** What the API emulators and the metadata service listen on. */
export const ports = { hetzner: 17801, cloudflare: 17802, metadata: 17803 };

const comment = "creel-sandbox";

/** Makes the Docker network, or finds it as it should be. */
export async function ensureNetwork(docker: Docker): Promise<void> {
  const present = await docker
    .getNetwork(networkName)
    .inspect()
    .catch(() => undefined);
  if (present) {
    if (present.Labels?.[sandboxLabel] === sandboxId()) return;
    throw new SandboxError([
      {
        path: `Docker network ${networkName}`,
        found: `belongs to another sandbox (${present.Labels?.[sandboxLabel] ?? "unlabelled"})`,
        remedy: "there is one sandbox on a computer: run `creel sandbox down` with that one's CREEL_SANDBOX",
      },
    ]);
  }
  await docker.createNetwork({
    Name: networkName,
    Driver: "bridge",
    CheckDuplicate: true,
    IPAM: { Config: [{ Subnet: addresses.subnet, Gateway: addresses.gateway }] },
    Options: { "com.docker.network.bridge.name": bridgeName },
    Labels: { [sandboxLabel]: sandboxId() },
  });
}

/** Removes the Docker network when it is this sandbox's. */
export async function removeNetwork(docker: Docker): Promise<void> {
  const network = docker.getNetwork(networkName);
  const present = await network.inspect().catch(() => undefined);
  if (present?.Labels?.[sandboxLabel] === sandboxId()) await network.remove();
}

/** A packet filter rule of ours: its table, and the chain and rest as iptables wants them. */
interface Rule {
  table: "nat" | "filter";
  place: "-A" | "-I";
  chain: string;
  match: string[];
}

/** The rules the sandbox's network needs. With a daemon of our own also what Docker would have set for it. */
function rules(ownDaemon: boolean): Rule[] {
  const metadata = `${addresses.gateway}:${ports.metadata}`;
  const toMetadata = ["-i", bridgeName, "-p", "tcp", "-d"];
  const rule = (table: Rule["table"], place: Rule["place"], chain: string, ...match: string[]): Rule => ({
    table,
    place,
    chain,
    match: [
      ...match.slice(0, match.indexOf("-j")),
      "-m",
      "comment",
      "--comment",
      comment,
      ...match.slice(match.indexOf("-j")),
    ],
  });
  const always = [
    rule("nat", "-I", "PREROUTING", ...toMetadata, addresses.metadata, "--dport", "80", "-j", "DNAT", "--to", metadata),
    rule("filter", "-I", "INPUT", ...toMetadata, addresses.gateway, "--dport", `${ports.metadata}`, "-j", "ACCEPT"),
  ];
  const replies = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"];
  const forDocker = [
    rule("nat", "-A", "POSTROUTING", "-s", addresses.subnet, "!", "-o", bridgeName, "-j", "MASQUERADE"),
    rule("filter", "-I", "FORWARD", "-i", bridgeName, "-j", "ACCEPT"),
    rule("filter", "-I", "FORWARD", "-o", bridgeName, ...replies, "-j", "ACCEPT"),
  ];
  return ownDaemon ? [...always, ...forDocker] : always;
}

/** Sets the rules that are missing. */
export async function ensureRules(ownDaemon: boolean): Promise<void> {
  for (const { table, place, chain, match } of rules(ownDaemon)) {
    const present = await iptables(["-t", table, "-C", chain, ...match], { reject: false });
    if (present.exitCode !== 0) await iptables(["-t", table, place, chain, ...match]);
  }
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

/**
 * The name servers of this computer that a container can ask as well.
 *
 * @throws when there is none: all of them listen on this computer alone
 */
export function upstreamNameServers(files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]): string[] {
  for (const file of files) {
    const servers = nameServers(file).filter((server) => !server.startsWith("127.") && server !== "::1");
    if (servers.length > 0) return servers;
  }
  throw new SandboxError([
    {
      path: files[0]!,
      found: "names no server that a container can reach",
      remedy: "add the address of your network's name server",
    },
  ]);
}

function nameServers(file: string): string[] {
  try {
    return [...readFileSync(file, "utf8").matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!);
  } catch {
    return [];
  }
}
