import type { Zone } from "../../clouds/cloudflare/model";
import type { CloudflareWorld } from "../../clouds/cloudflare/world";
import { zoneSetting } from "../../clouds/cloudflare/zoneSettings";
import type { EdgeRequest } from "../request";

/** What bot protection does with a request, and why. */
export interface BotVerdict {
  action: "block" | "challenge" | "ban";
  reason: string;
}

/**
 * Bot Fight Mode, which no rule can skip. Cloudflare judges by its models; here whatever does not present itself as a
 * browser counts as a bot, which is what matters to webhooks and API clients.
 */
export function botFightMode(world: CloudflareWorld, zone: Zone, request: EdgeRequest): BotVerdict | undefined {
  if (settingOf(world, zone, "fight_mode") !== true || isBrowser(request)) return undefined;
  return { action: "challenge", reason: "Bot Fight Mode: the client is no browser" };
}

/** Super Bot Fight Mode: the phase http_request_sbfm. Only "definitely automated" is told apart here. */
export function superBotFightMode(world: CloudflareWorld, zone: Zone, request: EdgeRequest): BotVerdict | undefined {
  const handling = settingOf(world, zone, "sbfm_definitely_automated") ?? "allow";
  if (handling === "allow" || isBrowser(request)) return undefined;
  const action = handling === "block" ? "block" : "challenge";
  return { action, reason: "http_request_sbfm: definitely automated, the client is no browser" };
}

/** Browser Integrity Check, as far as it is documented: a client without a user agent is refused. */
export function browserIntegrityCheck(
  world: CloudflareWorld,
  zone: Zone,
  request: EdgeRequest,
): BotVerdict | undefined {
  if (zoneSetting(world, zone, "browser_check") !== "on" || userAgent(request) !== "") return undefined;
  return { action: "ban", reason: "Browser Integrity Check: no user agent" };
}

/** "I'm Under Attack": every visitor meets a challenge (fundamentals/reference/under-attack-mode). */
export function underAttackMode(world: CloudflareWorld, zone: Zone): BotVerdict | undefined {
  if (zoneSetting(world, zone, "security_level") !== "under_attack") return undefined;
  return { action: "challenge", reason: "Security Level: under attack, every visitor is challenged" };
}

function settingOf(world: CloudflareWorld, zone: Zone, name: string): unknown {
  return world.state.bot_management[zone.id]?.[name];
}

function userAgent(request: EdgeRequest): string {
  return request.headers.find(([name]) => name === "user-agent")?.[1].trim() ?? "";
}

function isBrowser(request: EdgeRequest): boolean {
  const agent = userAgent(request);
  return /^Mozilla\/5\.0 \(/.test(agent) && !/bot|crawl|spider|headless|compatible;/i.test(agent);
}
