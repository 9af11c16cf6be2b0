import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { isTelling, type Message, type Preview, parsePreview } from "./preview";

/** What to ask of `pulumi`. */
export interface PreviewOptions {
  /** Stack. Default: the one that is selected in this folder. */
  stack?: string;
  /** Folders of policy packs. Default: none. */
  policyPack?: string[];
  /** Their settings, one JSON file each, in the same order. Default: each pack's own. */
  policyPackConfig?: string[];
  /** Folder of the project. Default: this one. */
  folder?: string;
  /** What to add to the environment. Default: nothing. */
  env?: Record<string, string>;
}

/** Runs `pulumi preview`. A preview that fails is one as well: its messages say why. */
export function runPreview(options: PreviewOptions): Promise<Preview> {
  const { policyPack = [], policyPackConfig = [], ...where } = options;
  const packs = policyPack.flatMap((folder) => ["--policy-pack", folder]);
  const configs = policyPackConfig.flatMap((file) => ["--policy-pack-config", file]);
  // Only the streaming form tells what policies say. Its events for debugging hold secrets in clear: they are dropped as
  // they come, and no line of it is ever written anywhere.
  return runJson(["preview", ...packs, ...configs], "true", where);
}

/** Runs `pulumi refresh --preview-only`: what was changed in the clouds. Takes no lock, stores nothing. */
export function runRefreshPreview(where: Where): Promise<Preview> {
  return runJson(["refresh", "--preview-only"], "false", where);
}

type Where = Pick<PreviewOptions, "stack" | "folder" | "env">;

async function runJson(args: string[], streaming: string, { stack, folder, env }: Where): Promise<Preview> {
  const chosen = stack === undefined ? [] : ["--stack", stack];
  const child = execa("pulumi", [...args, "--json", "--non-interactive", "--color", "never", ...chosen], {
    cwd: folder,
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: streaming },
    stdin: "ignore",
    reject: false,
    buffer: { stdout: false, stderr: true },
  });
  const lines: string[] = [];
  for await (const line of child.iterable()) if (isTelling(line)) lines.push(line);
  const done = await child;
  if (done.code === "ENOENT") throw new Error("pulumi is not on the PATH: https://www.pulumi.com/docs/install/");
  const told = parsePreview(lines.join("\n"));
  // What ends before it names its project is told in the same place as what does not.
  const preview = { ...told, project: told.project ?? (await projectIn(folder)) };
  return done.exitCode === 0 ? { ...preview, failed: false } : withErrors(preview, String(done.stderr));
}

/** Name of the project in a folder, or undefined where there is none that can be read. */
async function projectIn(folder = "."): Promise<string | undefined> {
  const text = await readFile(path.join(folder, "Pulumi.yaml"), "utf8").catch(() => "");
  const name = /^name:.*$/m.exec(text)?.[0];
  return name === undefined ? undefined : String(parse(name).name);
}

/** A preview that failed, with what stands on standard error where its own messages do not say why. */
export function withErrors(preview: Preview, printed: string): Preview {
  const text = printed.trim().replace(/^error: /, "");
  const known = preview.messages.some(({ severity }) => severity === "error");
  const messages: Message[] = known || text === "" ? [] : [{ severity: "error", text }];
  return { ...preview, messages: [...preview.messages, ...messages], failed: true };
}
