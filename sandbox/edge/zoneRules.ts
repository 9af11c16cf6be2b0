import type { Plan, Zone } from "../clouds/cloudflare/model";
import type { CloudflareWorld } from "../clouds/cloudflare/world";
import { zoneSetting } from "../clouds/cloudflare/zoneSettings";

/** What a zone's settings tell the edge, read anew for every request. */
export interface ZoneRules {
  alwaysUseHttps: boolean;
  websockets: boolean;
  /** Lowest version of TLS, as Node names it. */
  lowestTls: string;
  /** Fields that `security_header` adds to answers over HTTPS. */
  security: { transport: string; nosniff: boolean } | undefined;
  /** Largest request body, in bytes. */
  largestBody: number;
}

/** Megabytes, https://developers.cloudflare.com/support/troubleshooting/http-status-codes/4xx-client-error/error-413/. */
const largestUpload: Record<Plan, number> = { free: 100, pro: 100, business: 200, enterprise: 500 };

interface SecurityHeader {
  strict_transport_security: {
    enabled?: boolean;
    max_age?: number;
    include_subdomains?: boolean;
    preload?: boolean;
    nosniff?: boolean;
  };
}

export function zoneRules(world: CloudflareWorld, zone: Zone): ZoneRules {
  const setting = (name: string) => zoneSetting(world, zone, name);
  const changed = world.state.zone_settings[zone.id]?.max_upload?.value;
  const hsts = (setting("security_header") as SecurityHeader).strict_transport_security;
  const transport = [
    `max-age=${hsts.max_age ?? 0}`,
    ...(hsts.include_subdomains ? ["includeSubDomains"] : []),
    ...(hsts.preload ? ["preload"] : []),
  ].join("; ");
  const lowest = String(setting("min_tls_version"));
  return {
    alwaysUseHttps: setting("always_use_https") === "on",
    websockets: setting("websockets") === "on",
    lowestTls: lowest === "1.0" ? "TLSv1" : `TLSv${lowest}`,
    security: hsts.enabled ? { transport, nosniff: hsts.nosniff === true } : undefined,
    largestBody: (typeof changed === "number" ? changed : largestUpload[zone.plan]) * 1024 * 1024,
  };
}
