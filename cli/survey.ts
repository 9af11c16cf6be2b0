import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { FleetServer } from "./fleet";
import { runOnServer } from "./serverShell";

const section = <T extends z.ZodType>(found: T) => z.union([z.object({ ok: found }), z.object({ error: z.string() })]);

/** Seconds since 1970, or between two times: at least 0, and no more than a Date can hold beside another. */
const secondsSchema = z.number().min(0).max(4e12);

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  user: z.string(),
  variables: z.array(z.string()),
  running: z.boolean(),
  health: z.string(),
  started: z.string(),
  restarts: z.number(),
  memoryMiB: z.number().nullable(),
  privileged: z.boolean(),
  readOnly: z.boolean(),
  capAdd: z.array(z.string()),
  capDrop: z.array(z.string()),
  securityOpt: z.array(z.string()),
  devices: z.number(),
  namespaces: z.record(z.string(), z.string()),
  cgroupParent: z.string(),
  memoryLimit: z.number(),
  memorySwap: z.number(),
  mounts: z.array(z.object({ type: z.string(), source: z.string(), target: z.string(), writable: z.boolean() })),
  ports: z.array(z.string()),
  publishAll: z.boolean(),
  networks: z.array(z.string()),
});

const surveySchema = z.object({
  survey: z.literal(1),
  system: section(
    z.object({
      now: secondsSchema,
      uptime: secondsSchema,
      memoryMiB: z.number(),
      memoryFreeMiB: z.number(),
      rebootRequired: z.boolean(),
    }),
  ),
  converge: section(
    z.object({ profile: z.string(), version: z.string(), finished: z.string().nullable(), ok: z.boolean().nullable() }),
  ),
  updates: section(z.object({ all: z.number(), security: z.number() })),
  bans: section(z.record(z.string(), z.array(z.string()))),
  containers: section(z.array(containerSchema)),
});

const secretFileSchema = z.object({ mode: z.string(), uid: z.number(), gid: z.number(), changed: secondsSchema });

const deepSchema = surveySchema.extend({
  sshd: section(z.record(z.string(), z.array(z.string()))),
  firewall: section(z.string()),
  guard: section(z.string()),
  drift: section(z.array(z.string())),
  secrets: section(z.record(z.string(), secretFileSchema)),
  audit: section(
    z.union([
      z.object({ kernel: z.literal("shared") }),
      z.object({
        kernel: z.literal("own"),
        wanted: z.array(z.string()),
        loaded: z.array(z.string()),
        enabled: z.boolean(),
      }),
    ]),
  ),
});

/** A container as the server's Docker has it, without values of its environment. */
export type FoundContainer = z.infer<typeof containerSchema>;
/** One part of a survey: what was found, or why it could not be read. */
export type Section<T> = { ok: T } | { error: string };
/** How a server is. */
export type Survey = z.infer<typeof surveySchema>;
/** The same with what `creel verify` looks at. */
export type DeepSurvey = z.infer<typeof deepSchema>;

/** How a server is, or why that cannot be said. */
export type Surveyed<T> = { survey: T } | { failure: string };

/** Asks a server how it is, over one connection. Never throws for what a server does. */
export function surveyServer(server: FleetServer, seconds: number, signal?: AbortSignal): Promise<Surveyed<Survey>> {
  return ask(server, surveySchema, "", seconds, signal);
}

/** The same with what takes longer. */
export function surveyDeeply(
  server: FleetServer,
  seconds: number,
  signal?: AbortSignal,
): Promise<Surveyed<DeepSurvey>> {
  return ask(server, deepSchema, " deep", seconds, signal);
}

async function ask<T extends z.ZodType>(
  server: FleetServer,
  schema: T,
  words: string,
  seconds: number,
  signal?: AbortSignal,
): Promise<Surveyed<z.infer<T>>> {
  const input = readFileSync(path.join(__dirname, "survey.py"), "utf8");
  const answer = await runOnServer(server, { command: `sudo -n python3 -I -${words}`, input, seconds, signal });
  if ("failure" in answer) return answer;
  const parsed = schema.safeParse(jsonOf(answer.stdout));
  return parsed.success ? { survey: parsed.data } : { failure: "it answered something else than a survey" };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
