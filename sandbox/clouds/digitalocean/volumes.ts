import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "./account";
import { actionView, refusePending, registerReading } from "./actions";
import { regions, regionView } from "./catalog";
import { DigitalOceanError, found, invalid, notFound, parseBody } from "./errors";
import { sendList } from "./listing";
import type { Action, Volume } from "./model";
import { takeTags } from "./tags";

/** GiB; "up to fifteen volumes may be attached to a Droplet at a time". */
const largest = 16384;
const perDroplet = 15;

/** Longest label of each file system. */
const labelLength = { ext4: 16, xfs: 12 };

const size = z.number().int().min(1, "must be at least 1").max(largest, `must be at most ${largest}`);
const create = z
  .object({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "must be lowercase letters, digits and dashes, at most 64"),
    description: z.string().nullish(),
    region: z.string(),
    size_gigabytes: size,
    filesystem_type: z.enum(["ext4", "xfs", ""]).nullish(),
    filesystem_label: z.string().nullish(),
    snapshot_id: z.literal("", "snapshot not found").nullish(),
    tags: z.array(z.string()).nullish(),
  })
  .superRefine(({ filesystem_type: type, filesystem_label: label }, context) => {
    const fault = (message: string) => context.addIssue({ code: "custom", path: ["filesystem_label"], message });
    if (label && !type) fault("may only be used in conjunction with filesystem_type");
    if (label && type && label.length > labelLength[type]) fault(`is longer than ${labelLength[type]} characters`);
  });

const order = z.object({
  type: z.enum(["attach", "detach", "resize"]),
  region: z.string().nullish(),
  droplet_id: z.number().int().optional(),
  size_gigabytes: size.optional(),
  volume_name: z.string().optional(),
});

/** `/volumes`, by id or by name and region, with their actions. */
export function registerVolumes(app: FastifyInstance, account: Account): void {
  const { state, actions } = account;
  const requested = (request: FastifyRequest) => found(state.volumes, (request.params as { id: string }).id);
  const named = (name?: string | null, region?: string | null) => {
    const volume = Object.values(state.volumes).find((other) => other.name === name && other.region === region);
    if (!volume) throw notFound();
    return volume;
  };

  app.get("/volumes", (request, reply) => {
    const { name, region } = request.query as Record<string, string | undefined>;
    const asked = Object.values(state.volumes).filter(
      (volume) => (name === undefined || volume.name === name) && (region === undefined || volume.region === region),
    );
    return sendList(request, reply, "volumes", asked.map(volumeView));
  });
  app.get("/volumes/:id", async (request) => ({ volume: volumeView(requested(request)) }));
  app.post("/volumes", async (request, reply) => {
    const wanted = parseBody(create, request.body);
    if (!Object.hasOwn(regions, wanted.region)) throw invalid("region is invalid");
    if (Object.values(state.volumes).some(({ name, region }) => name === wanted.name && region === wanted.region)) {
      throw new DigitalOceanError("conflict", "already exists");
    }
    const volume: Volume = {
      id: randomUUID(),
      name: wanted.name,
      description: wanted.description ?? "",
      region: wanted.region,
      size_gigabytes: wanted.size_gigabytes,
      filesystem_type: wanted.filesystem_type ?? "",
      filesystem_label: wanted.filesystem_label ?? "",
      created_at: new Date().toISOString(),
      tags: takeTags(account, wanted.tags ?? []),
    };
    state.volumes[volume.id] = volume;
    return reply.status(201).send({ volume: volumeView(volume) });
  });
  const remove = (volume: Volume) => {
    if (volume.droplet !== undefined) throw new DigitalOceanError("conflict", "attached volume cannot be deleted");
    delete state.volumes[volume.id];
  };
  app.delete("/volumes/:id", async (request, reply) => {
    remove(requested(request));
    return reply.status(204).send();
  });
  app.delete("/volumes", async (request, reply) => {
    const { name, region } = request.query as Record<string, string | undefined>;
    remove(named(name, region));
    return reply.status(204).send();
  });

  registerReading(app, state, "/volumes/:id", (request) => {
    const { id } = requested(request);
    return ({ about }) => about.volume === id;
  });
  app.post("/volumes/:id/actions", async (request, reply) => {
    const volume = requested(request);
    return reply.status(202).send({ action: actionView(act(account, volume, parseBody(order, request.body))) });
  });
  app.post("/volumes/actions", async (request, reply) => {
    const wanted = parseBody(order, request.body);
    const action = act(account, named(wanted.volume_name, wanted.region), wanted);
    return reply.status(202).send({ action: actionView(action) });
  });

  const on = (type: string, work: (volume: Volume, action: Action) => void) =>
    actions.define("volume", type, async (action) => {
      const volume = state.volumes[action.about.volume ?? ""];
      if (volume) work(volume, action);
    });
  on("attach_volume", (volume, { about }) => {
    volume.droplet = about.droplet;
  });
  on("detach_volume", (volume) => {
    delete volume.droplet;
  });
  on("resize_volume", (volume, { wanted }) => {
    volume.size_gigabytes = wanted?.gigabytes ?? volume.size_gigabytes;
  });
}

/** Volumes named at the creation of a droplet. @throws DigitalOceanError unless all are there, free and in the region */
export function freeVolumes({ state }: Account, ids: string[], region: string): Volume[] {
  return ids.map((id) => {
    const volume = Object.hasOwn(state.volumes, id) ? state.volumes[id] : undefined;
    if (volume?.region !== region || volume.droplet !== undefined) throw invalid("Invalid volume allocations");
    return volume;
  });
}

function act(account: Account, volume: Volume, wanted: z.output<typeof order>): Action {
  const { state, actions } = account;
  const begin = (type: string, droplet: number | undefined, gigabytes?: number) =>
    actions.begin({
      type,
      resource_type: "volume",
      resource_id: null,
      region_slug: volume.region,
      about: { volume: volume.id, droplet },
      wanted: { gigabytes },
    });
  if (wanted.type === "resize") {
    if (wanted.size_gigabytes === undefined) throw invalid("size_gigabytes is required");
    if (wanted.size_gigabytes <= volume.size_gigabytes) throw invalid("size_gigabytes must be larger than the volume");
    return begin("resize_volume", volume.droplet, wanted.size_gigabytes);
  }
  const droplet = state.droplets[wanted.droplet_id ?? 0];
  if (!droplet) throw notFound();
  refusePending(actions, droplet.id);
  if (wanted.type === "detach") {
    if (volume.droplet !== droplet.id) throw invalid("Attachment not found");
    return begin("detach_volume", droplet.id);
  }
  if (volume.droplet !== undefined) throw invalid("volume is already attached to a Droplet");
  if (volume.region !== droplet.region) throw invalid("volume and Droplet are not in the same region");
  if (Object.values(state.volumes).filter((other) => other.droplet === droplet.id).length >= perDroplet) {
    throw invalid(`at most ${perDroplet} volumes may be attached to a Droplet`);
  }
  return begin("attach_volume", droplet.id);
}

function volumeView({ droplet, ...volume }: Volume) {
  return { ...volume, region: regionView(volume.region), droplet_ids: droplet === undefined ? [] : [droplet] };
}
