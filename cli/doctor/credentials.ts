import { execa } from "execa";
import { z } from "zod";
import type { Symptom } from "./symptoms";

const configSchema = z.record(z.string(), z.object({}));

/** Keys of the stack's configuration; undefined when there is no stack to read. Values are not asked for. */
export async function configKeys(stack: string | undefined): Promise<string[] | undefined> {
  const args = ["config", "--json", "--non-interactive", ...(stack === undefined ? [] : ["--stack", stack])];
  const done = await execa("pulumi", args, { reject: false, stdin: "ignore", timeout: 20_000 });
  if (done.exitCode !== 0) return undefined;
  try {
    return Object.keys(configSchema.parse(JSON.parse(done.stdout)));
  } catch {
    return undefined;
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
export function credentialSymptoms(keys: string[] | undefined): Symptom[] {
  const stack: Symptom = {
    id: "stack",
    title: "the stack can be read",
    look: async () =>
      keys === undefined
        ? {
            ok: false,
            seen: "pulumi config failed",
            remedy:
              "pulumi login, pulumi stack select, and PULUMI_CONFIG_PASSPHRASE_FILE where the stack has a passphrase",
          }
        : { ok: true, seen: `${keys.length} settings` },
  };
  const found = keys ?? [];
  return [
    stack,
    token("hetzner", "token of Hetzner Cloud", "hcloud:token", ["HCLOUD_TOKEN"], found),
    token("cloudflare", "token of Cloudflare", "cloudflare:apiToken", ["CLOUDFLARE_API_TOKEN"], found),
  ];
}
