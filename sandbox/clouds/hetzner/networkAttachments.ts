import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { addressIn, ipv4Text, overlap, parseRange, type Range } from "../addresses";
import { locationView } from "./catalog";
import { HetznerError, invalidField, parseBody } from "./errors";
import type { Network, PrivateNet, Server } from "./model";
import { all, find, type Project, requested } from "./project";

const attach = z.object({
  network: z.number().int(),
  ip: z.string().nullish(),
  ip_range: z.string().nullish(),
  alias_ips: z.array(z.string()).nullish(),
});
const aliases = z.object({ network: z.number().int(), alias_ips: z.array(z.string()) });

/** `attach_to_network`, `detach_from_network` and `change_alias_ips` of a server. */
export function registerNetworkAttachments(app: FastifyInstance, project: Project): void {
  const action = (command: string, change: (server: Server, body: unknown) => number) =>
    app.post(`/servers/:id/actions/${command}`, async (request, reply) => {
      const server = requested(project, "servers", request);
      refuseLocked(project, server);
      const network = change(server, request.body);
      return reply.status(201).send({
        action: project.actions.begin(command, [
          { id: server.id, type: "server" },
          { id: network, type: "network" },
        ]),
      });
    });
  action("attach_to_network", (server, body) => {
    const wanted = parseBody(attach, body);
    attachToNetwork(project, server, find(project, "networks", wanted.network), wanted);
    return wanted.network;
  });
  action("detach_from_network", (server, body) => {
    const { network } = parseBody(z.object({ network: z.number().int() }), body);
    attachment(server, network);
    server.private_net = server.private_net.filter((entry) => entry.network !== network);
    return network;
  });
  action("change_alias_ips", (server, body) => {
    const { network, alias_ips } = parseBody(aliases, body);
    const entry = attachment(server, network);
    const free = subnetsFor(find(project, "networks", network), server);
    for (const address of alias_ips) {
      if (!entry.alias_ips.includes(address)) refuseUnavailable(project, network, free, address);
    }
    entry.alias_ips = alias_ips;
    return network;
  });
}

/** @throws HetznerError `locked` while another action runs on the server. */
export function refuseLocked(project: Project, server: Server): void {
  const running = project.actions.runningOn(server.id);
  if (running) throw new HetznerError("locked", `server is locked: action ${running.command} is running`);
}

/** Gives a server an interface in a network; the address is the next free one unless asked for. */
export function attachToNetwork(
  project: Project,
  server: Server,
  network: Network,
  wanted: { ip?: string | null; ip_range?: string | null; alias_ips?: string[] | null } = {},
): void {
  if (server.private_net.some((entry) => entry.network === network.id)) {
    throw new HetznerError("server_already_attached", "server is already attached to network");
  }
  const whole = parseRange(network.ip_range) as Range;
  for (const entry of server.private_net) {
    const other = parseRange(find(project, "networks", entry.network).ip_range) as Range;
    if (overlap(whole, other))
      throw new HetznerError("networks_overlap", "network overlaps with another of the server");
  }
  let subnets = subnetsFor(network, server);
  if (wanted.ip_range) {
    subnets = subnets.filter((range) => overlap(range, parseRange(wanted.ip_range as string) ?? whole));
  }
  const ip = wanted.ip ?? firstFree(project, network.id, subnets);
  for (const address of [ip, ...(wanted.alias_ips ?? [])]) refuseUnavailable(project, network.id, subnets, address);
  const suffix = network.id.toString(16).padStart(2, "0").slice(-2);
  const middle = server.id.toString(16).padStart(4, "0").slice(-4);
  server.private_net.push({
    network: network.id,
    ip,
    alias_ips: wanted.alias_ips ?? [],
    mac_address: `86:00:00:${middle.slice(0, 2)}:${middle.slice(2)}:${suffix}`,
  });
}

/** Every address handed out in a part of a network, and whose it is. */
export function addressesIn(project: Project, network: number, range: Range): { server: number; ip: string }[] {
  return all(project, "servers").flatMap((server) =>
    server.private_net
      .filter((entry) => entry.network === network)
      .flatMap((entry) => [entry.ip, ...entry.alias_ips])
      .filter((ip) => addressIn(range, ip))
      .map((ip) => ({ server: server.id, ip })),
  );
}

export function detachAll(project: Project, network: number): void {
  for (const server of all(project, "servers")) {
    server.private_net = server.private_net.filter((entry) => entry.network !== network);
  }
}

function attachment(server: Server, network: number): PrivateNet {
  const entry = server.private_net.find((candidate) => candidate.network === network);
  if (!entry) throw invalidField("network", "the server is not attached to it");
  return entry;
}

/** Subnets of the server's own network zone: others cannot take it. */
function subnetsFor(network: Network, server: Server): Range[] {
  const zone = locationView(server.location).network_zone;
  return network.subnets
    .filter((subnet) => subnet.type !== "vswitch" && subnet.network_zone === zone)
    .map((subnet) => parseRange(subnet.ip_range) as Range);
}

function firstFree(project: Project, network: number, subnets: Range[]): string {
  for (const range of subnets) {
    const taken = new Set(addressesIn(project, network, range).map((entry) => entry.ip));
    // The network's own address, its gateway and the broadcast address are never handed out.
    for (let value = range.first + 2n; value < range.last; value++) {
      if (!taken.has(ipv4Text(value))) return ipv4Text(value);
    }
  }
  throw new HetznerError("no_subnet_available", "no subnet or IP is available for the server within the network");
}

function refuseUnavailable(project: Project, network: number, subnets: Range[], address: string): void {
  const range = subnets.find((candidate) => addressIn(candidate, address));
  if (!range || addressesIn(project, network, range).some((entry) => entry.ip === address)) {
    throw new HetznerError("ip_not_available", `IP ${address} is not available in the network`);
  }
}
