import { z } from "zod";
import { hostProfiles } from "../profiles/host";
import { adminKeyFaults, cidrFaults } from "./adminAccess";
import { longestName, namePattern } from "./agentNames";
import { agentSchema, image } from "./agentSpec";
import { checkedText, memory, message, text } from "./schema";
import { identityProviderSchema, tenantSchema } from "./tenantSpec";
import { zoneSchema } from "./zoneSpec";

/**
 * Most servers in one stack, so that what one deployment can break stays small, and quick: above it the fleet is split.
 * An estimate of ours; some 60 resources for each server with its agents make about 700.
 */
export const mostServers = 12;

/** A server, or a group of equal ones. */
export const serverSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(mostServers, {
      error: message("is more than one stack holds", `write ${mostServers} or less, and the others into another stack`),
    })
    .optional()
    .describe("How many equal servers; NAME becomes NAME-1, NAME-2 and so on. Default: one, called NAME."),
  provider: z.enum(["hcloud"]).default("hcloud").describe("Whose server it is. Default: Hetzner Cloud (hcloud)."),
  location: text("a location, such as fsn1").describe("Where it stands, such as fsn1."),
  size: text("a server type, such as cx33").describe("The provider's name of its size, such as cx33."),
  memory: memory().optional().describe("Its memory, for a size that Creel does not know. Default: the size's."),
  image: text("an image, such as debian-12")
    .default("debian-12")
    .describe("Operating system it is made from. A change waits for the next rebuild. Default: debian-12."),
  profile: z
    .enum(Object.keys(hostProfiles))
    .default("production")
    .describe("How it is hardened: a host profile. Default: production."),
  ssh: z
    .strictObject({
      cidrs: z
        .array(
          checkedText(
            "an address range, such as 198.51.100.7/32",
            (value) => cidrFaults("", value),
            "^[0-9a-fA-F.:]+/\\d{1,3}$",
          ),
        )
        .min(1)
        .describe("Address ranges from which SSH is open."),
      allowOpen: z
        .boolean()
        .default(false)
        .describe("Whether a range may be wider than /8, or /16 of IPv6. Default: no."),
    })
    .describe("From where it is reached for administration."),
  rebuild: text("any word")
    .optional()
    .describe("A change makes a new server and moves the agents there, without their state. Default: empty."),
});

/** Entries by names that servers, containers and resources can have. */
const named = <T extends z.ZodType>(entry: T) =>
  z.record(z.string(), entry).meta({ propertyNames: { pattern: namePattern.source, maxLength: longestName } });

/** What an entry may leave out because it is the same for all. The names that an agent is known by are its own. */
export const defaultSchemas = {
  server: serverSchema.partial(),
  agent: agentSchema.omit({ operator: true, bot: true }).partial(),
};

const defaultsSchema = z.strictObject({
  server: defaultSchemas.server.optional().describe("Settings of every server that does not have them. Default: none."),
  agent: defaultSchemas.agent
    .optional()
    .describe("Settings of every agent that does not have them; environment is added to its own. Default: none."),
});

/**
 * The document under `creel:fleet` with what {@link withDefaults} adds, the one source of its types, checks, JSON Schema
 * and reference.
 */
export const fleetSchema = z.strictObject({
  operators: z
    .strictObject({
      keys: z
        .array(
          checkedText(
            "an SSH public key: ssh-ed25519 AAAA…",
            (value) => adminKeyFaults("", value),
            "^(ssh|ecdsa|sk)-\\S+ AAAA\\S+",
          ),
        )
        .min(1)
        .describe("SSH public keys that may log in to the servers, in OpenSSH's form."),
    })
    .optional()
    .describe("Who administers the servers. Needed as soon as there is a server."),
  connector: z
    .strictObject({ image: image.describe("Image of cloudflared by digest, without a tag.") })
    .optional()
    .describe("What connects agents to Cloudflare. Needed as soon as there is an agent."),
  defaults: defaultsSchema.optional().describe("What entries have in common, written once. Default: nothing."),
  zones: z
    .record(z.string(), zoneSchema)
    .meta({ propertyNames: { pattern: "^([a-z0-9-]+\\.)+[a-z]{2,}$" } })
    .default({})
    .describe("Cloudflare zones by name. Default: none."),
  identityProviders: named(identityProviderSchema)
    .default({})
    .describe("Identity providers of the account that tenants refer to, by name. Default: none."),
  tenants: named(tenantSchema).default({}).describe("Tenants by name. Default: none."),
  servers: named(serverSchema)
    .default({})
    .describe(`Servers by name, at most ${mostServers} with the members of groups. Default: none.`),
  agents: named(agentSchema).default({}).describe("Agents by name. Default: none."),
});

type WholeSpec = z.input<typeof fleetSchema>;

/** The document as a person writes it: with defaults, entries need not be complete. */
export type FleetSpec =
  | (Omit<WholeSpec, "defaults"> & { defaults?: undefined })
  | (Omit<WholeSpec, "servers" | "agents"> & {
      servers?: Record<string, Partial<NonNullable<WholeSpec["servers"]>[string]>>;
      agents?: Record<string, Partial<NonNullable<WholeSpec["agents"]>[string]>>;
    });

/** The document with every default filled in. */
export type FullFleetSpec = z.output<typeof fleetSchema>;
