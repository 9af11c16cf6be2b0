import { z } from "zod";
import { teamFaults } from "./agentTunnel";
import type { Fault } from "./faults";
import { checkedText, message, text } from "./schema";
import { ZonePlan } from "./zonePlans";

const idForm = "32 hexadecimal digits, as Cloudflare shows them";
const cloudflareId = text(idForm, /^[0-9a-f]{32}$/)
  .refine((id) => !/^0+$/.test(id), { error: message("is a placeholder", `write ${idForm}`) })
  .meta({ title: idForm });

// YAML reads an unquoted 1.2 as a number.
const tlsVersion = z
  .union([z.enum(["1.2", "1.3"]), z.literal(1.2), z.literal(1.3)], {
    error: message("is not a TLS version that is still safe", "write 1.2 or 1.3"),
  })
  .meta({ title: "1.2 or 1.3" })
  .transform((version) => String(version) as "1.2" | "1.3");

/** How often one address may call. */
export const rateLimitSchema = z.strictObject({
  requests: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("Requests that one address may make within a period at one of Cloudflare's places. Default: 200."),
  period: z
    .int()
    .optional()
    .describe(
      "Period in which they are counted, in seconds: 10; from pro on 60; from business on 120, 300, 600. Default: 10.",
    ),
  block: z
    .int()
    .optional()
    .describe(
      "How long an address above it is refused, in seconds: 10; from pro on up to 3600; from business on 86400. Default: 10.",
    ),
});

/** What connections to the zone have to be like. */
const tlsSchema = z.strictObject({
  minVersion: tlsVersion.optional().describe("Oldest TLS version that is accepted. Default: 1.2."),
  hsts: z
    .strictObject({
      days: z
        .int()
        .min(0)
        .max(730)
        .optional()
        .describe("How long browsers insist on HTTPS after a visit, in days; 0 switches it off. Default: 180."),
      includeSubdomains: z
        .boolean()
        .optional()
        .describe("Whether they insist on it for every name below as well, whoever serves it. Default: no."),
    })
    .optional()
    .describe("What browsers are told with every answer (HSTS). Default: to insist on HTTPS for 180 days."),
});

/** What Cloudflare does about automated clients. */
const botsSchema = z.strictObject({
  fightMode: z
    .boolean()
    .optional()
    .describe(
      "Bot Fight Mode of the free plan, which also challenges webhooks. Refused with a bot hostname. Default: no.",
    ),
});

/** A Cloudflare zone in which agents get their hostnames. */
export const zoneSchema = z.strictObject({
  accountId: cloudflareId.describe("Cloudflare account id: 32 hexadecimal digits. All zones of a fleet have the same."),
  zoneId: cloudflareId.describe("Cloudflare zone id: 32 hexadecimal digits."),
  plan: z.enum(ZonePlan).default("free").describe("The zone's plan. Default: free."),
  team: checkedText("the Zero Trust team of the account", (value) => teamFaults("", value), "^[a-z0-9-]+$").describe(
    "Zero Trust team of the account: acme for acme.cloudflareaccess.com.",
  ),
  certificates: z
    .enum(["universal", "advanced"])
    .default("universal")
    .describe(
      "Which names it has certificates for: one label below it, or (advanced) any that were ordered. Default: universal.",
    ),
  rules: z
    .enum(["fleet", "elsewhere"])
    .default("fleet")
    .describe("Who makes the zone's rules: this fleet, or a stack that several fleets share. Default: fleet."),
  rateLimit: rateLimitSchema
    .optional()
    .describe("How often one address may call the paths of bot hostnames. Default: 200 times in 10 seconds."),
  managedRules: z
    .boolean()
    .optional()
    .describe("Whether Cloudflare's own rules run, for every name but those of operators. Default: yes."),
  tls: tlsSchema
    .optional()
    .describe("What connections to the zone have to be like. Default: TLS 1.2 or later, and HSTS for 180 days."),
  bots: botsSchema.optional().describe("What Cloudflare does about automated clients. Default: it lets them through."),
});

/** What a fleet says of its zone's rules. */
export type ZoneRules = Pick<z.output<typeof zoneSchema>, "rateLimit" | "managedRules" | "tls" | "bots">;

/** Settings that a zone has no use for, because another stack makes its rules. */
export function elsewhereFaults(path: string, zone: { rules?: "fleet" | "elsewhere" } & ZoneRules): Fault[] {
  if (zone.rules !== "elsewhere") return [];
  const settings = ["rateLimit", "managedRules", "tls", "bots"] as const;
  return settings
    .filter((setting) => zone[setting] !== undefined)
    .map((setting) => ({
      path: `${path}.${setting}`,
      reason: "has no effect: the rules of this zone are made elsewhere",
      remedy: "move it into the stack that makes them, or remove rules: elsewhere",
    }));
}
