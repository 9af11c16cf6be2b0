import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "./account";
import { actionView, onDroplet, refusePending, registerReading } from "./actions";
import { sizes } from "./catalog";
import { hostName } from "./dropletCreate";
import { sizeOf } from "./dropletView";
import { invalid, parseBody } from "./errors";
import type { Action, Droplet } from "./model";

type Wanted = Action["wanted"];

/** What each type asks of a droplet and its body before it begins, and what it is to arrive at. */
const types: Record<string, (droplet: Droplet, body: unknown) => Wanted> = {
  power_on: (droplet) => refuseStatus(droplet, "active", "Droplet is already powered on."),
  power_off: (droplet) => refuseStatus(droplet, "off", "Droplet is already powered off."),
  // Nothing is said against shutting down what is off.
  shutdown: () => undefined,
  reboot: (droplet) => refuseStatus(droplet, "off", "Droplet is currently powered off."),
  power_cycle: () => undefined,
  enable_ipv6: (droplet) => {
    if (droplet.ipv4 === undefined) throw invalid("IPv6 can not be enabled without public networking.");
    if (droplet.ipv6 !== undefined) throw invalid("IPv6 is already enabled.");
    return undefined;
  },
  enable_backups: () => undefined,
  disable_backups: () => undefined,
  rename: (_, body) => parseBody(z.object({ name: hostName }), body),
  resize: (droplet, body) => {
    const wanted = parseBody(z.object({ size: z.string(), disk: z.boolean().nullish() }), body);
    const size = sizes.find(({ slug }) => slug === wanted.size);
    if (!size) throw invalid("You specified an invalid size for Droplet resize.");
    if (droplet.status !== "off") throw invalid("Droplet must be powered off before it can be resized.");
    if (size.disk < droplet.disk) throw invalid("This size is not available because it has a smaller disk.");
    const same = size === sizeOf(droplet.size) && !(wanted.disk && size.disk > droplet.disk);
    if (same) throw invalid("Droplet already has this size.");
    return { size: size.slug, disk: wanted.disk ?? false };
  },
};

/** Documented, and not to be had for machines of this sandbox. */
const unavailable = ["restore", "password_reset", "rebuild", "change_kernel", "snapshot", "change_backup_policy"];

/** `/droplets/{id}/actions`, and `/droplets/actions?tag_name=…` for all droplets with a tag. */
export function registerDropletActions(
  app: FastifyInstance,
  account: Account,
  droplets: { byId(request: FastifyRequest): Droplet; byTag(request: FastifyRequest): Droplet[] },
): void {
  registerReading(app, account.state, "/droplets/:id", (request) => {
    const { id } = droplets.byId(request);
    return ({ resource_type, resource_id }) => resource_type === "droplet" && resource_id === id;
  });
  app.post("/droplets/:id/actions", async (request, reply) => {
    const [action] = act(account, [droplets.byId(request)], request.body);
    return reply.status(201).send({ action });
  });
  app.post("/droplets/actions", async (request, reply) => {
    return reply.status(201).send({ actions: act(account, droplets.byTag(request), request.body) });
  });
}

/** Begins an action on each of some droplets, or on none of them. */
function act(account: Account, droplets: Droplet[], body: unknown) {
  const { type } = parseBody(z.object({ type: z.string() }), body);
  if (unavailable.includes(type)) throw invalid(`${type} is not available for machines of this sandbox`);
  if (!Object.hasOwn(types, type)) throw invalid("You specified an invalid action type.");
  const wanted = droplets.map((droplet) => {
    refusePending(account.actions, droplet.id);
    return types[type]?.(droplet, body);
  });
  return droplets.map((droplet, index) => actionView(account.actions.begin(onDroplet(type, droplet, wanted[index]))));
}

function refuseStatus(droplet: Droplet, status: Droplet["status"], message: string): undefined {
  if (droplet.status === status) throw invalid(message);
}
