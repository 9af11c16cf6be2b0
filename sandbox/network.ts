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
  /** Cloudflare's network, for browsers, webhook senders and connectors. */
  edge: "198.51.100.3",
  /** Public addresses that each emulated cloud hands out. */
  pools: { hetzner: pool(10), digitalocean: pool(130) },
  /** Where a cloud's metadata service is, for every cloud. */
  metadata: "169.254.169.254",
};

/** What the API emulators, the metadata service and the edge listen on. */
export const ports = {
  hetzner: 17801,
  digitalocean: 17807,
  cloudflare: 17802,
  metadata: 17803,
  edgeHttps: 17804,
  edgeHttp: 17805,
  edgeTunnel: 17806,
};

/** 120 addresses from the one that ends in a number on. */
function pool(first: number): string[] {
  return Array.from({ length: 120 }, (_, i) => `198.51.100.${first + i}`);
}

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
    IPAM: {
      Config: [
        { Subnet: addresses.subnet, Gateway: addresses.gateway, AuxiliaryAddresses: { edge: addresses.edge } },
      ] as object[],
    },
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

/**
 * Gives this computer the edge's address on the network's bridge.
 *
 * A local route and no address of the interface: neighbours' questions for it are answered all the same, and what this
 * computer itself sends there comes from the gateway's address, as everything else it sends to the servers. The route
 * goes with the bridge.
 */
export async function ensureEdgeAddress(): Promise<void> {
  const route = ["local", addresses.edge, "dev", bridgeName, "src", addresses.gateway, "table", "local"];
  await execa(findProgram("ip")!, ["route", "replace", ...route]);
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
