import { execa } from "execa";
import { isTelling, type Message, type Preview, parsePreview } from "./preview";

/** What to ask of `pulumi`. */
export interface PreviewOptions {
  /** Stack. Default: the one that is selected in this folder. */
  stack?: string;
  /** Folders of policy packs. Default: none. */
  policyPack?: string[];
  /** Their settings, one JSON file each, in the same order. Default: each pack's own. */
  policyPackConfig?: string[];
}

/** Runs `pulumi preview` in this folder. A preview that fails is one as well: its messages say why. */
export function runPreview({ stack, policyPack = [], policyPackConfig = [] }: PreviewOptions): Promise<Preview> {
  const packs = policyPack.flatMap((folder) => ["--policy-pack", folder]);
  const configs = policyPackConfig.flatMap((file) => ["--policy-pack-config", file]);
  // Only the streaming form tells what policies say. Its events for debugging hold secrets in clear: they are dropped as
  // they come, and no line of it is ever written anywhere.
  return runJson(["preview", ...packs, ...configs], stack, { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" });
}

/** Runs `pulumi refresh --preview-only` in this folder: what was changed in the clouds. Takes no lock, stores nothing. */
export function runRefreshPreview({ stack }: Pick<PreviewOptions, "stack">): Promise<Preview> {
  return runJson(["refresh", "--preview-only"], stack, { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "false" });
}

async function runJson(args: string[], stack: string | undefined, env: Record<string, string>): Promise<Preview> {
  const chosen = stack === undefined ? [] : ["--stack", stack];
  const child = execa("pulumi", [...args, "--json", "--non-interactive", "--color", "never", ...chosen], {
    env,
    stdin: "ignore",
    reject: false,
    buffer: { stdout: false, stderr: true },
  });
  const lines: string[] = [];
  for await (const line of child.iterable()) if (isTelling(line)) lines.push(line);
  const done = await child;
  if (done.code === "ENOENT") throw new Error("pulumi is not on the PATH: https://www.pulumi.com/docs/install/");
  const preview = parsePreview(lines.join("\n"));
  return done.exitCode === 0 ? { ...preview, failed: false } : withErrors(preview, String(done.stderr));
}

/** A preview that failed, with what stands on standard error where its own messages do not say why. */
export function withErrors(preview: Preview, printed: string): Preview {
  const text = printed.trim().replace(/^error: /, "");
  const known = preview.messages.some(({ severity }) => severity === "error");
  const messages: Message[] = known || text === "" ? [] : [{ severity: "error", text }];
  return { ...preview, messages: [...preview.messages, ...messages], failed: true };
}
