import { z } from "zod";
import { fleetSchema } from "../../components/fleetSpec";
import { isRecord } from "../../components/schema";
import { zoneStackSchema } from "../zone/zoneConfig";

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  title?: string;
  description?: string;
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  [keyword: string]: unknown;
}

/** The sections whose entries may have settings from `defaults`, with the kind of default. */
const withDefaults = { servers: "server", agents: "agent" } as const;

/** How the stack file writes a value that is encrypted. */
const encrypted: JsonSchema = {
  title: "an encrypted value",
  description: "Written by pulumi config set --secret.",
  type: "object",
  properties: { secure: { type: "string", description: "The encrypted value." } },
  required: ["secure"],
  additionalProperties: false,
};

/**
 * The JSON Schema of a stack file, Pulumi.STACK.yaml, of a fleet or of a zone that fleets share. Draft 7, which editors
 * understand best.
 *
 * It holds what can be said of each value by itself; what refers to something else is told by the preview.
 */
export function stackSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack file of Creel",
    type: "object",
    properties: {
      config: {
        type: "object",
        description: "Configuration of the stack. Keys of providers, such as cloudflare:baseUrl, are theirs.",
        properties: {
          "creel:fleet": fleetPart(),
          "creel:secrets": secretsPart(),
          "creel:zone": {
            description:
              "The rules of one zone that several fleets share, for the program in stacks/zone. Groups of settings are those of zones.ZONE.",
            ...partOf(zoneStackSchema),
          },
        },
        patternProperties: { "^[a-z]+:(token|apiToken|apiKey|apiUserServiceKey)$": encrypted },
        // A misspelt key of ours would be taken for nothing.
        propertyNames: {
          anyOf: [{ not: { pattern: "^creel:" } }, { enum: ["creel:fleet", "creel:secrets", "creel:zone"] }],
        },
      },
    },
  };
}

function fleetPart(): JsonSchema {
  const fleet = partOf(fleetSchema);
  const conditions = Object.entries(withDefaults).flatMap(([section, kind]) => {
    const entry = fleet.properties![section]!.additionalProperties as JsonSchema;
    const needed = entry.required ?? [];
    delete entry.required;
    return needed.map((setting) => neededUnlessDefault(section, kind, setting));
  });
  return {
    description: "The fleet: servers, agents, the people who use them and the zones in which they are found.",
    ...fleet,
    allOf: conditions,
  };
}

/** A setting that every entry needs where there is no default for it. */
function neededUnlessDefault(section: string, kind: string, setting: string): JsonSchema {
  const has = (key: string, rest: JsonSchema = {}): JsonSchema => ({ required: [key], properties: { [key]: rest } });
  return {
    if: has("defaults", has(kind, has(setting))),
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: true,
    else: { properties: { [section]: { additionalProperties: { required: [setting] } } } },
  };
}

function secretsPart(): JsonSchema {
  const description =
    "Secrets by agent and name; each is read at /run/secrets/NAME by that agent alone. " +
    "All are encrypted: pulumi config set --secret --path creel:secrets.AGENT.NAME writes one.";
  const named = (value: JsonSchema): JsonSchema => ({
    type: "object",
    not: { required: ["secure"] },
    additionalProperties: value,
  });
  return { description, anyOf: [encrypted, named({ anyOf: [encrypted, named(encrypted)] })] };
}

/** What a schema of ours is in JSON Schema, as a person writes it. */
function partOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...part } = z.toJSONSchema(schema, { io: "input", target: "draft-7", unrepresentable: "any" });
  return tidy(part) as JsonSchema;
}

/** Without what says nothing: whole numbers that fit into a computer, names that are texts. */
function tidy(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(tidy);
  if (!isRecord(part)) return part;
  const says = ([key, value]: [string, unknown]) =>
    !(
      (key === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
      (key === "maximum" && value === Number.MAX_SAFE_INTEGER) ||
      (key === "propertyNames" && isRecord(value) && Object.keys(value).join() === "type")
    );
  return Object.fromEntries(
    Object.entries(part)
      .filter(says)
      .map(([key, value]) => [key, tidy(value)]),
  );
}
