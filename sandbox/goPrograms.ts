import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import type Docker from "dockerode";
import { execa } from "execa";
import { extract } from "tar";
import { cacheFolder } from "../engine/paths";
import { findProgram } from "./hostPackages";
import { buildImage, imagesFolder } from "./images";

const programs = ["agent", "connector"] as const;

/** Trust of this computer, for a module proxy behind a certificate authority of its own. */
const trust = "/etc/ssl/certs/ca-certificates.crt";

/** Static binaries of the stand-ins, by program. */
export type GoPrograms = Record<(typeof programs)[number], Buffer>;

/**
 * Builds the stand-in agent and connector, once for each state of their source: with this computer's Go, or with Debian's
 * in a container where it has none.
 */
export async function goPrograms(
  docker: Docker,
  base: string,
  report: (line: string) => void,
  go = findProgram("go"),
): Promise<GoPrograms> {
  const sources = await goSources();
  const hash = createHash("sha256").update(process.arch);
  for (const [name, content] of sources) hash.update(`${name}\0${content.length}\0`).update(content);
  const folder = path.join(cacheFolder(), "stand-ins", hash.digest("hex").slice(0, 12));
  if (!existsSync(folder)) {
    const half = `${folder}.${process.pid}`;
    await rm(half, { recursive: true, force: true });
    await mkdir(half, { recursive: true });
    report("building the stand-in agent and connector");
    if (go) await buildHere(go, half);
    else await buildInContainer(docker, base, sources, half, report);
    await rm(folder, { recursive: true, force: true });
    await rename(half, folder);
  }
  const [agent, connector] = await Promise.all(programs.map((name) => readFile(path.join(folder, name))));
  return { agent: agent!, connector: connector! };
}

async function buildHere(go: string, target: string): Promise<void> {
  const packages = programs.map((name) => `./${name}`);
  await execa(go, ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", `${target}/`, ...packages], {
    cwd: imagesFolder,
    // The module asks for an old language version, so any toolchain will do and none must be downloaded.
    env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" },
  });
}

async function buildInContainer(
  docker: Docker,
  base: string,
  sources: [string, Buffer][],
  target: string,
  report: (line: string) => void,
): Promise<void> {
  const extra = Object.fromEntries(sources.map(([name, content]) => [name, { content }]));
  const certificates = existsSync(trust) ? await readFile(trust) : "";
  const plan = { name: "golang", base, extra: { ...extra, "ca-certificates.crt": { content: certificates } } };
  const image = await buildImage(docker, plan, report);
  const container = await docker.createContainer({ Image: image, Cmd: ["true"], NetworkDisabled: true });
  try {
    const archive = await container.getArchive({ path: "/out/." });
    await new Promise<void>((done, fail) => {
      archive
        .pipe(extract({ cwd: target }))
        .on("finish", done)
        .on("error", fail);
    });
  } finally {
    await container.remove({ force: true });
  }
}

/** Go files of the programs without their tests, by path, in a fixed order. */
async function goSources(): Promise<[string, Buffer][]> {
  const names = ["go.mod", "go.sum"];
  for (const program of programs) {
    const entries = await readdir(path.join(imagesFolder, program), { recursive: true });
    const own = entries.filter((file) => file.endsWith(".go") && !file.endsWith("_test.go")).sort();
    names.push(...own.map((file) => `${program}/${file}`));
  }
  return Promise.all(names.map(async (name) => [name, await readFile(path.join(imagesFolder, name))]));
}
