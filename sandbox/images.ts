import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type Docker from "dockerode";
import { create as createTar } from "tar";
import { packageFolder } from "../engine/paths";
import { sandboxFiles } from "./paths";

/** Prefix of every image the sandbox builds, and what `down --purge` removes by. */
export const imagePrefix = "creel-sandbox/";

/** Folder with one sub-folder per image. */
export const imagesFolder = path.join(packageFolder, "sandbox", "images");

/** An image to build. */
export interface ImagePlan {
  /** Name below {@link imagePrefix}, and of the folder with its Dockerfile. */
  name: string;
  /** Build argument BASE. Left out for images that start from nothing. */
  base?: string;
  /** Files added to the folder's own, by path. */
  extra?: Record<string, { content: string | Buffer; executable?: boolean }>;
}

/**
 * Builds an image unless it is there already: its tag is a hash of everything that goes into it.
 *
 * @returns the image's name with tag
 */
export async function buildImage(docker: Docker, plan: ImagePlan, report: (line: string) => void): Promise<string> {
  const context = path.join(sandboxFiles().build, plan.name);
  await rm(context, { recursive: true, force: true });
  await mkdir(path.dirname(context), { recursive: true, mode: 0o700 });
  await cp(path.join(imagesFolder, plan.name), context, { recursive: true });
  for (const [name, { content, executable }] of Object.entries(plan.extra ?? {})) {
    await mkdir(path.dirname(path.join(context, name)), { recursive: true });
    await writeFile(path.join(context, name), content);
    await chmod(path.join(context, name), executable ? 0o755 : 0o644);
  }
  try {
    const tag = `${imagePrefix}${plan.name}:${await contentKey(context, plan.base ?? "")}`;
    const present = await docker
      .getImage(tag)
      .inspect()
      .catch(() => undefined);
    if (!present) {
      report(`building image ${plan.name}`);
      await build(docker, context, tag, plan, report);
    }
    return tag;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function build(
  docker: Docker,
  context: string,
  tag: string,
  plan: ImagePlan,
  report: (line: string) => void,
): Promise<void> {
  const tar = createTar({ cwd: context, portable: true, noMtime: true }, ["."]);
  const stream = await docker.buildImage(tar as unknown as NodeJS.ReadableStream, {
    t: tag,
    buildargs: plan.base ? { BASE: plan.base } : {},
    // Packages come through this computer's own network, also where the daemon has no default bridge.
    networkmode: "host",
    rm: true,
    forcerm: true,
  });
  const said: string[] = [];
  let shown = 0;
  await new Promise<void>((done, fail) => {
    docker.modem.followProgress(
      stream,
      (error, output: { error?: string }[]) => {
        const failure = error?.message ?? output?.find((event) => event.error)?.error;
        if (failure === undefined) done();
        else fail(new Error(`building image ${plan.name} failed: ${failure}\n${said.slice(-20).join("\n")}`));
      },
      (event: { stream?: string }) => {
        for (const line of (event.stream ?? "").split("\n").filter((text) => text.trim() !== "")) {
          said.push(line);
          if (Date.now() - shown < 1000) continue;
          shown = Date.now();
          report(`${plan.name}: ${line.trim()}`);
        }
      },
    );
  });
}

/** First 12 hexadecimal digits of a SHA-256 over paths, contents and executable bits, in a fixed order. */
async function contentKey(folder: string, seed: string): Promise<string> {
  const hash = createHash("sha256").update(`${seed}\n`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const content = await readFile(file);
    hash.update(`${path.relative(folder, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

/** Removes every image the sandbox built, older ones too. */
export async function removeImages(docker: Docker): Promise<void> {
  const images = await docker.listImages({ filters: { reference: [`${imagePrefix}*`] } });
  for (const name of images.flatMap((image) => image.RepoTags ?? [])) {
    await docker.getImage(name).remove({ force: true });
  }
}

/** Whether the sources of the images came with this package. */
export function imagesPresent(): boolean {
  return existsSync(path.join(imagesFolder, "server", "Dockerfile"));
}
