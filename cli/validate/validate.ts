import { randomBytes } from "node:crypto";
import path from "node:path";
import { execa } from "execa";
import type { Preview } from "../changes/preview";
import { type PreviewOptions, runPreview } from "../changes/run";
import { copyWithoutSecrets } from "./copy";

/** Values of the form that the programs ask of a credential, which are none. */
const standIns: Record<string, string> = {
  "hcloud:token": "0".repeat(64),
  "cloudflare:apiToken": "0".repeat(40),
  "digitalocean:token": `dop_v1_${"0".repeat(64)}`,
};
const environment = {
  HCLOUD_TOKEN: standIns["hcloud:token"]!,
  CLOUDFLARE_API_TOKEN: standIns["cloudflare:apiToken"]!,
  DIGITALOCEAN_TOKEN: standIns["digitalocean:token"]!,
};

/** What stands for every other secret. */
const standIn = "a-stand-in-and-no-secret";

/**
 * What a first deployment of a stack would do, without any of its credentials: the program itself checks the stack file,
 * and policies judge what it asks for. Secrets are replaced by stand-ins, the state is an empty one in a temporary folder,
 * and nothing is asked of any cloud.
 *
 * @throws when the stack file cannot be read, or pulumi cannot be run
 */
export async function validateStack(stack: string, packs: Omit<PreviewOptions, "stack">): Promise<Preview> {
  const copy = await copyWithoutSecrets(path.resolve(packs.folder ?? "."), stack);
  try {
    const env = {
      ...environment,
      PULUMI_BACKEND_URL: `file://${copy.folder}`,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString("hex"),
    };
    const pulumi = (args: string[]) => {
      const options = { cwd: copy.folder, env, stdin: "ignore", all: true } as const;
      return execa("pulumi", [...args, "--stack", stack, "--non-interactive"], options).catch((error) => {
        if (error.code === "ENOENT") throw new Error("pulumi is not on the PATH: https://www.pulumi.com/docs/install/");
        throw new Error(`${stack} cannot be tried: ${error.all}`);
      });
    };
    await pulumi(["stack", "init"]);
    const secrets = copy.secrets.flatMap((at) => ["--secret", `${at}=${standIns[at] ?? standIn}`]);
    if (secrets.length > 0) await pulumi(["config", "set-all", "--path", ...secrets]);
    // Packs are named from where the command runs, not from the copy.
    const absolute = (files: string[] | undefined) => files?.map((file) => path.resolve(file));
    const policyPack = absolute(packs.policyPack);
    return await runPreview({
      stack,
      folder: copy.folder,
      env,
      policyPack,
      policyPackConfig: absolute(packs.policyPackConfig),
    });
  } finally {
    await copy.remove();
  }
}
