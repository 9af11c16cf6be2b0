import { z } from "zod";
import { hostProfiles } from "../profiles/host";
import { runtimes } from "../profiles/runtimes";
import { durationFaults } from "./accessPolicy";
import { adminKeyFaults, cidrFaults } from "./adminAccess";
import { teamFaults } from "./agentTunnel";
import { imageFaults } from "./images";
import { checkedText, memory, text } from "./schema";

const image = checkedText("an image by digest: repo@sha256:…", (value) => imageFaults("", value));
const cloudflareId = text("32 hexadecimal digits, as Cloudflare shows them", /^[0-9a-f]{32}$/);
const words = z.array(text("a text")).min(1);

/** A Cloudflare zone in which agents get their hostnames. */
export const zoneSchema = z.strictObject({
  accountId: cloudflareId.describe("Cloudflare account id: 32 hexadecimal digits. All zones of a fleet have the same."),
  zoneId: cloudflareId.describe("Cloudflare zone id: 32 hexadecimal digits."),
  plan: z.enum(["free", "pro", "business", "enterprise"]).default("free").describe("The zone's plan. Default: free."),
  team: checkedText("the Zero Trust team of the account", (value) => teamFaults("", value)).describe(
    "Zero Trust team of the account: acme for acme.cloudflareaccess.com.",
  ),
});

/** Who may open the agents of one tenant. */
export const tenantSchema = z.strictObject({
  emails: z.array(text("an address")).default([]).describe("Addresses admitted, compared exactly. Default: none."),
  emailDomains: z
    .array(text("a domain"))
    .default([])
    .describe("Domains of your own; everybody with an address there is admitted. Default: none."),
  groups: z
    .array(text("an Access group id"))
    .default([])
    .describe("Ids of Access groups that are admitted. Default: none."),
  require: z
    .strictObject({
      mfa: z.boolean().default(false).describe("Whether a second factor is required at login. Default: no."),
    })
    .default({ mfa: false })
    .describe("What else has to hold. Default: nothing."),
  session: checkedText("hours, such as 8h", (value) => durationFaults("", value))
    .default("8h")
    .describe("How long a login lasts, in hours and minutes. Default: 8 hours."),
});

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
  operator: text("a hostname, such as atlas.example.com").describe("Name under which its people open it."),
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
  tenants: z.record(z.string(), tenantSchema).default({}).describe("Tenants by name."),
  servers: z.record(z.string(), serverSchema).default({}).describe("Servers by name."),
  agents: z.record(z.string(), agentSchema).default({}).describe("Agents by name."),
});

/** The document as a person writes it. */
export type FleetSpec = z.input<typeof fleetSchema>;

/** The document with every default filled in. */
export type FullFleetSpec = z.output<typeof fleetSchema>;
