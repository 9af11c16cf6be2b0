import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "./account";
import { actionView, refusePending, registerReading } from "./actions";
import { regions, regionView } from "./catalog";
import { freePublicAddresses } from "./dropletCreate";
import { dropletView } from "./dropletView";
import { found, invalid, notFound, parseBody } from "./errors";
import { sendList } from "./listing";
import type { Action, Droplet, ReservedIp } from "./model";

const create = z.object({ region: z.string().nullish(), droplet_id: z.number().int().nullish() });
const order = z.object({ type: z.enum(["assign", "unassign"]), droplet_id: z.number().int().optional() });

/** `/reserved_ips` with their actions. */
export function registerReservedIps(app: FastifyInstance, account: Account): void {
  const { state, actions } = account;
  const requested = (request: FastifyRequest) => found(state.reserved_ips, (request.params as { ip: string }).ip);
  const isLocked = ({ ip }: ReservedIp) =>
    Object.values(state.actions).some(({ status, about }) => status === "in-progress" && about.ip === ip);
  const view = (reserved: ReservedIp) => {
    const droplet = state.droplets[reserved.droplet ?? 0];
    return {
      ip: reserved.ip,
      region: regionView(reserved.region),
      droplet: droplet ? dropletView(account, droplet) : null,
      locked: isLocked(reserved),
      project_id: "",
    };
  };
  const begin = (type: string, { ip, region }: ReservedIp, droplet: number | undefined): Action =>
    actions.begin({
      type,
      resource_type: "reserved_ip",
      resource_id: null,
      region_slug: region,
      about: { ip, droplet },
    });
  const assignable = (id: number | null | undefined): Droplet => {
    const droplet = state.droplets[id ?? 0];
    if (!droplet) throw notFound();
    refusePending(actions, droplet.id);
    if (droplet.ipv4 === undefined) throw invalid("The Droplet has no public networking.");
    if (Object.values(state.reserved_ips).some((other) => other.droplet === droplet.id)) {
      throw invalid("The Droplet already has a reserved IP.");
    }
    return droplet;
  };

  app.get("/reserved_ips", (request, reply) => {
    return sendList(request, reply, "reserved_ips", Object.values(state.reserved_ips).map(view));
  });
  app.get("/reserved_ips/:ip", async (request) => ({ reserved_ip: view(requested(request)) }));
  app.post("/reserved_ips", async (request, reply) => {
    const { region, droplet_id } = parseBody(create, request.body);
    if (!region === !droplet_id) throw invalid("either region or droplet_id is required");
    const droplet = droplet_id ? assignable(droplet_id) : undefined;
    const slug = droplet?.region ?? region ?? "";
    if (!Object.hasOwn(regions, slug)) throw invalid("region is invalid");
    const [ip] = freePublicAddresses(account);
    if (!ip) throw invalid("no reserved IP is available");
    const reserved: ReservedIp = { ip, region: slug };
    state.reserved_ips[ip] = reserved;
    const action = droplet && begin("assign_ip", reserved, droplet.id);
    const link = (kind: string, id: number, rel: string) => {
      return [{ id, rel, href: `${request.protocol}://${request.host}/v2/${kind}/${id}` }];
    };
    return reply.status(202).send({
      reserved_ip: view(reserved),
      links: action
        ? { droplets: link("droplets", droplet.id, "droplet"), actions: link("actions", action.id, action.type) }
        : {},
    });
  });
  app.delete("/reserved_ips/:ip", async (request, reply) => {
    const reserved = requested(request);
    if (isLocked(reserved)) throw invalid("The reserved IP already has a pending event.");
    delete state.reserved_ips[reserved.ip];
    return reply.status(204).send();
  });

  registerReading(app, state, "/reserved_ips/:ip", (request) => {
    const { ip } = requested(request);
    return ({ about }) => about.ip === ip;
  });
  app.post("/reserved_ips/:ip/actions", async (request, reply) => {
    const reserved = requested(request);
    const { type, droplet_id } = parseBody(order, request.body);
    if (isLocked(reserved)) throw invalid("The reserved IP already has a pending event.");
    if (type === "unassign" && reserved.droplet === undefined) throw invalid("The reserved IP is not assigned.");
    const droplet = type === "assign" ? assignable(droplet_id).id : reserved.droplet;
    return reply.status(201).send({ action: actionView(begin(`${type}_ip`, reserved, droplet)) });
  });

  actions.define("reserved_ip", "assign_ip", async ({ about }) => {
    const reserved = state.reserved_ips[about.ip ?? ""];
    if (reserved) reserved.droplet = about.droplet;
  });
  actions.define("reserved_ip", "unassign_ip", async ({ about }) => {
    delete state.reserved_ips[about.ip ?? ""]?.droplet;
  });
}
