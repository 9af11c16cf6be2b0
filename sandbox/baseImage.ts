import { createHash } from "node:crypto";
import type Docker from "dockerode";
import { execa } from "execa";
import { SandboxError } from "./faults";
import { findProgram, hasApt, installPrograms } from "./hostPackages";

/** The Debian release that servers and world are made of. */
export const release = { version: "12", codename: "bookworm" };

const registry = "https://registry-1.docker.io/v2/";
const officialImage = `debian:${release.version}`;
const bootstrapped = "creel-sandbox/debian";

/** How packages are got on this computer, for use in images as well. */
export interface AptSettings {
  /** One-line sources of Debian's own archives; empty where this computer has none of the release, and Debian's default serves. */
  sources: string;
  /** Settings of apt that decide how archives are reached: proxies, and what to make of a mirror's dates. */
  conf: string;
  /** Host names of the archives. */
  hosts: string[];
}

/** Reads this computer's apt settings. */
export async function aptSettings(): Promise<AptSettings> {
  const output = async (command: string, args: string[]) =>
    findProgram(command) ? (await execa(command, args, { reject: false })).stdout : "";
  const targets = await output("apt-get", [
    ...["indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages"],
  ]);
  return aptSettingsFrom(targets, await output("apt-config", ["dump"]));
}

/**
 * @param targets lines `URI|suite|component`, as `apt-get indextargets` prints them
 * @param configuration what `apt-config dump` prints
 */
export function aptSettingsFrom(targets: string, configuration: string): AptSettings {
  const suites = ["", "-updates", "-security"].map((suffix) => release.codename + suffix);
  const own = targets
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([uri, suite, component]) => {
      const archive = /^https?:\/\/.*\/debian(-security)?\/?$/.test(uri ?? "");
      return archive && suites.includes(suite ?? "") && component === "main";
    })
    .map(([uri, suite]) => `deb ${uri} ${suite} main`);
  // The release itself must be among them; updates alone are no archive to install from.
  const usable = own.some((line) => line.endsWith(` ${release.codename} main`));
  const sources = usable ? [...new Set(own)] : [];
  const conf = configuration
    .split("\n")
    .filter((line) => /^Acquire::(https?::(.*::)?Proxy|Check-Valid-Until|Check-Date|Retries) "[^"]/i.test(line))
    // A proxy on this computer's own loopback is out of a server's reach.
    .filter((line) => !/\/\/(127\.|localhost)/.test(line));
  return {
    sources: sources.map((line) => `${line}\n`).join(""),
    conf: [...conf, 'Acquire::Languages "none";', ""].join("\n"),
    hosts: [...new Set(sources.map((line) => new URL(line.split(" ")[1]!).hostname))],
  };
}

/**
 * Plain Debian as a Docker image: the official one where a registry can be reached, else one made here from packages.
 *
 * @returns its name
 */
export async function debianImage(docker: Docker, apt: AptSettings, report: (line: string) => void): Promise<string> {
  if (await has(docker, officialImage)) return officialImage;
  const key = createHash("sha256").update(apt.sources).digest("hex").slice(0, 12);
  const own = `${bootstrapped}:${release.codename}-${key}`;
  if (await has(docker, own)) return own;
  if (await registryAnswers(docker)) {
    report(`pulling ${officialImage}`);
    try {
      const pull = await docker.pull(officialImage);
      await new Promise<void>((done, fail) => {
        docker.modem.followProgress(pull, (error) => (error ? fail(error) : done()));
      });
      return officialImage;
    } catch (error) {
      report(`${officialImage} cannot be pulled (${(error as Error).message})`);
    }
  }
  await bootstrap(docker, apt, own, report);
  return own;
}

/** Makes Debian from its packages, as small as apt allows. */
async function bootstrap(
  docker: Docker,
  apt: AptSettings,
  name: string,
  report: (line: string) => void,
): Promise<void> {
  if (!hasApt()) {
    throw new SandboxError([
      {
        path: registry,
        found: "does not answer, and this computer cannot make a Debian image of its own",
        remedy: `pull ${officialImage} by other means, or run on Debian`,
      },
    ]);
  }
  await installPrograms(["mmdebstrap"], report);
  report("making a Debian base image from packages");
  const options = apt.conf
    .split("\n")
    .filter(Boolean)
    .map((line) => `--aptopt=${line.replace(/;$/, "")}`);
  const mode = ["--variant=minbase", "--mode=root", "--format=tar", "--quiet"];
  const child = execa(
    findProgram("mmdebstrap")!,
    [...mode, ...options, release.codename, "-", ...(apt.sources ? ["-"] : [])],
    { input: apt.sources, buffer: { stdout: false, stderr: true }, encoding: "buffer" },
  );
  const [repo, tag] = name.split(":");
  const imported = docker.importImage(child.stdout as NodeJS.ReadableStream, { repo, tag });
  const progress = imported.then(
    (stream) =>
      new Promise<void>((done, fail) => {
        docker.modem.followProgress(stream as NodeJS.ReadableStream, (error) => (error ? fail(error) : done()));
      }),
  );
  try {
    await child;
  } catch (error) {
    await progress.catch(() => undefined);
    await docker
      .getImage(name)
      .remove()
      .catch(() => undefined);
    const said = Buffer.from((error as { stderr?: Uint8Array }).stderr ?? "")
      .toString()
      .trim()
      .split("\n");
    throw new SandboxError([
      {
        path: "mmdebstrap",
        found: `failed: ${said.filter((line) => /error|fail/i.test(line)).at(-1) ?? said.at(-1)}`,
        remedy: `see that ${apt.hosts.join(" and ") || "Debian's archive"} can be reached`,
      },
    ]);
  }
  await progress;
}

async function has(docker: Docker, name: string): Promise<boolean> {
  return docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/** One quick look, since a pull without a registry takes its time to fail. A mirror of the daemon's own may answer. */
async function registryAnswers(docker: Docker): Promise<boolean> {
  const mirrors = (await docker.info()).RegistryConfig?.Mirrors as string[] | undefined;
  if (mirrors && mirrors.length > 0) return true;
  return fetch(registry, { signal: AbortSignal.timeout(4000) }).then(
    () => true,
    () => false,
  );
}
