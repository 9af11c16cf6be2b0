import type { Zone } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import type { EdgeRequest, Ruling } from "../request";
import { inspectedBody, seenBody } from "./body";
import { botFightMode, browserIntegrityCheck, superBotFightMode, underAttackMode } from "./bots";
import { factsOf } from "./facts";
import { RateLimits } from "./rateLimits";
import { rulesOf, Walk } from "./walk";

const custom = "http_request_firewall_custom";
const rateLimit = "http_ratelimit";
const managed = "http_request_firewall_managed";
const superBots = "http_request_sbfm";

/** Cloudflare's web application firewall: what it makes of a request before anything behind it sees it. */
export interface Waf {
  /** Requests of no zone pass. */
  rule(request: EdgeRequest): Promise<Ruling>;
}

export interface WafOptions {
  world: CloudflareWorld;
  /** Milliseconds since 1970. Default: the computer's clock. */
  now?: () => number;
}

/**
 * The firewall of all zones, ruled by what was set through the API at that moment.
 *
 * Phases run in the documented order (waf/feature-interoperability): custom rules, rate limits, managed rules, Super Bot
 * Fight Mode. Bot Fight Mode, Browser Integrity Check and Security Level stand outside of the phases: here they come after
 * the custom rules, which can skip all but the first.
 */
export function createWaf({ world, now = Date.now }: WafOptions): Waf {
  const limits = new RateLimits();
  return {
    async rule(request) {
      const { zone } = request;
      if (!zone) return { pass: true, steps: [] };
      const time = now();
      const body = usesBody(world, zone) ? await seenBody(request) : undefined;
      const walk = new Walk({ world, zone, request, facts: factsOf(request, body, time), limits, now: time });
      walk.custom(custom);
      walk.bots(botFightMode(world, zone, request));
      if (!walk.skips.hasProduct("bic")) walk.bots(browserIntegrityCheck(world, zone, request));
      if (!walk.skips.hasProduct("securityLevel")) walk.bots(underAttackMode(world, zone));
      walk.limit(rateLimit);
      if (rulesOf(world, zone, managed).length > 0 && !walk.response) {
        walk.managed(managed, await inspectedBody(request));
      }
      if (!walk.skips.hasPhase(superBots)) walk.bots(superBotFightMode(world, zone, request));
      if (walk.response) return { pass: false, steps: walk.steps, response: walk.response };
      return { pass: true, steps: [...walk.steps, { by: "waf", verdict: "pass", reason: "no rule stops it" }] };
    },
  };
}

/** Whether rules use fields of the body, which has to be read as a whole for them. */
function usesBody(world: CloudflareWorld, zone: Zone): boolean {
  return [custom, rateLimit, managed].some((phase) =>
    rulesOf(world, zone, phase).some(({ expression, ratelimit }) =>
      `${expression} ${JSON.stringify(ratelimit ?? {})}`.includes("http.request.body."),
    ),
  );
}
