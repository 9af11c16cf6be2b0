import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { sendPage, success, timestamp } from "../envelope";
import { CloudflareError } from "../errors";
import type { CloudflareState, Owner } from "../model";
import { type CloudflareWorld, ownerOf } from "../world";

/** How Access refuses a body: one code for all of it. */
export const accessRefusal = { code: 12130, prefix: "access.api.error.invalid_request: " };

export function invalidRequest(reason: string): CloudflareError {
  return new CloudflareError(400, accessRefusal.code, `${accessRefusal.prefix}${reason}`);
}

/** Something else in the account stands against it. */
export function conflict(reason: string): CloudflareError {
  return new CloudflareError(409, 12132, `access.api.error.conflict: ${reason}`);
}

export function unknown(kind: string): CloudflareError {
  return new CloudflareError(404, 11021, `access.api.error.unknown_${kind}: no such ${kind.replaceAll("_", " ")}`);
}

/** Durations as Go writes them: `300ms`, `2h45m`. */
export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/, "must be a duration such as 30m or 24h");

/** Length of a duration in milliseconds. */
export function milliseconds(text: string): number {
  const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(amount) * (units[unit as string] ?? 0);
  }
  return sum;
}

/** Independent MFA, which the organisation must have switched on first. */
export const mfaConfig = z.object({
  allowed_authenticators: z.array(z.enum(["totp", "biometrics", "security_key"])).nullish(),
  mfa_disabled: z.boolean().nullish(),
  session_duration: duration.nullish(),
});

/** Refuses MFA settings while the organisation has none. */
export function refuseMfaWithoutOrganization(
  world: CloudflareWorld,
  owner: Owner,
  config: z.output<typeof mfaConfig> | null | undefined,
): void {
  if (!config || config.mfa_disabled) return;
  const organization = world.state.organizations[owner];
  const allowed = (organization?.mfa_config as { allowed_authenticators?: string[] } | undefined)
    ?.allowed_authenticators;
  if (!allowed?.length) throw invalidRequest("mfa_config requires MFA to be enabled for the organization");
}

/** Collections of Access objects. */
export type AccessCollection =
  | "access_groups"
  | "access_policies"
  | "access_apps"
  | "access_service_tokens"
  | "access_identity_providers"
  | "access_certificates";

interface Owned {
  id: string;
  owner: Owner;
  name: string;
}

type Item<K extends AccessCollection> = CloudflareState[K][string];

export interface AccessKind<K extends AccessCollection> {
  collection: K;
  /** Last part of the path below `/access/`. */
  path: string;
  /** For error messages: `policy`. */
  singular: string;
  /** Whether zones may have their own, besides accounts. */
  inZones: boolean;
  /** Most there may be for one owner. */
  most: number;
  /** Which of the collection is listed. Default: all. */
  listed?: (item: Item<K>) => boolean;
  view: (item: Item<K>) => object;
  /** Builds the object from a body; `present` is what an update replaces. May answer with more than the view shows. */
  build: (body: unknown, owner: Owner, present: Item<K> | undefined) => { item: Draft<Item<K>>; extra?: object };
  /** Refuses a deletion by throwing. */
  refuseRemoval?: (item: Item<K>) => void;
  /** Called after a deletion. */
  removed?: (item: Item<K>) => void;
}

/** A new or updated object without what the collection itself keeps. */
export type Draft<T> = Omit<T, "id" | "owner" | "created_at" | "updated_at">;

/** Creating, listing, reading, replacing and deleting, which all kinds of Access objects share. */
export function registerAccess<K extends AccessCollection>(
  app: FastifyInstance,
  world: CloudflareWorld,
  kind: AccessKind<K>,
): void {
  const items = world.state[kind.collection] as Record<string, Item<K>>;
  const of = (owner: Owner) =>
    Object.values(items).filter((item) => item.owner === owner && (kind.listed?.(item) ?? true));
  const find = (request: FastifyRequest): Item<K> => {
    const owner = ownerOf(world, request);
    const item = items[(request.params as { id: string }).id];
    if (!item || item.owner !== owner || !(kind.listed?.(item) ?? true)) throw unknown(kind.singular);
    return item;
  };

  for (const parent of kind.inZones ? ["/accounts/:account", "/zones/:zone"] : ["/accounts/:account"]) {
    const base = `${parent}/access/${kind.path}`;
    app.post(base, async (request: FastifyRequest, reply: FastifyReply) => {
      const owner = ownerOf(world, request);
      if (of(owner).length >= kind.most) {
        throw invalidRequest(`maximum number of ${kind.singular.replaceAll("_", " ")}s has been reached`);
      }
      const { item, extra } = kind.build(request.body, owner, undefined);
      const now = timestamp();
      const fixed = { id: randomUUID(), owner, created_at: now, updated_at: now };
      const created = { ...item, ...fixed } as unknown as Item<K>;
      items[fixed.id] = created;
      return reply.status(201).send(success({ ...kind.view(created), ...extra }));
    });
    app.get(base, (request, reply) => {
      const { name, search } = request.query as { name?: string; search?: string };
      const found = of(ownerOf(world, request))
        .filter((item) => name === undefined || (item as Owned).name === name)
        .filter((item) => search === undefined || (item as Owned).name.includes(search));
      return sendPage(request, reply, found.map(kind.view), { default: 25, most: 1000 });
    });
    app.get(`${base}/:id`, async (request) => success(kind.view(find(request))));
    app.put(`${base}/:id`, async (request) => {
      const present = find(request);
      const { item, extra } = kind.build(request.body, present.owner, present);
      Object.assign(present, item, { updated_at: timestamp() });
      return success({ ...kind.view(present), ...extra });
    });
    app.delete(`${base}/:id`, async (request, reply) => {
      const item = find(request);
      kind.refuseRemoval?.(item);
      delete items[item.id];
      kind.removed?.(item);
      return reply.status(202).send(success({ id: item.id }));
    });
  }
}
