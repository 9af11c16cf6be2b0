import type { FastifyInstance } from "fastify";
import { DigitalOceanError } from "./errors";

/** "5,000 requests per hour" and "250 requests per minute (5% of the hourly total)". */
export const defaultRequestsPerHour = 5000;
const burstShare = 0.05;

/** "Only 10 GET requests to the /v2/account/keys endpoint to list SSH keys can be made per 60 seconds." */
const keyListsPerMinute = 10;

const minute = 60_000;
const hour = 60 * minute;

/**
 * Counts requests of the last hour and minute, and refuses what goes beyond either. Only the limits of a minute say when
 * to come back.
 */
export function registerRateLimit(app: FastifyInstance, limit: number, now: () => number = Date.now): void {
  const burst = Math.max(1, Math.floor(limit * burstShare));
  let times: number[] = [];
  let keyLists: number[] = [];
  app.addHook("onRequest", async (request, reply) => {
    const time = now();
    times = times.filter((past) => past > time - hour);
    keyLists = keyLists.filter((past) => past > time - minute);
    const recent = times.filter((past) => past > time - minute);
    const listsKeys = request.method === "GET" && request.routeOptions.url === "/v2/account/keys";
    const full = [
      ...(recent.length >= burst ? [recent[0]!] : []),
      ...(listsKeys && keyLists.length >= keyListsPerMinute ? [keyLists[0]!] : []),
    ];
    const refused = times.length >= limit || full.length > 0;
    if (!refused) times.push(time);
    if (!refused && listsKeys) keyLists.push(time);
    reply.headers({
      "ratelimit-limit": String(limit),
      // None is left when the limit of the minute is reached, even if the hour has some.
      "ratelimit-remaining": String(refused ? 0 : limit - times.length),
      "ratelimit-reset": String(Math.ceil(((times[0] ?? time) + hour) / 1000)),
    });
    if (!refused) return;
    const wait = Math.ceil((Math.max(...full) + minute - time) / 1000);
    const more: Record<string, string> = full.length > 0 ? { "retry-after": String(wait) } : {};
    throw new DigitalOceanError("too_many_requests", "API rate limit exceeded.", more);
  });
}
