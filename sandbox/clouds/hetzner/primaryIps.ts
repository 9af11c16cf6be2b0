import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { byIdOrName, locations, locationView } from "./catalog";
import { HetznerError, invalidField, limitExceeded, notFound, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import type { PrimaryIp, Server } from "./model";
import {
  add,
  all,
  anyName,
  find,
  type Project,
  type Readable,
  refuseTakenName,
  registerProtection,
  registerResource,
  requested,
} from "./project";

const create = z.object({
  name: anyName,
  type: z.enum(["ipv4", "ipv6"]),
  assignee_type: z.literal("server"),
  assignee_id: z.number().int().nullish(),
  location: z.string().optional(),
  datacenter: z.never("was removed, use location").optional(),
  auto_delete: z.boolean().optional(),
  labels: labelsSchema.optional(),
});

const assign = z.object({ assignee_id: z.number().int(), assignee_type: z.literal("server") });

export function registerPrimaryIps(app: FastifyInstance, project: Project): void {
  app.post("/primary_ips", async (request, reply) => {
    const { name, type, assignee_id, location, auto_delete, labels } = parseBody(create, request.body);
    refuseTakenName(project, "primary_ips", name);
    const server = assignee_id ? find(project, "servers", assignee_id) : undefined;
    if (server) refuseAssignment(project, server, type);
    const place = server?.location ?? byIdOrName(locations, location ?? "")[0]?.name;
    if (!place) throw invalidField("location", "a known location or an assignee is required");
    const ip = allocatePrimaryIp(project, { name, type, location: place, auto_delete: auto_delete ?? false, labels });
    ip.assignee_id = server?.id ?? null;
    const action = server ? beginOn(project, "create_primary_ip", ip) : undefined;
    return reply.status(201).send({ primary_ip: primaryIpView(ip), ...(action ? { action } : {}) });
  });

  app.post("/primary_ips/:id/actions/assign", async (request, reply) => {
    const ip = requested(project, "primary_ips", request);
    const server = find(project, "servers", parseBody(assign, request.body).assignee_id);
    if (ip.assignee_id !== null) {
      throw new HetznerError("primary_ip_already_assigned", "primary IP is already assigned to a server");
    }
    if (ip.location !== server.location) {
      throw new HetznerError("primary_ip_datacenter_mismatch", "primary IP is in a different location");
    }
    refuseAssignment(project, server, ip.type);
    ip.assignee_id = server.id;
    return reply.status(201).send({ action: beginOn(project, "assign_primary_ip", ip) });
  });

  app.post("/primary_ips/:id/actions/unassign", async (request, reply) => {
    const ip = requested(project, "primary_ips", request);
    if (ip.assignee_id === null) throw new HetznerError("primary_ip_not_assigned", "primary IP is not assigned");
    refuseRunning(find(project, "servers", ip.assignee_id));
    const action = beginOn(project, "unassign_primary_ip", ip);
    ip.assignee_id = null;
    return reply.status(201).send({ action });
  });

  app.post("/primary_ips/:id/actions/change_dns_ptr", async (request, reply) => {
    const ip = requested(project, "primary_ips", request);
    const body = parseBody(z.object({ ip: z.string(), dns_ptr: z.string().nullable() }), request.body);
    changeDnsPointer(ip, body.ip, body.dns_ptr);
    return reply.status(201).send({ action: beginOn(project, "change_dns_ptr", ip) });
  });

  registerProtection(app, project, "primary_ips");
  registerResource(app, project, {
    collection: "primary_ips",
    view: primaryIpView,
    changeable: { auto_delete: z.boolean() },
    match: ["ip", "type"],
    leave: (ip) => {
      if (ip.assignee_id !== null) throw new HetznerError("must_be_unassigned", "primary IP is still assigned");
      return undefined;
    },
  });
}

/** Reverse name of one address; `null` removes it. @throws HetznerError when the address is another's. */
export function changeDnsPointer(ip: PrimaryIp, address: string, pointer: string | null): void {
  if (ip.type === "ipv4" && address !== ip.ip) throw notFound("ip", address);
  ip.dns_ptr = ip.dns_ptr.filter((entry) => entry.ip !== address);
  if (pointer !== null) ip.dns_ptr.push({ ip: address, dns_ptr: pointer });
}

/**
 * Takes an address: IPv4 from the pool, IPv6 a /64 of its own from the documentation prefix.
 *
 * @throws HetznerError `resource_limit_exceeded` when the pool is used up.
 */
export function allocatePrimaryIp(
  project: Project,
  wanted: Pick<PrimaryIp, "name" | "type" | "location" | "auto_delete"> & { labels?: Record<string, string> },
): PrimaryIp {
  const ip = wanted.type === "ipv4" ? freeAddress(project) : ipv6Network(project.state.nextId);
  const fixed = { assignee_id: null, assignee_type: "server" as const, protection: { delete: false }, dns_ptr: [] };
  return add(project, "primary_ips", { ...wanted, ...fixed, ip });
}

/** The public address of a kind that a server has. */
export function primaryIpOf(project: Readable, server: number, type: PrimaryIp["type"]): PrimaryIp | undefined {
  return all(project, "primary_ips").find((ip) => ip.assignee_id === server && ip.type === type);
}

function freeAddress(project: Project): string {
  const taken = new Set([
    ...all(project, "primary_ips").map((ip) => ip.ip),
    ...Object.values(project.state.leaving).map((server) => server.ipv4),
  ]);
  const free = project.pool.find((address) => !taken.has(address));
  if (!free) throw limitExceeded("primary IP limit exceeded", "primary_ip_limit");
  return free;
}

/** RFC 3849 sets 2001:db8::/32 aside for documentation. */
function ipv6Network(number: number): string {
  const high = Math.floor(number / 0x10000).toString(16);
  return `2001:db8:${high}:${(number % 0x10000).toString(16)}::/64`;
}

export function primaryIpView(ip: PrimaryIp) {
  return { ...ip, location: locationView(ip.location), blocked: false };
}

function beginOn(project: Project, command: string, ip: PrimaryIp) {
  return project.actions.begin(command, [
    { id: ip.id, type: "primary_ip" },
    { id: ip.assignee_id as number, type: "server" },
  ]);
}

function refuseAssignment(project: Project, server: Server, type: PrimaryIp["type"]): void {
  refuseRunning(server);
  if (primaryIpOf(project, server.id, type)) {
    throw new HetznerError(`server_has_${type}`, `the server already has an ${type} address`);
  }
}

/** @throws HetznerError `server_not_stopped` */
export function refuseRunning(server: Server): void {
  if (server.status !== "off") throw new HetznerError("server_not_stopped", "server needs to be powered off");
}
