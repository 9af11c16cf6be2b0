import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { z } from "zod";

const serverSchema = z.object({
  ipv4: z.ipv4(),
  hostKey: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]+=*$/, "is not an ed25519 host key"),
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, "is not a login name"),
  // Stacks of older releases do not say what follows.
  provider: z.string().optional(),
  location: z.string().optional(),
  size: z.string().optional(),
  ipv6: z.ipv6().optional(),
  privateIpv4: z.ipv4().optional(),
});

const agentSchema = z.object({
  server: z.string(),
  container: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "is not a container's name"),
  image: z.string(),
  url: z.url({ protocol: /^https$/ }),
  botUrl: z.url({ protocol: /^https$/ }).optional(),
  uid: z.int().positive(),
  tenant: z.string().optional(),
  zone: z.string().optional(),
  memory: z.number().optional(),
  secretNames: z.array(z.string()).optional(),
});

const fleetSchema = z.object({
  servers: z.record(z.string(), serverSchema),
  agents: z.record(z.string(), agentSchema),
});

const tokenSchema = z.object({ clientId: z.string(), clientSecret: z.string(), expiresAt: z.string() });
const serviceTokensSchema = z.record(z.string(), z.record(z.string(), tokenSchema));

/** Service tokens by tenant and name; secrets. */
export type ServiceTokens = z.infer<typeof serviceTokensSchema>;

/** What the command needs to know of a server. */
export type FleetServer = z.infer<typeof serverSchema>;
/** What the command needs to know of an agent. */
export type FleetAgent = z.infer<typeof agentSchema>;
/** The part of the stack output `fleet` that the command reads. */
export type FleetOutput = z.infer<typeof fleetSchema>;

/** Where a fleet's outputs are read from. */
export interface FleetSource {
  /** Stack to ask for. Default: the one that is selected in this folder. */
  stack?: string;
  /** File with what `pulumi stack output --json` printed. Default: pulumi is asked. */
  outputs?: string;
}

/**
 * The fleet of a stack, by the user's own `pulumi` in this folder, or from a file.
 *
 * @throws when there is no such stack, or its outputs are not those of a fleet; the message says what to do
 */
export async function readFleet(source: FleetSource): Promise<FleetOutput> {
  return fleetFrom(await outputsOf(source), placeOf(source));
}

/**
 * The service tokens of a stack, in clear; to be asked for only where somebody is to come in with them.
 *
 * @throws when there are no such outputs, or a file with outputs has been printed without its secrets
 */
export async function readServiceTokens(source: FleetSource): Promise<ServiceTokens> {
  const outputs = z.object({ serviceTokens: z.unknown() }).safeParse(await outputsOf(source, ["--show-secrets"]));
  const parsed = serviceTokensSchema.safeParse(outputs.data?.serviceTokens);
  if (!parsed.success) {
    const remedy =
      source.outputs === undefined ? "pulumi up" : "print them with pulumi stack output --json --show-secrets";
    throw new Error(`${placeOf(source)}: there are no readable service tokens in the outputs: ${remedy}`);
  }
  return parsed.data;
}

async function outputsOf(source: FleetSource, options: string[] = []): Promise<unknown> {
  const text =
    source.outputs === undefined ? await stackOutputs(source.stack, options) : await fileText(source.outputs);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${placeOf(source)}: the outputs are not JSON.`);
  }
}

function placeOf({ outputs, stack }: FleetSource): string {
  return outputs ?? `stack ${stack ?? "(the selected one)"}`;
}

/** The output `fleet` among a stack's outputs. */
export function fleetFrom(outputs: unknown, from: string): FleetOutput {
  const parsed = z.object({ fleet: fleetSchema }).safeParse(outputs);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join(".") || "outputs"}: ${message}`);
    throw new Error(`${from}: there is no fleet in the outputs. Deploy it first: pulumi up\n${faults.join("\n")}`);
  }
  const { fleet } = parsed.data;
  for (const [name, { server }] of Object.entries(fleet.agents)) {
    if (!Object.hasOwn(fleet.servers, server)) {
      throw new Error(`${from}: agent ${name} is on server ${server}, which is not in the outputs.`);
    }
  }
  return fleet;
}

/** One server or agent by its name. Throws with the names that there are. */
export function named<T>(kind: string, name: string, all: Record<string, T>): T {
  if (Object.hasOwn(all, name)) return all[name]!;
  throw new Error(`There is no ${kind} ${name}. There are: ${Object.keys(all).join(", ") || "none"}.`);
}

async function stackOutputs(stack: string | undefined, options: string[]): Promise<string> {
  const chosen = stack === undefined ? [] : ["--stack", stack];
  const args = ["stack", "output", "--json", "--non-interactive", ...options, ...chosen];
  const done = await execa("pulumi", args, { reject: false, stdin: "ignore" });
  if (done.code === "ENOENT") throw new Error("pulumi is not on the PATH: https://www.pulumi.com/docs/install/");
  if (done.exitCode !== 0) throw new Error(`pulumi stack output failed:\n${done.stderr}`);
  return done.stdout;
}

async function fileText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read: ${error.code}`);
  });
}
