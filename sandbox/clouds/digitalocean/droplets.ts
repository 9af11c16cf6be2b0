import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Account } from "./account";
import { onDroplet, refusePending } from "./actions";
import { registerDropletActions } from "./dropletActions";
import { createDroplets } from "./dropletCreate";
import { dropletView } from "./dropletView";
import { DigitalOceanError, notFound } from "./errors";
import { firewallsOf } from "./firewallEffect";
import { firewallView } from "./firewalls";
import { defineDropletWork, observeStatus } from "./lifecycle";
import { sendList } from "./listing";
import type { Droplet } from "./model";

export function registerDroplets(app: FastifyInstance, account: Account): void {
  const { state } = account;
  defineDropletWork(account);

  const byId = (request: FastifyRequest): Droplet => {
    const droplet = state.droplets[Number((request.params as { id: string }).id)];
    if (!droplet) throw notFound();
    return droplet;
  };
  const byTag = (request: FastifyRequest): Droplet[] => {
    const { tag_name: tag } = request.query as { tag_name?: string };
    if (!tag) throw new DigitalOceanError("bad_request", "tag_name is required");
    if (!state.tags.includes(tag)) throw notFound();
    return all().filter((droplet) => droplet.tags.includes(tag));
  };
  const all = () => Object.values(state.droplets);
  const view = (droplet: Droplet) => dropletView(account, droplet);

  app.addHook("preHandler", async (request) => {
    const { id } = request.params as { id?: string };
    const asked = all().filter((droplet) => id === undefined || String(droplet.id) === id);
    await Promise.all(asked.map((droplet) => observeStatus(account, droplet)));
  });

  app.get("/droplets", (request, reply) => {
    const { tag_name, name, type } = request.query as Record<string, string | undefined>;
    if (tag_name !== undefined && (name !== undefined || type !== undefined)) {
      throw new DigitalOceanError("bad_request", "tag_name can not be combined with name or type");
    }
    // There are no droplets with graphics processors.
    const kind = type === "gpus" ? [] : all();
    const asked = kind.filter(
      (droplet) =>
        (tag_name === undefined || droplet.tags.includes(tag_name)) &&
        (name === undefined || droplet.name.toLowerCase() === name.toLowerCase()),
    );
    return sendList(request, reply, "droplets", asked.map(view));
  });
  app.post("/droplets", async (request, reply) => {
    const { droplets, actions } = createDroplets(account, request.body);
    const several = Array.isArray((request.body as { names?: unknown }).names);
    const href = (id: number) => `${request.protocol}://${request.host}/v2/actions/${id}`;
    return reply.status(202).send({
      ...(several ? { droplets: droplets.map(view) } : { droplet: view(droplets[0] as Droplet) }),
      links: { actions: actions.map(({ id }) => ({ id, rel: "create", href: href(id) })) },
    });
  });
  app.get("/droplets/:id", async (request) => ({ droplet: view(byId(request)) }));
  app.get("/droplets/:id/firewalls", (request, reply) => {
    const views = firewallsOf(account, byId(request)).map((firewall) => firewallView(account, firewall));
    return sendList(request, reply, "firewalls", views);
  });

  const destroy = (droplets: Droplet[]) => {
    for (const { id } of droplets) refusePending(account.actions, id);
    for (const droplet of droplets) account.actions.begin(onDroplet("destroy", droplet));
  };
  app.delete("/droplets/:id", async (request, reply) => {
    destroy([byId(request)]);
    return reply.status(204).send();
  });
  app.delete("/droplets", async (request, reply) => {
    destroy(byTag(request));
    return reply.status(204).send();
  });
  registerDropletActions(app, account, { byId, byTag });
}
