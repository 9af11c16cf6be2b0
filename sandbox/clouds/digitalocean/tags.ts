import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "./account";
import { invalid, notFound, parseBody, TagError } from "./errors";
import { forgetTag } from "./firewalls";
import { sendList } from "./listing";

const longest = 255;

const resources = z.object({
  resources: z.array(z.object({ resource_id: z.union([z.string(), z.number()]), resource_type: z.string() })),
});

/** `/tags` and what they are attached to. */
export function registerTags(app: FastifyInstance, account: Account): void {
  const { state } = account;
  const requested = (request: FastifyRequest): string => {
    const { name } = request.params as { name: string };
    if (!state.tags.includes(name)) throw notFound();
    return name;
  };
  const view = (request: FastifyRequest, name: string) =>
    tagView(account, `${request.protocol}://${request.host}`, name);

  app.get("/tags", (request, reply) => {
    return sendList(
      request,
      reply,
      "tags",
      state.tags.map((name) => view(request, name)),
    );
  });
  app.get("/tags/:name", async (request) => ({ tag: view(request, requested(request)) }));
  app.post("/tags", async (request, reply) => {
    const { name } = parseBody(z.object({ name: z.string() }), request.body);
    const fault = tagFault(name);
    if (fault) throw new TagError(fault);
    return reply.status(201).send({ tag: view(request, takeTag(account, name)) });
  });
  app.delete("/tags/:name", async (request, reply) => {
    const gone = requested(request);
    state.tags.splice(state.tags.indexOf(gone), 1);
    for (const { resource } of taggable(account)) resource.tags = resource.tags.filter((tag) => tag !== gone);
    forgetTag(account, gone);
    account.filters.refresh();
    return reply.status(204).send();
  });

  for (const method of ["POST", "DELETE"] as const) {
    app.route({
      method,
      url: "/tags/:name/resources",
      handler: async (request, reply) => {
        const tag = requested(request);
        const holders = parseBody(resources, request.body).resources.map((named) => {
          const holder = taggable(account).find(({ type, id }) => {
            return type === named.resource_type && id === String(named.resource_id);
          });
          if (!holder) throw notFound();
          return holder.resource;
        });
        for (const holder of holders) {
          const others = holder.tags.filter((present) => present !== tag);
          holder.tags = method === "POST" ? [...others, tag] : others;
        }
        account.filters.refresh();
        return reply.status(204).send();
      },
    });
  }
}

/** What is wrong with a tag's name, in the API's words. */
function tagFault(name: string): string | undefined {
  const fault = (reason: string) => `Error validating resource tag: "tag-name "${name}" ${reason}"`;
  if (name === "") return fault("is empty");
  if (name.length > longest) return fault(`is longer than ${longest} characters`);
  return /^[a-zA-Z0-9_\-:]+$/.test(name) ? undefined : fault("contains invalid characters");
}

/** The tag of a name in the capitals of its first use; made when it is new. */
function takeTag({ state }: Account, name: string): string {
  const present = state.tags.find((tag) => tag.toLowerCase() === name.toLowerCase());
  if (present === undefined) state.tags.push(name);
  return present ?? name;
}

/** The tags given with a new resource, old or new. @throws DigitalOceanError for a name that none may have */
export function takeTags(account: Account, names: string[]): string[] {
  const fault = names.map(tagFault).find((found) => found !== undefined);
  if (fault) throw invalid(fault);
  return [...new Set(names.map((name) => takeTag(account, name)))];
}

/** Everything that can carry tags here; of the documented kinds, images, snapshots and databases do not exist. */
function taggable({ state }: Account): { type: string; id: string; resource: { tags: string[] } }[] {
  return [
    ...Object.values(state.droplets).map((resource) => ({ type: "droplet", id: String(resource.id), resource })),
    ...Object.values(state.volumes).map((resource) => ({ type: "volume", id: resource.id, resource })),
  ];
}

function tagView(account: Account, origin: string, name: string) {
  const tagged = taggable(account).filter(({ resource }) => resource.tags.includes(name));
  const statistics = (items: typeof tagged) => {
    const last = items.at(-1);
    return { count: items.length, ...(last ? { last_tagged_uri: `${origin}/v2/${last.type}s/${last.id}` } : {}) };
  };
  const ofType = (wanted: string) => statistics(tagged.filter(({ type }) => type === wanted));
  return {
    name,
    resources: {
      ...statistics(tagged),
      droplets: ofType("droplet"),
      images: ofType("image"),
      volumes: ofType("volume"),
      volume_snapshots: ofType("volume_snapshot"),
      databases: ofType("database"),
    },
  };
}
