import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { success, timestamp } from "./envelope";
import { CloudflareError } from "./errors";
import type { Plan, Zone } from "./model";
import { atLeast } from "./planLimits";
import { type CloudflareWorld, zoneOf } from "./world";

interface Setting {
  initial: unknown;
  schema: z.ZodType;
  /** Lowest plan that may change it. Default: every plan. */
  plan?: Plan;
}

const toggle = (initial: "on" | "off", plan?: Plan): Setting => ({ initial, schema: z.enum(["on", "off"]), plan });
const choice = (initial: string, values: string[], plan?: Plan): Setting => ({ initial, schema: z.enum(values), plan });

const securityHeader = z.object({
  strict_transport_security: z.object({
    enabled: z.boolean().optional(),
    max_age: z.number().int().min(0).optional(),
    include_subdomains: z.boolean().optional(),
    preload: z.boolean().optional(),
    nosniff: z.boolean().optional(),
  }),
});
const noHsts = { enabled: false, max_age: 0, include_subdomains: false, preload: false, nosniff: false };

/** Settings of https://developers.cloudflare.com/api/resources/zones/subresources/settings/ with their first value. */
const settings: Record<string, Setting> = {
  "0rtt": toggle("off"),
  always_online: toggle("off"),
  always_use_https: toggle("off"),
  automatic_https_rewrites: toggle("on"),
  brotli: toggle("on"),
  browser_cache_ttl: { initial: 14400, schema: z.number().int().min(0) },
  browser_check: toggle("on"),
  cache_level: choice("aggressive", ["aggressive", "basic", "simplified"]),
  challenge_ttl: { initial: 1800, schema: z.number().int().min(300).max(31_536_000) },
  ciphers: { initial: [], schema: z.array(z.string()), plan: "business" },
  development_mode: toggle("off"),
  early_hints: toggle("off"),
  email_obfuscation: toggle("on"),
  hotlink_protection: toggle("off"),
  http2: toggle("on", "pro"),
  http3: toggle("on"),
  ip_geolocation: toggle("on"),
  ipv6: toggle("on"),
  max_upload: { initial: 100, schema: z.number().int().min(100).max(500), plan: "business" },
  min_tls_version: choice("1.0", ["1.0", "1.1", "1.2", "1.3"]),
  opportunistic_encryption: toggle("on"),
  opportunistic_onion: toggle("on"),
  origin_error_page_pass_thru: toggle("off", "enterprise"),
  polish: choice("off", ["off", "lossless", "lossy"], "pro"),
  privacy_pass: toggle("on"),
  pseudo_ipv4: choice("off", ["off", "add_header", "overwrite_header"]),
  response_buffering: toggle("off", "enterprise"),
  rocket_loader: toggle("off"),
  security_header: { initial: { strict_transport_security: noHsts }, schema: securityHeader },
  security_level: choice("medium", ["off", "essentially_off", "low", "medium", "high", "under_attack"]),
  server_side_exclude: toggle("on"),
  sort_query_string_for_cache: toggle("off", "enterprise"),
  ssl: choice("full", ["off", "flexible", "full", "strict", "origin_pull"]),
  tls_1_3: choice("on", ["on", "off", "zrt"]),
  tls_client_auth: toggle("off"),
  true_client_ip_header: toggle("off", "enterprise"),
  waf: toggle("off", "pro"),
  websockets: toggle("on"),
};

export function registerZoneSettings(app: FastifyInstance, world: CloudflareWorld): void {
  const base = "/zones/:zone/settings";
  app.get(base, async (request) => {
    const zone = zoneOf(world, request);
    return success(Object.keys(settings).map((name) => settingView(world, zone, name)));
  });
  app.get(`${base}/:setting`, async (request) => success(settingView(world, ...requested(world, request))));
  app.patch(`${base}/:setting`, async (request) => {
    const [zone, name] = requested(world, request);
    const { schema, plan } = settings[name] as Setting;
    const result = schema.safeParse((request.body as { value?: unknown } | undefined)?.value);
    if (!result.success) throw new CloudflareError(400, 1007, `Invalid value for zone setting ${name}`);
    if (plan && !atLeast(zone.plan, plan)) {
      throw new CloudflareError(400, 1015, `Not allowed to edit setting for ${name}: a ${plan} plan is required`);
    }
    world.state.zone_settings[zone.id] ??= {};
    const ofZone = world.state.zone_settings[zone.id] as Record<string, { value: unknown; modified_on: string }>;
    ofZone[name] = { value: result.data, modified_on: timestamp() };
    return success(settingView(world, zone, name));
  });
}

function requested(world: CloudflareWorld, request: FastifyRequest): [Zone, string] {
  const zone = zoneOf(world, request);
  const { setting } = request.params as { setting: string };
  if (!Object.hasOwn(settings, setting)) throw new CloudflareError(400, 1006, "Unrecognized zone setting name");
  return [zone, setting];
}

/** What a setting of a zone is: as last set, or its first value; undefined when there is no such setting. */
export function zoneSetting(world: CloudflareWorld, zone: Zone, name: string): unknown {
  const present = world.state.zone_settings[zone.id]?.[name];
  return present ? present.value : settings[name]?.initial;
}

function settingView(world: CloudflareWorld, zone: Zone, name: string) {
  const { plan } = settings[name] as Setting;
  const present = world.state.zone_settings[zone.id]?.[name];
  return {
    id: name,
    value: zoneSetting(world, zone, name),
    editable: !plan || atLeast(zone.plan, plan),
    modified_on: present?.modified_on ?? null,
  };
}
