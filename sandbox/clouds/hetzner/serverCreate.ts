import { randomBytes } from "node:crypto";
import { z } from "zod";
import { byIdOrName, images, locations } from "./catalog";
import { HetznerError, invalidField, parseBody } from "./errors";
import { checkFirewallIds } from "./firewalls";
import { labelsSchema } from "./labels";
import type { PrimaryIp, Server } from "./model";
import { attachToNetwork } from "./networkAttachments";
import { joinableGroup } from "./placementGroups";
import { allocatePrimaryIp } from "./primaryIps";
import { add, all, find, type Project, refuseTakenName } from "./project";
import { isSoldAt, type ServerType, serverTypes } from "./serverTypes";
import { serverView } from "./serverView";
import { refuseAttachment } from "./volumes";

const idOrName = z.union([z.string(), z.number().int()]);

/** "This field is limited to 32KiB", says the reference of `POST /servers`. */
const userDataLimit = 32 * 1024;

const hostLabel = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";

/** Host names of RFC 1123. */
export const serverName = z
  .string()
  .max(253, "is too long")
  .regex(new RegExp(`^${hostLabel}(\\.${hostLabel})*$`), "is not a valid hostname as per RFC 1123");

const body = z.object({
  name: serverName,
  server_type: idOrName,
  image: idOrName,
  location: z.string().nullish(),
  datacenter: z.never("was removed, use location").optional(),
  ssh_keys: z.array(idOrName).nullish(),
  user_data: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= userDataLimit, `is too long: the limit is ${userDataLimit} bytes`)
    .nullish(),
  labels: labelsSchema.nullish(),
  start_after_create: z.boolean().nullish(),
  firewalls: z.array(z.object({ firewall: z.number().int() })).nullish(),
  networks: z.array(z.number().int()).nullish(),
  placement_group: z.number().int().nullish(),
  volumes: z.array(z.number().int()).nullish(),
  automount: z.boolean().nullish(),
  public_net: z
    .object({
      enable_ipv4: z.boolean().default(true),
      enable_ipv6: z.boolean().default(true),
      ipv4: z.number().int().nullish(),
      ipv6: z.number().int().nullish(),
    })
    .nullish(),
});

/** `POST /servers`: everything is checked before anything exists. */
export function createServer(project: Project, requestBody: unknown) {
  const wanted = parseBody(body, requestBody);
  refuseTakenName(project, "servers", wanted.name);
  const type = serverType(wanted.server_type);
  const image = imageFor(wanted.image, type);
  const location = locationFor(wanted.location, type);
  const keys = (wanted.ssh_keys ?? []).map((key, index) => sshKey(project, key, index));
  const firewalls = checkFirewallIds(
    project,
    (wanted.firewalls ?? []).map((entry) => entry.firewall),
  );
  const networks = (wanted.networks ?? []).map((id) => find(project, "networks", id));
  const volumes = (wanted.volumes ?? []).map((id) => find(project, "volumes", id));
  for (const volume of volumes) refuseAttachment(volume, { location });
  const group = wanted.placement_group ? joinableGroup(project, wanted.placement_group) : undefined;
  const net = wanted.public_net ?? { enable_ipv4: true, enable_ipv6: true };
  const started = wanted.start_after_create !== false;
  if (started && !net.enable_ipv4 && !net.enable_ipv6 && networks.length === 0) {
    throw invalidField("public_net", "a server that is started needs a public or a private network");
  }
  const given = [
    ...(net.ipv4 ? [givenIp(project, net.ipv4, "ipv4", location)] : []),
    ...(net.ipv6 ? [givenIp(project, net.ipv6, "ipv6", location)] : []),
  ];
  const fresh = (["ipv4", "ipv6"] as const)
    .filter((kind) => net[`enable_${kind}`] && !net[kind])
    .map((kind) => newIp(project, kind, location));

  const server = add(project, "servers", {
    name: wanted.name,
    labels: wanted.labels ?? {},
    status: started ? "initializing" : "off",
    server_type: type.name,
    image: image.id,
    location,
    user_data: wanted.user_data ?? "",
    ssh_keys: keys.map((key) => key.public_key),
    private_net: [],
    placement_group: group?.id ?? null,
    protection: { delete: false, rebuild: false },
    backup_window: null,
    primary_disk_size: type.disk,
  });
  for (const ip of [...given, ...fresh]) ip.assignee_id = server.id;
  for (const firewall of firewalls) firewall.applied_to.push({ type: "server", server: { id: server.id } });
  for (const volume of volumes) volume.server = server.id;
  try {
    for (const network of networks) attachToNetwork(project, server, network);
  } catch (error) {
    withdraw(project, server, fresh);
    throw error;
  }

  const reference = [{ id: server.id, type: "server" as const }];
  const action = project.actions.begin("create_server", reference);
  const next_actions = started ? [project.actions.begin("start_server", reference)] : [];
  const root_password = keys.length > 0 ? null : randomBytes(15).toString("base64url");
  return { server: serverView(project, server), action, next_actions, root_password };
}

/** Undoes a creation that failed half-way. */
function withdraw(project: Project, server: Server, fresh: PrimaryIp[]): void {
  releaseServer(project, server);
  for (const ip of fresh) delete project.state.primary_ips[ip.id];
  delete project.state.servers[server.id];
}

/** Takes a server out of everything that refers to it. */
export function releaseServer(project: Project, server: Server): void {
  for (const ip of all(project, "primary_ips").filter((candidate) => candidate.assignee_id === server.id)) {
    ip.assignee_id = null;
    if (ip.auto_delete) delete project.state.primary_ips[ip.id];
  }
  for (const firewall of all(project, "firewalls")) {
    firewall.applied_to = firewall.applied_to.filter(
      (target) => target.type !== "server" || target.server.id !== server.id,
    );
  }
  for (const volume of all(project, "volumes")) if (volume.server === server.id) volume.server = null;
}

export function serverType(key: string | number): ServerType {
  const found = byIdOrName(serverTypes, key)[0];
  if (!found) throw invalidField("server_type", `server type '${key}' not found`);
  return found;
}

function imageFor(key: string | number, type: ServerType) {
  const found = byIdOrName(images, key);
  if (found.length === 0) throw invalidField("image", `image '${key}' not found`);
  const fitting = found.find((image) => image.architecture === type.architecture);
  if (fitting) return fitting;
  throw invalidField("image", `is for ${found[0]?.architecture}, server type ${type.name} is ${type.architecture}`);
}

function locationFor(key: string | null | undefined, type: ServerType): string {
  if (!key) {
    const any = type.locations.find((name) => isSoldAt(type, name));
    if (any) return any;
    throw new HetznerError("resource_unavailable", `server type ${type.name} can no longer be ordered`);
  }
  const name = byIdOrName(locations, key)[0]?.name;
  if (!name) throw invalidField("location", `location '${key}' not found`);
  if (!type.locations.includes(name)) throw invalidField("location", "unsupported location for server type");
  if (isSoldAt(type, name)) return name;
  throw new HetznerError("resource_unavailable", `server type ${type.name} can no longer be ordered in ${name}`);
}

function sshKey(project: Project, key: string | number, index: number) {
  const found = byIdOrName(all(project, "ssh_keys"), key)[0];
  if (!found) throw invalidField(`ssh_keys.${index}`, `SSH key '${key}' not found`);
  return found;
}

function givenIp(project: Project, id: number, type: PrimaryIp["type"], location: string): PrimaryIp {
  const ip = find(project, "primary_ips", id);
  if (ip.type !== type) throw new HetznerError("primary_ip_version_mismatch", "primary IP has the wrong IP version");
  if (ip.location !== location) {
    throw new HetznerError("primary_ip_datacenter_mismatch", "primary IP is in a different location");
  }
  if (ip.assignee_id !== null) throw new HetznerError("primary_ip_assigned", "primary IP is already assigned");
  return ip;
}

function newIp(project: Project, type: PrimaryIp["type"], location: string): PrimaryIp {
  const name = `primary_ip-${project.state.nextId}`;
  return allocatePrimaryIp(project, { name, type, location, auto_delete: true });
}
