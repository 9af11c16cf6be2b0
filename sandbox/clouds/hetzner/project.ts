import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Machines } from "../machines";
import type { Store } from "../store";
import { type Actions, registerResourceActions } from "./actions";
import { HetznerError, notFound, notUnique, parseBody } from "./errors";
import { labelsSchema } from "./labels";
import { sendList } from "./listing";
import type { CollectionName, Collections, HetznerState, Resource, ResourceReference } from "./model";

/** One project: what exists in it, what is under way, and what runs its servers. */
export interface Project {
  store: Store<HetznerState>;
  state: HetznerState;
  actions: Actions;
  machines: Machines;
  /** Public IPv4 addresses that may be handed out. */
  pool: string[];
}

/** Enough of a project to read from it. */
export type Readable = Pick<Project, "state">;

const singulars: Record<CollectionName, string> = {
  ssh_keys: "ssh_key",
  firewalls: "firewall",
  servers: "server",
  networks: "network",
  placement_groups: "placement_group",
  primary_ips: "primary_ip",
  volumes: "volume",
};

/** @throws HetznerError `not_found` */
export function find<K extends CollectionName>(project: Readable, collection: K, id: string | number): Collections[K] {
  const found = project.state[collection][Number(id)];
  if (!found) throw notFound(singulars[collection], id);
  return found as Collections[K];
}

export function all<K extends CollectionName>(project: Readable, collection: K): Collections[K][] {
  return Object.values(project.state[collection]) as Collections[K][];
}

/** Takes a new resource into the project. */
export function add<K extends CollectionName>(
  project: Project,
  collection: K,
  fields: Omit<Collections[K], "id" | "created" | "labels"> & { labels?: Record<string, string> },
): Collections[K] {
  const id = project.state.nextId++;
  const resource = { id, created: new Date().toISOString(), labels: {}, ...fields } as unknown as Collections[K];
  (project.state[collection] as Record<number, Resource>)[id] = resource;
  return resource;
}

/** @throws HetznerError `uniqueness_error` when another resource of the kind has the name. */
export function refuseTakenName(project: Project, collection: CollectionName, name: string, except?: number): void {
  if (all(project, collection).some((other) => other.name === name && other.id !== except)) {
    throw notUnique(`${singulars[collection].replace("_", " ")} name is already used`, "name");
  }
}

/** @throws HetznerError `protected` when the resource's deletion is protected. */
export function refuseProtected(resource: Resource & { protection?: { delete: boolean } }, kind: string): void {
  if (resource.protection?.delete) throw new HetznerError("protected", `${kind} deletion is protected`);
}

export interface ResourceKind<K extends CollectionName> {
  collection: K;
  view: (resource: Collections[K]) => object;
  /** Which strings may be names. Default: 1 to 128 characters. */
  name?: z.ZodType<string>;
  /** Fields beyond name and labels that an update may set as they are. */
  changeable?: z.ZodRawShape;
  match?: string[];
  /** Called after an update. */
  changed?: (resource: Collections[K]) => void;
  /** Refuses a deletion by throwing, or clears what refers to the resource; its result is the answer's body. */
  leave?: (resource: Collections[K]) => object | undefined;
}

export const anyName = z.string().min(1, "must not be empty").max(128, "is too long");

/** Listing, reading, updating and deleting, which all kinds of resources share. */
export function registerResource<K extends CollectionName>(
  app: FastifyInstance,
  project: Project,
  kind: ResourceKind<K>,
): void {
  const { collection } = kind;
  const singular = singulars[collection];
  const update = z.object({ name: kind.name ?? anyName, labels: labelsSchema, ...kind.changeable }).partial();
  registerResourceActions(app, project.state, collection, singular as ResourceReference["type"]);

  app.get(`/${collection}`, (request, reply) =>
    sendList(request, reply, collection, all(project, collection).map(kind.view), {
      sort: ["id", "name", "created"],
      match: kind.match,
    }),
  );
  app.get(`/${collection}/:id`, async (request) => ({
    [singular]: kind.view(requested(project, collection, request)),
  }));
  app.put(`/${collection}/:id`, async (request) => {
    const resource = requested(project, collection, request);
    const changes = parseBody(update, request.body);
    if (typeof changes.name === "string") refuseTakenName(project, collection, changes.name, resource.id);
    Object.assign(resource, changes);
    kind.changed?.(resource);
    return { [singular]: kind.view(resource) };
  });
  app.delete(`/${collection}/:id`, async (request, reply) => {
    const resource = requested(project, collection, request);
    refuseProtected(resource, singular);
    const answer = kind.leave?.(resource);
    delete project.state[collection][resource.id];
    return answer ? reply.send(answer) : reply.status(204).send();
  });
}

/** The resource that a request's path names. @throws HetznerError `not_found` */
export function requested<K extends CollectionName>(
  project: Project,
  collection: K,
  request: { params: unknown },
): Collections[K] {
  return find(project, collection, (request.params as { id: string }).id);
}

/** `POST /{collection}/{id}/actions/change_protection` of the kinds that only know protection from deletion. */
export function registerProtection(
  app: FastifyInstance,
  project: Project,
  collection: "networks" | "primary_ips" | "volumes",
): void {
  const type = singulars[collection] as ResourceReference["type"];
  app.post(`/${collection}/:id/actions/change_protection`, async (request, reply) => {
    const resource = requested(project, collection, request);
    const { delete: protect } = parseBody(z.object({ delete: z.boolean().optional() }), request.body);
    if (protect !== undefined) resource.protection.delete = protect;
    const action = project.actions.begin("change_protection", [{ id: resource.id, type }]);
    return reply.status(201).send({ action });
  });
}
