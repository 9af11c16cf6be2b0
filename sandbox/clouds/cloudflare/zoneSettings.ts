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
  /** Values that only the highest plan has. */
  enterprise?: unknown[];
}

const toggle = (initial: "on" | "off", plan?: Plan): Setting => ({ initial, schema: z.enum(["on", "off"]), plan });
const choice = (initial: string, values: string[], plan?: Plan): Setting => ({ initial, schema: z.enum(values), plan });

/** What is not given is off: the answer always has all of it. */
const securityHeader = z.object({
  strict_transport_security: z.object({
    enabled: z.boolean().default(false),
    max_age: z.number().int().min(0).default(0),
    include_subdomains: z.boolean().default(false),
    preload: z.boolean().default(false),
    nosniff: z.boolean().default(false),
  }),
});
const noHsts = { enabled: false, max_age: 0, include_subdomains: false, preload: false, nosniff: false };

/** How long a passed challenge may last, in seconds. */
const challengeTimes = [300, 900, 1800, 2700, 3600, 7200, 10800, 14400, 28800, 57600, 86400, 604800, 2592000, 31536000];

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
  challenge_ttl: { initial: 1800, schema: z.literal(challengeTimes) },
  ciphers: { initial: [], schema: z.array(z.string()), plan: "business" },
  development_mode: toggle("off"),
  early_hints: toggle("off"),
  email_obfuscation: toggle("on"),
  hotlink_protection: toggle("off"),
  http2: toggle("on", "pro"),
  http3: toggle("on"),
  ip_geolocation: toggle("on"),
  ipv6: toggle("on"),
  h2_prioritization: choice("off", ["on", "off", "custom"], "pro"),
  max_upload: { initial: 100, schema: z.number().int().min(100).max(500), plan: "business" },
  min_tls_version: choice("1.0", ["1.0", "1.1", "1.2", "1.3"]),
  opportunistic_encryption: toggle("on"),
  opportunistic_onion: toggle("on"),
  origin_error_page_pass_thru: toggle("off", "enterprise"),
  orange_to_orange: toggle("off", "enterprise"),
  origin_max_http_version: choice("2", ["1", "2"]),
  polish: choice("off", ["off", "lossless", "lossy"], "pro"),
  prefetch_preload: toggle("off", "enterprise"),
  privacy_pass: toggle("on"),
  proxy_read_timeout: { initial: 100, schema: z.number().int().min(1).max(6000), plan: "enterprise" },
  pseudo_ipv4: choice("off", ["off", "add_header", "overwrite_header"]),
  response_buffering: toggle("off", "enterprise"),
  rocket_loader: toggle("off"),
  security_header: { initial: { strict_transport_security: noHsts }, schema: securityHeader },
  security_level: {
    ...choice("medium", ["off", "essentially_off", "low", "medium", "high", "under_attack"]),
    enterprise: ["off"],
  },
  server_side_exclude: toggle("on"),
  sort_query_string_for_cache: toggle("off", "enterprise"),
  ssl: { ...choice("full", ["off", "flexible", "full", "strict", "origin_pull"]), enterprise: ["origin_pull"] },
  tls_1_3: choice("on", ["on", "off", "zrt"]),
  tls_client_auth: toggle("off"),
  true_client_ip_header: toggle("off", "enterprise"),
  waf: toggle("off", "pro"),
  webp: toggle("off", "pro"),
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
    const { schema, plan, enterprise } = settings[name] as Setting;
    const result = schema.safeParse((request.body as { value?: unknown } | undefined)?.value);
    if (!result.success) throw new CloudflareError(400, 1007, `Invalid value for zone setting ${name}`);
    if (plan && !atLeast(zone.plan, plan)) {
      throw new CloudflareError(400, 1015, `Not allowed to edit setting for ${name}: a ${plan} plan is required`);
    }
    if (enterprise?.includes(result.data) && zone.plan !== "enterprise") {
      throw new CloudflareError(
        400,
        1015,
        `Not allowed to set ${name} to ${result.data}: an enterprise plan is required`,
      );
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
