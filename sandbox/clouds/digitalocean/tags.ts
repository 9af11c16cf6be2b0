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
    for (const holder of taggable(account)) holder.tags = holder.tags.filter((tag) => tag !== gone);
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
        const holders = parseBody(resources, request.body).resources.map(({ resource_id, resource_type }) => {
          const holder = resource_type === "droplet" ? state.droplets[Number(resource_id)] : undefined;
          if (!holder) throw notFound();
          return holder;
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

function taggable({ state }: Account): { tags: string[] }[] {
  return Object.values(state.droplets);
}

function tagView({ state }: Account, origin: string, name: string) {
  const last = Object.values(state.droplets).filter((droplet) => droplet.tags.includes(name));
  const uri = last.length > 0 ? { last_tagged_uri: `${origin}/v2/droplets/${last.at(-1)?.id}` } : {};
  const none = { count: 0 };
  return {
    name,
    resources: {
      count: last.length,
      ...uri,
      droplets: { count: last.length, ...uri },
      images: none,
      volumes: none,
      volume_snapshots: none,
      databases: none,
    },
  };
}
