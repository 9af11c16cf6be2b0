import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { makeOnce } from "../once";
import { paced } from "../progress";
import { cliVersion, compareVersions } from "../versions";

/** The module that names the CLI and everything it needs, with checksums; it lies beside this folder, compiled or not. */
const moduleFolder = path.join(__dirname, "..", "cli-module");
const mainPackage = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";

/** The oldest Go that fetches by itself the newer Go which the CLI's module asks for. */
const oldestGo = "1.21.0";

/**
 * Builds the CLI from Go modules, for computers that reach a Go module proxy but not the download site: 3 to 6 minutes
 * on two cores, 2 GB of memory, 250 MiB of modules. Go verifies every module against its checksum database as usual.
 *
 * @param folder where the executable `pulumi` goes; complete when it exists
 * @throws when there is no Go, or Go cannot fetch or compile; says what to do
 */
export async function buildCli(folder: string, report: (line: string) => void): Promise<void> {
  await makeOnce(
    folder,
    async (unfinished) => {
      await checkGo();
      report(
        `building pulumi ${cliVersion} from Go modules, as its download site is out of reach: about 5 minutes on 2 idle cores`,
      );
      const started = Date.now();
      const packages = await countPackages(started, report);
      await mkdir(unfinished, { recursive: true });
      await compile(path.join(unfinished, "pulumi"), packages, started, report);
      report(`built pulumi ${cliVersion} in ${seconds(started)} s`);
    },
    () => report(`waiting for another process that builds pulumi ${cliVersion}`),
  );
}

const remedy = `Install Pulumi ${cliVersion} (https://www.pulumi.com/docs/install), or Go ${oldestGo} or newer (https://go.dev/dl) and run this again.`;

async function checkGo(): Promise<void> {
  const result = await execa("go", ["env", "GOVERSION"], { reject: false, cwd: moduleFolder, env: goEnvironment() });
  const version = /^go(\d+\.\d+(?:\.\d+)?)/.exec(result.stdout ?? "")?.[1];
  if (result.failed || version === undefined) {
    throw new Error(
      `There is no pulumi on this computer, its download site is out of reach, and there is no Go to build it with. ${remedy}`,
    );
  }
  const full = version.split(".").length === 2 ? `${version}.0` : version;
  if (compareVersions(full, oldestGo) < 0) {
    throw new Error(`pulumi cannot be built with Go ${version}: ${oldestGo} or newer is needed. ${remedy}`);
  }
}

/** Fetches the modules, and counts the packages to compile. */
async function countPackages(started: number, report: (line: string) => void): Promise<number> {
  const pace = paced(report);
  let modules = 0;
  const { stdout } = await go(["list", "-deps", mainPackage], (line) => {
    if (line.startsWith("go: downloading ")) modules++;
    pace(() => `building pulumi ${cliVersion} from Go modules: ${modules} modules fetched, ${seconds(started)} s`);
  });
  return stdout.split("\n").length;
}

async function compile(
  executable: string,
  packages: number,
  started: number,
  report: (line: string) => void,
): Promise<void> {
  const pace = paced(report);
  let compiled = 0;
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${cliVersion}`;
  const flags = ["-trimpath", "-v", "-buildvcs=false", "-ldflags", `-s -w ${version}`];
  await go(["build", ...flags, "-o", executable, mainPackage], () => {
    compiled++;
    pace(
      () =>
        `building pulumi ${cliVersion} from Go modules: ${compiled} of ${packages} packages compiled, ${seconds(started)} s`,
    );
  });
}

/** Runs Go, hands each line of its messages on, and turns its failure into an error with its last words. */
async function go(args: string[], onMessage: (line: string) => void): Promise<{ stdout: string }> {
  const child = execa("go", args, {
    cwd: moduleFolder,
    env: goEnvironment(),
    reject: false,
    buffer: { stdout: true, stderr: false },
    maxBuffer: 64 * 2 ** 20,
  });
  const last: string[] = [];
  createInterface({ input: child.stderr as Readable }).on("line", (line) => {
    last.push(line);
    if (last.length > 20) last.shift();
    onMessage(line);
  });
  const result = await child;
  if (result.failed) {
    throw new Error(
      `pulumi ${cliVersion} cannot be built: go ${args[0]} ${how(result)}. ${remedy}\n${last.join("\n")}`.trimEnd(),
    );
  }
  return { stdout: result.stdout as string };
}

function how(result: { exitCode?: number; signal?: string }): string {
  return result.signal ? `was ended by ${result.signal}` : `failed with exit code ${result.exitCode ?? "unknown"}`;
}

/** Settings of the user's that would change what is built, or need a C compiler, are overridden; proxies are not. */
function goEnvironment(): Record<string, string> {
  return { CGO_ENABLED: "0", GOWORK: "off", GO111MODULE: "on", GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "auto" };
}

function seconds(started: number): number {
  return Math.round((Date.now() - started) / 1000);
}
