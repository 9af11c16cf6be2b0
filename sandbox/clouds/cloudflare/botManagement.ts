import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { success } from "./envelope";
import { CloudflareError, parseBody } from "./errors";
import type { Plan } from "./model";
import { atLeast, notEntitledCode } from "./planLimits";
import { type CloudflareWorld, zoneOf } from "./world";

const handling = z.enum(["allow", "block", "managed_challenge"]);
const flag = z.boolean();

interface Field {
  schema: z.ZodType;
  initial: unknown;
  /** Lowest plan that has it. */
  from: Plan;
  /** Highest plan that has it. Default: all above. */
  to?: Plan;
}

const field = (schema: z.ZodType, initial: unknown, from: Plan = "free", to?: Plan): Field => ({
  schema,
  initial,
  from,
  to,
});

/** Bot settings by plan (waf/feature-interoperability, bots/get-started). */
const fields: Record<string, Field> = {
  enable_js: field(flag, false),
  fight_mode: field(flag, false, "free", "free"),
  ai_bots_protection: field(z.enum(["block", "disabled", "only_on_ad_pages"]), "disabled"),
  crawler_protection: field(z.enum(["enabled", "disabled"]), "disabled"),
  content_bots_protection: field(z.enum(["block", "disabled"]), "disabled"),
  is_robots_txt_managed: field(flag, false),
  cf_robots_variant: field(z.enum(["off", "policy_only"]), "off"),
  sbfm_definitely_automated: field(handling, "allow", "pro", "business"),
  sbfm_verified_bots: field(z.enum(["allow", "block"]), "allow", "pro", "business"),
  sbfm_static_resource_protection: field(flag, false, "pro", "business"),
  optimize_wordpress: field(flag, false, "pro", "business"),
  sbfm_likely_automated: field(handling, "allow", "business", "business"),
  auto_update_model: field(flag, true, "enterprise"),
  suppress_session_score: field(flag, false, "enterprise"),
  bm_cookie_enabled: field(flag, true, "enterprise"),
};

const body = z.object(Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema.nullish()])));

/** The one set of bot settings of a zone: it is never made and never deleted. */
export function registerBotManagement(app: FastifyInstance, world: CloudflareWorld): void {
  app.get("/zones/:zone/bot_management", async (request) => {
    const zone = zoneOf(world, request);
    return success(view(world, zone.id, zone.plan));
  });
  app.put("/zones/:zone/bot_management", async (request) => {
    const zone = zoneOf(world, request);
    const wanted = parseBody(body, request.body, { code: 1004, prefix: "bad request: " }) as Record<string, unknown>;
    const given = Object.entries(wanted).filter(([, value]) => value !== null && value !== undefined);
    const beyond = given.find(([name]) => !isPartOf(fields[name] as Field, zone.plan));
    if (beyond) {
      const message = `not entitled: ${beyond[0]} is not available on the ${zone.plan} plan`;
      throw new CloudflareError(403, notEntitledCode, message, `/${beyond[0]}`);
    }
    world.state.bot_management[zone.id] = { ...world.state.bot_management[zone.id], ...Object.fromEntries(given) };
    return success(view(world, zone.id, zone.plan));
  });
}

function view(world: CloudflareWorld, zone: string, plan: Plan) {
  const initial = Object.entries(fields)
    .filter(([, entry]) => isPartOf(entry, plan))
    .map(([name, entry]) => [name, entry.initial]);
  return { ...Object.fromEntries(initial), ...world.state.bot_management[zone], using_latest_model: true };
}

function isPartOf({ from, to }: Field, plan: Plan): boolean {
  return atLeast(plan, from) && (to === undefined || atLeast(to, plan));
}
