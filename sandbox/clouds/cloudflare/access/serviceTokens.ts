import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { hexId, success, timestamp } from "../envelope";
import { parseBody } from "../errors";
import type { ServiceToken } from "../model";
import { type CloudflareWorld, ownerOf } from "../world";
import { accessRefusal, duration, invalidRequest, milliseconds, registerAccess, unknown } from "./common";

const expiryTime = z.iso.datetime({ offset: true }).nullish();
const fields = z.object({
  name: z.string().min(1),
  duration: z.union([duration, z.literal("forever")]).nullish(),
  enabled: z.boolean().nullish(),
  client_secret_version: z.number().int().min(1).nullish(),
  previous_client_secret_expires_at: expiryTime,
});
const change = fields.extend({ name: fields.shape.name.optional() });

/** Service tokens of an account, https://developers.cloudflare.com/cloudflare-one/account-limits/. */
const most = 50;
/** One year. */
const defaultDuration = "8760h";
const secretBytes = 32;

export function registerServiceTokens(app: FastifyInstance, world: CloudflareWorld): void {
  registerAccess(app, world, {
    collection: "access_service_tokens",
    path: "service_tokens",
    singular: "service_token",
    inZones: true,
    most,
    view: serviceTokenView,
    build: (given, _owner, present) => {
      if (present) return changed(present, parseBody(change, given, accessRefusal));
      const wanted = parseBody(fields, given, accessRefusal);
      const secret = hexId(secretBytes);
      const lasts = wanted.duration ?? defaultDuration;
      const item = {
        name: wanted.name,
        client_id: `${hexId()}.access`,
        secret_digest: digest(secret),
        client_secret_version: wanted.client_secret_version ?? 1,
        previous_secret: null,
        duration: lasts,
        enabled: wanted.enabled ?? true,
        expires_at: expiry(lasts),
      };
      return { item, extra: { client_secret: secret } };
    },
  });

  const token = (request: FastifyRequest): ServiceToken => {
    const found = world.state.access_service_tokens[(request.params as { id: string }).id];
    if (!found || found.owner !== ownerOf(world, request)) throw unknown("service_token");
    return found;
  };
  app.post("/accounts/:account/access/service_tokens/:id/rotate", async (request) => {
    const present = token(request);
    const shape = z.object({ previous_client_secret_expires_at: expiryTime });
    const wanted = parseBody(shape, request.body, accessRefusal);
    const client_secret = rotate(present, wanted.previous_client_secret_expires_at ?? null);
    return success({ ...serviceTokenView(present), client_secret });
  });
  app.post("/accounts/:account/access/service_tokens/:id/refresh", async (request) => {
    const present = token(request);
    present.expires_at = expiry(present.duration);
    return success(serviceTokenView(present));
  });
}

/** Whether a pair of headers belongs to a token that may be used now. Takes as long for every wrong secret. */
export function isValidSecret(token: ServiceToken, secret: string, now = Date.now()): boolean {
  if (!token.enabled || (token.expires_at !== null && Date.parse(token.expires_at) <= now)) return false;
  const given = Buffer.from(digest(secret));
  const equals = (other: string) => timingSafeEqual(given, Buffer.from(other));
  const current = equals(token.secret_digest);
  const previous = token.previous_secret;
  const before = previous !== null && equals(previous.digest) && Date.parse(previous.expires_at) > now;
  return current || before;
}

function changed(present: ServiceToken, wanted: z.output<typeof change>) {
  const version = wanted.client_secret_version ?? present.client_secret_version;
  if (version < present.client_secret_version) {
    throw invalidRequest("client_secret_version must not be lower than the current one");
  }
  const item = {
    ...present,
    name: wanted.name ?? present.name,
    duration: wanted.duration ?? present.duration,
    enabled: wanted.enabled ?? present.enabled,
  };
  if (item.duration !== present.duration) item.expires_at = expiry(item.duration);
  const until = wanted.previous_client_secret_expires_at;
  if (version === present.client_secret_version) {
    if (until && item.previous_secret) item.previous_secret = { ...item.previous_secret, expires_at: until };
    return { item };
  }
  const client_secret = rotate(item, until ?? null);
  item.client_secret_version = version;
  return { item, extra: { client_secret } };
}

/** Gives a token a new secret; the old one counts until the given time, or at once no more. */
function rotate(token: ServiceToken, previousUntil: string | null): string {
  const secret = hexId(secretBytes);
  token.previous_secret = previousUntil ? { digest: token.secret_digest, expires_at: previousUntil } : null;
  token.secret_digest = digest(secret);
  token.updated_at = timestamp();
  return secret;
}

function expiry(lasts: string): string | null {
  return lasts === "forever" ? null : new Date(Date.now() + milliseconds(lasts)).toISOString();
}

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function serviceTokenView({ owner: _, secret_digest: __, previous_secret: ___, ...token }: ServiceToken) {
  return { ...token, last_seen_at: null };
}
