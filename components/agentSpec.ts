import { z } from "zod";
import { runtimes } from "../profiles/runtimes";
import { webhooks } from "../profiles/webhooks";
import { imageFaults } from "./images";
import { checkedText, memory, message, text } from "./schema";
import { didYouMean } from "./suggestions";

/** An image by digest. */
export const image = checkedText(
  "an image by digest: repo@sha256:…",
  (value) => imageFaults("", value),
  "^[^@\\s]+@sha256:[0-9a-f]{64}$",
);
/** What hostnames look like, for editors; what one may be here depends on the zones. */
const hostnameForm = "^([a-z0-9-]+\\.){2,}[a-z]{2,}$";
const words = z.array(text("a text")).min(1);

const presets = Object.keys(webhooks) as (keyof typeof webhooks)[];

/** A path of an agent that is open to everybody, written out. */
export const routeSchema = z.strictObject({
  preset: z
    .enum(presets)
    .optional()
    .describe("Service whose facts are taken where nothing else is written. Default: none."),
  path: text("a path, such as /hooks/x")
    .meta({ pattern: "^/" })
    .optional()
    .describe("Path, compared exactly. Default: the preset's."),
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
  hostname: text("a hostname, such as atlas-bot.example.com")
    .meta({ pattern: hostnameForm })
    .describe("Name under which services reach the agent."),
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
    .describe("Server it runs on. Default: where it is; a new one goes where most memory is left."),
  runtime: z
    .enum(Object.keys(runtimes) as (keyof typeof runtimes)[])
    .default("generic")
    .describe("What kind of agent it is. Default: generic."),
  image: image.describe("Image by digest, without a tag: repo@sha256:…"),
  operator: text("a hostname, such as atlas.example.com")
    .meta({ pattern: hostnameForm })
    .optional()
    .describe("Name under which its people open it. Default: AGENT-TENANT.ZONE where there is one zone."),
  bot: botSchema
    .optional()
    .describe("A second name, under which services may call it without logging in. Default: none."),
  rotation: text("any word")
    .optional()
    .describe("A change makes new secrets for its tunnels, which stay. Default: empty."),
  memory: memory().describe("Memory limit with its unit, such as 2GiB; at least 32MiB, for openclaw 2GiB."),
  cpus: z.number().optional().describe("Processors it may use at most, such as 0.5. Default: as many as are idle."),
  tasksMax: z.number().optional().describe("Most processes and threads at one time, from 16 to 32768. Default: 512."),
  port: z.number().optional().describe("TCP port on which it listens inside. Default: the runtime's."),
  health: words.optional().describe("Command inside that exits with 0 when it is healthy. Default: the runtime's."),
  command: words.optional().describe("Command that its container runs. Default: the runtime's, else the image's."),
  environment: z
    .record(z.string(), text("a text; put quotes around numbers"))
    .default({})
    .describe("Environment, plain values only. Default: the runtime's alone."),
});
