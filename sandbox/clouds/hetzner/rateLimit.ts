import type { FastifyInstance } from "fastify";
import { HetznerError } from "./errors";

/** "The default limit is 3600 requests per hour and per Project", the remainder growing gradually. */
export const defaultRequestsPerHour = 3600;

/** Counts requests, says in each answer how many remain, and refuses what goes beyond. */
export function registerRateLimit(app: FastifyInstance, limit: number, now: () => number = Date.now): void {
  const perMillisecond = limit / 3_600_000;
  let remaining = limit;
  let last = now();
  app.addHook("onRequest", async (_request, reply) => {
    const time = now();
    remaining = Math.min(limit, remaining + (time - last) * perMillisecond);
    last = time;
    const refused = remaining < 1;
    if (!refused) remaining -= 1;
    reply.headers({
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(Math.floor(remaining)),
      "ratelimit-reset": String(Math.ceil((time + (limit - remaining) / perMillisecond) / 1000)),
    });
    if (refused) throw new HetznerError("rate_limit_exceeded", "limit of requests per hour reached");
  });
}
