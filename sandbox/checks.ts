import { lookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { SandboxFault } from "./faults";
import { commandLine, listenerPid } from "./processes";

/** An IPv4 network. */
export interface Subnet {
  address: number;
  prefix: number;
}

/** Reads `198.51.100.0/24`. */
export function subnet(cidr: string): Subnet {
  const [address, prefix] = cidr.split("/");
  return { address: ipv4(address!), prefix: Number(prefix) };
}

export function ipv4(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function overlap(a: Subnet, b: Subnet): boolean {
  const size = 2 ** (32 - Math.min(a.prefix, b.prefix));
  return Math.floor(a.address / size) === Math.floor(b.address / size);
}

/**
 * Whether something else on this computer already routes the sandbox's addresses.
 *
 * Routes wider than a /16 do not count: they say where everything else goes, and the sandbox's own is more specific.
 *
 * @param table content of /proc/net/route
 * @param ownBridge interface whose routes are the sandbox's own
 */
export function routeFaults(table: string, wanted: string, ownBridge: string): SandboxFault[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 7 && fields[0] !== ownBridge)
    .map((fields) => ({ device: fields[0]!, net: { address: littleEndian(fields[1]!), prefix: bits(fields[7]!) } }))
    .filter(({ net }) => net.prefix >= 16 && overlap(net, subnet(wanted)))
    .map(({ device, net }) => ({
      path: wanted,
      found: `is already routed through ${device} (${text(net)})`,
      remedy: "remove that network: the sandbox's servers have addresses of this documentation range",
    }));
}

/** The route faults of this computer now. */
export function currentRouteFaults(wanted: string, ownBridge: string): SandboxFault[] {
  if (!existsSync("/proc/net/route")) return [];
  return routeFaults(readFileSync("/proc/net/route", "utf8"), wanted, ownBridge);
}

/**
 * Whether names this computer needs resolve into the sandbox's range: its network would cut them off.
 *
 * @param hosts names to look up; one that does not resolve is none of our business here
 */
export async function nameFaults(hosts: string[], wanted: string): Promise<SandboxFault[]> {
  const faults = await Promise.all(
    [...new Set(hosts)].map(async (host) => {
      const found = await lookup(host, { family: 4, all: true }).catch(() => []);
      const inside = found.find(({ address }) => overlap({ address: ipv4(address), prefix: 32 }, subnet(wanted)));
      const remedy = "the sandbox would cut it off: let the name resolve elsewhere, or choose another package mirror";
      return inside && { path: host, found: `resolves to ${inside.address}, within ${wanted}`, remedy };
    }),
  );
  return faults.filter((fault) => fault !== undefined);
}

/** Whether TCP ports the sandbox listens on are taken by somebody else. */
export async function portFaults(host: string, ports: { port: number; purpose: string }[]): Promise<SandboxFault[]> {
  const faults = await Promise.all(
    ports.map(async ({ port, purpose }) => {
      const code = await tryListen(host, port);
      if (code === undefined) return undefined;
      const pid = listenerPid(port);
      const owner = pid ? `${(commandLine(pid) ?? "a process").slice(0, 80)} (pid ${pid})` : "another program";
      return {
        path: `${host}:${port}`,
        found: code === "EADDRINUSE" ? `is taken by ${owner}` : `cannot be listened on (${code})`,
        remedy: `free it: ${purpose} listens there`,
      };
    }),
  );
  return faults.filter((fault) => fault !== undefined);
}

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
}

function littleEndian(hex: string): number {
  return Buffer.from(hex, "hex").readUInt32LE();
}

function bits(hexMask: string): number {
  return littleEndian(hexMask).toString(2).replaceAll("0", "").length;
}

function text({ address, prefix }: Subnet): string {
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")}/${prefix}`;
}
