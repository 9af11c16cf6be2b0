import type { FastifyInstance } from "fastify";
import { DigitalOceanError } from "./errors";

/** "5,000 requests per hour" and "250 requests per minute (5% of the hourly total)". */
export const defaultRequestsPerHour = 5000;
const burstShare = 0.05;
const minute = 60_000;
const hour = 60 * minute;

/**
 * Counts requests of the last hour and minute, and refuses what goes beyond either. Only the limit of the minute says when
 * to come back.
 */
export function registerRateLimit(app: FastifyInstance, limit: number, now: () => number = Date.now): void {
  const burst = Math.max(1, Math.floor(limit * burstShare));
  let times: number[] = [];
  app.addHook("onRequest", async (_request, reply) => {
    const time = now();
    times = times.filter((past) => past > time - hour);
    const recent = times.filter((past) => past > time - minute);
    const refused = times.length >= limit ? "hour" : recent.length >= burst ? "minute" : undefined;
    if (refused === undefined) times.push(time);
    reply.headers({
      "ratelimit-limit": String(limit),
      "ratelimit-remaining": String(limit - times.length),
      "ratelimit-reset": String(Math.ceil(((times[0] ?? time) + hour) / 1000)),
    });
    if (refused === undefined) return;
    const wait: Record<string, string> =
      refused === "minute" ? { "retry-after": String(Math.ceil((recent[0]! + minute - time) / 1000)) } : {};
    throw new DigitalOceanError("too_many_requests", "API rate limit exceeded.", wait);
  });
}
