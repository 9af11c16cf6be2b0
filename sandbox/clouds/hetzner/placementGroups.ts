import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { HetznerError, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import type { PlacementGroup } from "./model";
import { add, all, anyName, find, type Project, refuseTakenName, registerResource } from "./project";

const create = z.object({ name: anyName, type: z.literal("spread"), labels: labelsSchema.optional() });

/** Servers of a spread group, https://docs.hetzner.com/cloud/placement-groups/overview. */
const serversPerGroup = 10;

export function registerPlacementGroups(app: FastifyInstance, project: Project): void {
  app.post("/placement_groups", async (request, reply) => {
    const body = parseBody(create, request.body);
    refuseTakenName(project, "placement_groups", body.name);
    const group = add(project, "placement_groups", body);
    return reply.status(201).send({ placement_group: placementGroupView(project, group), action: null });
  });
  registerResource(app, project, {
    collection: "placement_groups",
    view: (group) => placementGroupView(project, group),
    match: ["type"],
    leave: (group) => {
      if (membersOf(project, group.id).length === 0) return undefined;
      throw new HetznerError("resource_in_use", `placement group with ID ${group.id} is still in use`);
    },
  });
}

export function placementGroupView(project: Project, group: PlacementGroup) {
  return { ...group, servers: membersOf(project, group.id) };
}

/** The group by id, when it can take one more server. @throws HetznerError `placement_error` when it is full. */
export function joinableGroup(project: Project, id: number): PlacementGroup {
  const group = find(project, "placement_groups", id);
  if (membersOf(project, id).length >= serversPerGroup) {
    throw new HetznerError("placement_error", `a spread placement group holds at most ${serversPerGroup} servers`);
  }
  return group;
}

function membersOf(project: Project, group: number): number[] {
  return all(project, "servers")
    .filter((server) => server.placement_group === group)
    .map((server) => server.id);
}
