import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { HetznerError, invalidField, parseBody } from "./errors";
import { firewallsOf } from "./firewalls";
import { defineServerWork, observeStatus } from "./lifecycle";
import type { Server } from "./model";
import { refuseLocked, registerNetworkAttachments } from "./networkAttachments";
import { joinableGroup } from "./placementGroups";
import { changeDnsPointer, primaryIpOf, refuseRunning } from "./primaryIps";
import { all, type Project, registerResource, requested } from "./project";
import { createServer, releaseServer, serverName, serverType } from "./serverCreate";
import { deprecationAt, isSoldAt } from "./serverTypes";
import { serverView } from "./serverView";

export function registerServers(app: FastifyInstance, project: Project): void {
  defineServerWork(project);

  app.addHook("preHandler", async (request) => {
    if (request.method !== "GET") return;
    const { id } = request.params as { id?: string };
    const asked = all(project, "servers").filter((server) => id === undefined || String(server.id) === id);
    await Promise.all(asked.map((server) => observeStatus(project, server)));
  });

  app.post("/servers", async (request, reply) => reply.status(201).send(createServer(project, request.body)));
  registerResource(app, project, {
    collection: "servers",
    view: (server) => serverView(project, server),
    name: serverName,
    match: ["status"],
    changed: (server) => {
      // New labels may bring a server under other firewalls.
      const resources = firewallsOf(project, server).map(({ id }) => ({ id, type: "firewall" as const }));
      project.actions.begin("apply_firewall", [{ id: server.id, type: "server" }, ...resources]);
    },
    leave: (server) => {
      refuseLocked(project, server);
      project.state.leaving[server.id] = { ipv4: primaryIpOf(project, server.id, "ipv4")?.ip ?? "" };
      releaseServer(project, server);
      return { action: project.actions.begin("delete_server", [{ id: server.id, type: "server" }]) };
    },
  });
  registerNetworkAttachments(app, project);
  registerServerActions(app, project);
}

/** Takes up removals whose action failed or was lost. */
export function resumeRemovals(project: Project): void {
  for (const id of Object.keys(project.state.leaving).map(Number)) {
    if (!project.actions.runningOn(id)) project.actions.begin("delete_server", [{ id, type: "server" }]);
  }
}

function registerServerActions(app: FastifyInstance, project: Project): void {
  const action = (name: string, command: string, change: (server: Server, body: unknown) => object | undefined) =>
    app.post(`/servers/:id/actions/${name}`, async (request, reply) => {
      const server = requested(project, "servers", request);
      refuseLocked(project, server);
      const answer = change(server, request.body);
      const begun = project.actions.begin(command, [{ id: server.id, type: "server" }]);
      return reply.status(201).send({ action: begun, ...answer });
    });
  const plain = (name: string, command: string) => action(name, command, () => undefined);

  plain("poweron", "start_server");
  plain("poweroff", "stop_server");
  plain("shutdown", "shutdown_server");
  plain("reboot", "reboot_server");
  plain("reset", "reset_server");

  action("change_type", "change_server_type", (server, body) => {
    const wanted = parseBody(
      z.object({ server_type: z.union([z.string(), z.number()]), upgrade_disk: z.boolean() }),
      body,
    );
    changeType(server, wanted);
    return undefined;
  });
  action("change_protection", "change_protection", (server, body) => {
    const wanted = parseBody(z.object({ delete: z.boolean(), rebuild: z.boolean() }).partial(), body);
    const next = { ...server.protection, ...wanted };
    if (next.delete !== next.rebuild) throw invalidField("rebuild", "must have the same value as delete");
    server.protection = next;
    return undefined;
  });
  action("add_to_placement_group", "add_to_placement_group", (server, body) => {
    const { placement_group } = parseBody(z.object({ placement_group: z.number().int() }), body);
    refuseRunning(server);
    server.placement_group = joinableGroup(project, placement_group).id;
    return undefined;
  });
  action("remove_from_placement_group", "remove_from_placement_group", (server) => {
    if (server.placement_group === null) throw new HetznerError("not_found", "server is in no placement group");
    server.placement_group = null;
    return undefined;
  });
  action("enable_backup", "enable_backup", (server) => {
    server.backup_window = "22-02";
    return undefined;
  });
  action("disable_backup", "disable_backup", (server) => {
    server.backup_window = null;
    return undefined;
  });
  action("change_dns_ptr", "change_dns_ptr", (server, body) => {
    const { ip, dns_ptr } = parseBody(z.object({ ip: z.string(), dns_ptr: z.string().nullable() }), body);
    const address = primaryIpOf(project, server.id, ip.includes(":") ? "ipv6" : "ipv4");
    if (!address) throw new HetznerError("not_found", `ip '${ip}' not found`);
    changeDnsPointer(address, ip, dns_ptr);
    return undefined;
  });

  const unavailable = ["rebuild", "enable_rescue", "disable_rescue", "attach_iso", "detach_iso", "create_image"];
  for (const name of [...unavailable, "request_console", "reset_password"]) {
    app.post(`/servers/:id/actions/${name}`, async (request) => {
      requested(project, "servers", request);
      throw new HetznerError("unsupported_error", `${name} is not available for servers of this sandbox`);
    });
  }
}

function changeType(server: Server, wanted: { server_type: string | number; upgrade_disk: boolean }): void {
  const [old, type] = [serverType(server.server_type), serverType(wanted.server_type)];
  refuseRunning(server);
  const refuse = (reason: string) => new HetznerError("invalid_server_type", reason);
  if (type.architecture !== old.architecture) throw refuse("server type has another architecture");
  if (type.disk < server.primary_disk_size) throw refuse("server type has a smaller disk than the server");
  if (!isSoldAt(type, server.location)) {
    throw refuse(deprecationAt(type, server.location) ? "server type is deprecated" : "server type is not sold here");
  }
  server.server_type = type.name;
  if (wanted.upgrade_disk) server.primary_disk_size = type.disk;
}
