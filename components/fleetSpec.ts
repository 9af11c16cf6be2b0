import { z } from "zod";
import { hostProfiles } from "../profiles/host";
import { runtimes } from "../profiles/runtimes";
import { webhooks } from "../profiles/webhooks";
import { adminKeyFaults, cidrFaults } from "./adminAccess";
import { imageFaults } from "./images";
import { checkedText, memory, message, text } from "./schema";
import { didYouMean } from "./suggestions";
import { identityProvidersSchema, tenantSchema } from "./tenantSpec";
import { zoneSchema } from "./zoneSpec";

const image = checkedText("an image by digest: repo@sha256:…", (value) => imageFaults("", value));
const words = z.array(text("a text")).min(1);

/** A server, or a group of equal ones. */
export const serverSchema = z.strictObject({
  count: z
    .int()
    .min(1)
    .max(50)
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
        .array(checkedText("an address range, such as 198.51.100.7/32", (value) => cidrFaults("", value)))
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

const presets = Object.keys(webhooks) as (keyof typeof webhooks)[];

/** A path of an agent that is open to everybody, written out. */
export const routeSchema = z.strictObject({
  preset: z.enum(presets).optional().describe("Service whose facts are taken where nothing else is written."),
  path: text("a path, such as /hooks/x").optional().describe("Path, compared exactly. Default: the preset's."),
  methods: z
    .array(text("a method, such as POST"))
    .min(1)
    .optional()
    .describe("HTTP methods that are let through. Default: the preset's, else POST."),
  contentTypes: z
    .array(text("a media type, such as application/json"))
    .optional()
    .describe("Media types that are let through; an empty list lets any through. Default: the preset's, else JSON."),
  port: z
    .number()
    .optional()
    .describe("TCP port on which the agent answers it. Default: the preset's, else the agent's."),
  secret: text("the name of a secret of the agent")
    .optional()
    .describe("Secret by which the agent tells real requests from forged ones. Default: the preset's."),
});

/** What is open to everybody. */
export const botSchema = z.strictObject({
  hostname: text("a hostname, such as atlas-bot.example.com").describe("Name under which services reach the agent."),
  routes: z
    .array(
      z.union([z.enum(presets).transform((preset) => ({ preset })), routeSchema], {
        error: ({ input }) =>
          typeof input === "string"
            ? message("is not a preset", didYouMean(input, presets, "presets"))
            : message("is not a route", "write the name of a preset, or a path with its secret"),
      }),
    )
    .min(1)
    .describe("The paths that are open: names of presets, and routes written out."),
});

/** One agent. */
export const agentSchema = z.strictObject({
  tenant: text("the name of a tenant").describe("Whose agent it is: the name of a tenant."),
  server: text("the name of a server")
    .optional()
    .describe("Server it runs on. Default: the one with most memory left."),
  runtime: z
    .enum(Object.keys(runtimes) as (keyof typeof runtimes)[])
    .default("generic")
    .describe("What kind of agent it is. Default: generic."),
  image: image.describe("Image by digest, without a tag: repo@sha256:…"),
  operator: text("a hostname, such as atlas.example.com")
    .optional()
    .describe("Name under which its people open it. Default: AGENT-TENANT.ZONE where there is one zone."),
  bot: botSchema
    .optional()
    .describe("A second name, under which services may call it without logging in. Default: none."),
  rotation: text("any word")
    .optional()
    .describe("A change makes new secrets for its tunnels, which stay. Default: empty."),
  memory: memory().describe("Memory limit with its unit, such as 2GiB."),
  cpus: z.number().optional().describe("Processors it may use at most, such as 0.5. Default: as many as are idle."),
  tasksMax: z.number().optional().describe("Most processes and threads at one time. Default: 512."),
  port: z.number().optional().describe("TCP port on which it listens inside. Default: the runtime's."),
  health: words.optional().describe("Command inside that exits with 0 when it is healthy. Default: the runtime's."),
  command: words.optional().describe("Command that its container runs. Default: the runtime's, else the image's."),
  environment: z
    .record(z.string(), text("a text; put quotes around numbers"))
    .default({})
    .describe("Environment, plain values only. Default: the runtime's alone."),
});

/**
 * The document under `creel:fleet`, the one source of its types, checks and reference.
 */
export const fleetSchema = z.strictObject({
  operators: z
    .strictObject({
      keys: z
        .array(checkedText("an SSH public key: ssh-ed25519 AAAA…", (value) => adminKeyFaults("", value)))
        .min(1)
        .describe("SSH public keys that may log in to the servers, in OpenSSH's form."),
    })
    .optional()
    .describe("Who administers the servers. Needed as soon as there is a server."),
  connector: z
    .strictObject({ image: image.describe("Image of cloudflared by digest, without a tag.") })
    .optional()
    .describe("What connects agents to Cloudflare. Needed as soon as there is an agent."),
  zones: z.record(z.string(), zoneSchema).default({}).describe("Cloudflare zones by name."),
  identityProviders: identityProvidersSchema
    .default({})
    .describe("Identity providers of the account that tenants refer to, by name. Default: none."),
  tenants: z.record(z.string(), tenantSchema).default({}).describe("Tenants by name."),
  servers: z.record(z.string(), serverSchema).default({}).describe("Servers by name."),
  agents: z.record(z.string(), agentSchema).default({}).describe("Agents by name."),
});

/** The document as a person writes it. */
export type FleetSpec = z.input<typeof fleetSchema>;

/** The document with every default filled in. */
export type FullFleetSpec = z.output<typeof fleetSchema>;
