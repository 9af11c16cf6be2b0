import { z } from "zod";
import { adminKeyFaults } from "./adminAccess";
import { longestName, namePattern } from "./agentNames";
import { agentSchema, image } from "./agentSpec";
import { networkSchema } from "./networkSpec";
import { checkedText } from "./schema";
import { mostServers, serverSchema } from "./serverSpec";
import { identityProviderSchema, tenantSchema } from "./tenantSpec";
import { zoneSchema } from "./zoneSpec";

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
  networks: named(networkSchema).default({}).describe("Private networks of servers, by name. Default: none."),
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
