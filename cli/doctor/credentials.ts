import { execa } from "execa";
import { z } from "zod";
import type { Symptom } from "./symptoms";

/** What a stack's configuration says of the credentials that it needs. */
export interface StackSettings {
  /** Names of everything that is set. */
  keys: string[];
  /** The clouds of its servers: hcloud, digitalocean. */
  clouds: Set<string>;
}

const configSchema = z.record(z.string(), z.object({ value: z.string().optional() }));
const serverSchema = z.object({ provider: z.string().optional() });
const fleetSchema = z.object({
  defaults: z.object({ server: serverSchema.optional() }).optional(),
  servers: z.record(z.string(), serverSchema).optional(),
});

/** The settings of a stack; undefined when there is no stack to read. Secrets are not asked for. */
export async function stackSettings(stack: string | undefined): Promise<StackSettings | undefined> {
  const args = ["config", "--json", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  const done = await execa("pulumi", args, { reject: false, stdin: "ignore", timeout: 20_000 });
  if (done.exitCode !== 0) return undefined;
  try {
    const config = configSchema.parse(JSON.parse(done.stdout));
    return { keys: Object.keys(config), clouds: cloudsOf(config["creel:fleet"]?.value) };
  } catch {
    return undefined;
  }
}

/** The clouds of a fleet's servers. A document that cannot be read is the business of `pulumi preview`. */
function cloudsOf(document: string | undefined): Set<string> {
  try {
    const { defaults, servers = {} } = fleetSchema.parse(JSON.parse(document ?? "{}"));
    return new Set(Object.values(servers).map(({ provider }) => provider ?? defaults?.server?.provider ?? "hcloud"));
  } catch {
    return new Set();
  }
}

/** A token may stand in the stack's configuration or in the environment. It is only looked whether it does. */
function token(id: string, title: string, key: string, variables: string[], keys: string[]): Symptom {
  return {
    id,
    title,
    look: async () => {
      if (keys.includes(key)) return { ok: true, seen: `${key} in the stack's configuration` };
      const set = variables.find((name) => process.env[name]);
      if (set !== undefined) return { ok: true, seen: `${set} in the environment` };
      return { ok: false, seen: "none", remedy: `pulumi config set --secret ${key}, or set ${variables.join(" or ")}` };
    },
  };
}

/** What opens the stack's secrets, and the tokens of the clouds. */
export function credentialSymptoms(settings: StackSettings | undefined): Symptom[] {
  const stack: Symptom = {
    id: "stack",
    title: "the stack can be read",
    look: async () =>
      settings === undefined
        ? {
            ok: false,
            seen: "pulumi config failed",
            remedy:
              "pulumi login, pulumi stack select, and PULUMI_CONFIG_PASSPHRASE_FILE where the stack has a passphrase",
          }
        : { ok: true, seen: `${settings.keys.length} settings` },
  };
  const { keys, clouds } = settings ?? { keys: [], clouds: new Set(["hcloud"]) };
  return [
    stack,
    ...(clouds.has("hcloud")
      ? [token("hetzner", "token of Hetzner Cloud", "hcloud:token", ["HCLOUD_TOKEN"], keys)]
      : []),
    ...(clouds.has("digitalocean")
      ? [
          token(
            "digitalocean",
            "token of DigitalOcean",
            "digitalocean:token",
            ["DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"],
            keys,
          ),
        ]
      : []),
    token("cloudflare", "token of Cloudflare", "cloudflare:apiToken", ["CLOUDFLARE_API_TOKEN"], keys),
  ];
}
