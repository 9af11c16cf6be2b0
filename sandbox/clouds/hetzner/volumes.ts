import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { byIdOrName, locations, locationView } from "./catalog";
import { HetznerError, invalidField, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import type { Server, Volume } from "./model";
import { add, find, type Project, refuseTakenName, registerProtection, registerResource, requested } from "./project";

/** Sizes in GB and names as documented for `POST /volumes`. */
const size = z.number().int().min(10, "must be at least 10").max(10240, "must be at most 10240");
const volumeName = z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,62}[a-zA-Z0-9])?$/, "is not a valid volume name");

const create = z.object({
  name: volumeName,
  size,
  location: z.string().optional(),
  server: z.number().int().optional(),
  format: z.enum(["ext4", "xfs"]).nullish(),
  automount: z.boolean().optional(),
  labels: labelsSchema.optional(),
});

export function registerVolumes(app: FastifyInstance, project: Project): void {
  app.post("/volumes", async (request, reply) => {
    const body = parseBody(create, request.body);
    refuseTakenName(project, "volumes", body.name);
    const server = body.server === undefined ? undefined : find(project, "servers", body.server);
    const location = server?.location ?? byIdOrName(locations, body.location ?? "")[0]?.name;
    if (!location) throw invalidField("location", "a known location or a server is required");
    const volume = add(project, "volumes", {
      name: body.name,
      labels: body.labels,
      size: body.size,
      location,
      server: server?.id ?? null,
      format: body.format ?? null,
      protection: { delete: false },
    });
    const next = server ? [begin(project, "attach_volume", volume)] : [];
    const action = begin(project, "create_volume", volume);
    return reply.status(201).send({ volume: volumeView(volume), action, next_actions: next });
  });

  app.post("/volumes/:id/actions/attach", async (request, reply) => {
    const volume = requested(project, "volumes", request);
    const server = find(project, "servers", parseBody(z.object({ server: z.number().int() }), request.body).server);
    refuseAttachment(volume, server);
    volume.server = server.id;
    return reply.status(201).send({ action: begin(project, "attach_volume", volume) });
  });
  app.post("/volumes/:id/actions/detach", async (request, reply) => {
    const volume = requested(project, "volumes", request);
    if (volume.server === null) throw new HetznerError("volume_not_attached", "volume is not attached to a server");
    const action = begin(project, "detach_volume", volume);
    volume.server = null;
    return reply.status(201).send({ action });
  });
  app.post("/volumes/:id/actions/resize", async (request, reply) => {
    const volume = requested(project, "volumes", request);
    const wanted = parseBody(z.object({ size }), request.body);
    if (wanted.size <= volume.size) throw invalidField("size", "must be greater than the current size");
    volume.size = wanted.size;
    return reply.status(201).send({ action: begin(project, "resize_volume", volume) });
  });

  registerProtection(app, project, "volumes");
  registerResource(app, project, {
    collection: "volumes",
    view: volumeView,
    name: volumeName,
    match: ["status"],
    leave: (volume) => {
      if (volume.server === null) return undefined;
      throw new HetznerError("volume_still_attached", "volume is still attached to a server");
    },
  });
}

/** @throws HetznerError when the volume is attached or elsewhere. */
export function refuseAttachment(volume: Volume, server: Pick<Server, "location">): void {
  if (volume.server !== null) throw new HetznerError("volume_already_attached", "volume is already attached");
  if (volume.location !== server.location) throw invalidField("server", "is in another location than the volume");
}

function volumeView(volume: Volume) {
  return {
    ...volume,
    location: locationView(volume.location),
    linux_device: `/dev/disk/by-id/scsi-0HC_Volume_${volume.id}`,
    status: "available",
  };
}

function begin(project: Project, command: string, volume: Volume) {
  return project.actions.begin(command, [
    { id: volume.id, type: "volume" },
    ...(volume.server === null ? [] : [{ id: volume.server, type: "server" as const }]),
  ]);
}
