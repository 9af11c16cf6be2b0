import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { HetznerError, notFound, parseBody } from "./errors";
import { ruleLimits, rulesSchema } from "./firewallRules";
import { labelSelector, labelsSchema } from "./labels";
import type { Action, Firewall, FirewallTarget, Server } from "./model";
import { add, all, anyName, type Project, refuseTakenName, registerResource, requested } from "./project";

const target = z.discriminatedUnion("type", [
  z.object({ type: z.literal("server"), server: z.object({ id: z.number().int() }) }),
  z.object({ type: z.literal("label_selector"), label_selector: z.object({ selector: z.string().min(1) }) }),
]);

const create = z.object({
  name: anyName,
  labels: labelsSchema.optional(),
  rules: rulesSchema.nullish(),
  apply_to: z.array(target).nullish(),
});

export function registerFirewalls(app: FastifyInstance, project: Project): void {
  app.post("/firewalls", async (request, reply) => {
    const { name, labels, rules, apply_to } = parseBody(create, request.body);
    refuseTakenName(project, "firewalls", name);
    const targets = apply_to ?? [];
    checkTargets(project, targets, 422);
    const firewall = add(project, "firewalls", { name, labels, rules: rules ?? [], applied_to: [] });
    const actions = [beginSetRules(project, firewall), ...applyTo(project, firewall, targets)];
    return reply.status(201).send({ firewall: firewallView(project, firewall), actions });
  });

  app.post("/firewalls/:id/actions/set_rules", async (request, reply) => {
    const firewall = requested(project, "firewalls", request);
    firewall.rules = parseBody(z.object({ rules: rulesSchema }), request.body).rules;
    return reply.status(201).send({ actions: [beginSetRules(project, firewall)] });
  });

  app.post("/firewalls/:id/actions/apply_to_resources", async (request, reply) => {
    const firewall = requested(project, "firewalls", request);
    const { apply_to } = parseBody(z.object({ apply_to: z.array(target) }), request.body);
    checkTargets(project, apply_to, 404);
    for (const wanted of apply_to) {
      if (firewall.applied_to.some((present) => sameTarget(present, wanted))) {
        throw new HetznerError("firewall_already_applied", "firewall is already applied to resource");
      }
    }
    return reply.status(201).send({ actions: applyTo(project, firewall, apply_to) });
  });

  app.post("/firewalls/:id/actions/remove_from_resources", async (request, reply) => {
    const firewall = requested(project, "firewalls", request);
    const { remove_from } = parseBody(z.object({ remove_from: z.array(target) }), request.body);
    for (const unwanted of remove_from) refuseRemoval(project, firewall, unwanted);
    const affected = serversOf(project, firewall);
    firewall.applied_to = firewall.applied_to.filter(
      (present) => !remove_from.some((unwanted) => sameTarget(present, unwanted)),
    );
    const left = new Set(serversOf(project, firewall));
    const actions = affected
      .filter((server) => !left.has(server))
      .map((server) => beginOn(project, "remove_firewall", firewall, server));
    return reply.status(201).send({ actions });
  });

  registerResource(app, project, {
    collection: "firewalls",
    view: (firewall) => firewallView(project, firewall),
    leave: (firewall) => {
      if (firewall.applied_to.length === 0) return undefined;
      throw new HetznerError("resource_in_use", `firewall with ID ${firewall.id} is still in use`);
    },
  });
}

/** Every firewall that stands before a server, directly or by its labels. */
export function firewallsOf(project: Project, server: Server): Firewall[] {
  return all(project, "firewalls").filter((firewall) => firewall.applied_to.some((entry) => covers(entry, server)));
}

/** Puts firewalls on a server that is being created. @throws HetznerError when one is unknown or there are too many. */
export function checkFirewallIds(project: Project, ids: number[]): Firewall[] {
  if (new Set(ids).size !== ids.length) {
    throw new HetznerError("server_already_added", "a firewall was given more than once");
  }
  refuseTooMany(ids.length);
  return ids.map((id) => {
    const firewall = project.state.firewalls[id];
    if (!firewall) throw notFound("firewall", id);
    return firewall;
  });
}

function firewallView(project: Project, firewall: Firewall) {
  return {
    ...firewall,
    applied_to: firewall.applied_to.map((entry) => {
      if (entry.type === "server") return entry;
      const matching = all(project, "servers").filter((server) => covers(entry, server));
      return { ...entry, applied_to_resources: matching.map(({ id }) => ({ type: "server", server: { id } })) };
    }),
  };
}

function applyTo(project: Project, firewall: Firewall, targets: FirewallTarget[]): Action[] {
  const before = new Set(serversOf(project, firewall));
  firewall.applied_to.push(...targets);
  return serversOf(project, firewall)
    .filter((server) => !before.has(server))
    .map((server) => beginOn(project, "apply_firewall", firewall, server));
}

function beginSetRules(project: Project, firewall: Firewall): Action {
  return project.actions.begin("set_firewall_rules", [
    { id: firewall.id, type: "firewall" },
    ...serversOf(project, firewall).map(({ id }) => ({ id, type: "server" as const })),
  ]);
}

function beginOn(project: Project, command: string, firewall: Firewall, server: Server): Action {
  return project.actions.begin(command, [
    { id: server.id, type: "server" },
    { id: firewall.id, type: "firewall" },
  ]);
}

function serversOf(project: Project, firewall: Firewall): Server[] {
  return all(project, "servers").filter((server) => firewall.applied_to.some((entry) => covers(entry, server)));
}

function covers(entry: FirewallTarget, server: Server): boolean {
  if (entry.type === "server") return entry.server.id === server.id;
  return labelSelector(entry.label_selector.selector)(server.labels);
}

function sameTarget(a: FirewallTarget, b: FirewallTarget): boolean {
  if (a.type === "server") return b.type === "server" && a.server.id === b.server.id;
  return b.type === "label_selector" && a.label_selector.selector === b.label_selector.selector;
}

function checkTargets(project: Project, targets: FirewallTarget[], missingStatus: number): void {
  const seen = new Set<number>();
  for (const entry of targets) {
    if (entry.type === "label_selector") {
      labelSelector(entry.label_selector.selector, "apply_to");
      continue;
    }
    const server = project.state.servers[entry.server.id];
    if (!server) {
      const message = `server with ID '${entry.server.id}' not found`;
      throw new HetznerError("firewall_resource_not_found", message, null, missingStatus);
    }
    if (seen.has(server.id)) throw new HetznerError("server_already_added", "the server was given more than once");
    seen.add(server.id);
    if (!hasPublicNetwork(project, server)) {
      throw new HetznerError("private_net_only_server", "the server has no public network interface");
    }
    refuseTooMany(firewallsOf(project, server).length + 1);
  }
}

function hasPublicNetwork(project: Project, server: Server): boolean {
  return all(project, "primary_ips").some((ip) => ip.assignee_id === server.id);
}

function refuseTooMany(count: number): void {
  if (count > ruleLimits.firewallsPerServer) {
    const message = `a server can have at most ${ruleLimits.firewallsPerServer} firewalls`;
    throw new HetznerError("resource_limit_exceeded", message, { limits: [{ name: "firewall_per_server_limit" }] });
  }
}

function refuseRemoval(project: Project, firewall: Firewall, unwanted: FirewallTarget): void {
  if (firewall.applied_to.some((present) => sameTarget(present, unwanted))) return;
  const server = unwanted.type === "server" ? project.state.servers[unwanted.server.id] : undefined;
  if (server && serversOf(project, firewall).includes(server)) {
    throw new HetznerError("firewall_managed_by_label_selector", "firewall is applied by a label selector");
  }
  throw new HetznerError(
    "firewall_resource_not_found",
    "the resource the firewall should be removed from was not found",
    null,
    404,
  );
}
