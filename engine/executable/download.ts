import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar";
import { fetchFile, fetchText, isDownloadSiteThere } from "../network";
import { makeOnce } from "../once";
import { paced } from "../progress";
import { cliVersion } from "../versions";

const site = "https://get.pulumi.com/releases/sdk";

/**
 * The official release of the CLI and its language hosts, checked against the release's list of checksums.
 *
 * @param folder where to put it; complete when it exists
 * @returns whether the folder exists now; false where the site or the release is out of reach
 */
export async function downloadCli(folder: string, report: (line: string) => void): Promise<boolean> {
  const archive = archiveName(process.platform, process.arch);
  if (!archive || !(await isDownloadSiteThere())) return false;
  try {
    await makeOnce(
      folder,
      async (unfinished) => {
        const file = path.join(unfinished, archive);
        const pace = paced(report);
        const expected = checksumOf(archive, await fetchText(`${site}/pulumi-${cliVersion}-checksums.txt`));
        await fetchFile(`${site}/${archive}`, file, (received, total) =>
          pace(() => `downloading pulumi ${cliVersion}: ${mebibytes(received)} of ${mebibytes(total)} MiB`),
        );
        const actual = await sha256(file);
        if (actual !== expected) throw new Error(`${archive} has SHA-256 ${actual}, its release says ${expected}`);
        await extract({ file, cwd: unfinished, strip: 1 }); // everything lies below "pulumi/"
        await rm(file);
      },
      () => report(`waiting for another process that downloads pulumi ${cliVersion}`),
    );
    return true;
  } catch (error) {
    report(`pulumi ${cliVersion} cannot be downloaded: ${(error as Error).message}`);
    return false;
  }
}

/** The release's file for a computer, or undefined where there is none that this project can use. */
export function archiveName(platform: string, arch: string): string | undefined {
  if (!["linux", "darwin"].includes(platform) || !["x64", "arm64"].includes(arch)) return undefined;
  return `pulumi-v${cliVersion}-${platform}-${arch}.tar.gz`;
}

/**
 * A file's checksum in a list as sha256sum prints it.
 *
 * @throws when the list does not name the file
 */
export function checksumOf(file: string, list: string): string {
  for (const line of list.split("\n")) {
    const [sum, name] = line.trim().split(/\s+\*?/);
    if (name === file && sum && /^[0-9a-f]{64}$/.test(sum)) return sum;
  }
  throw new Error(`the release's list of checksums does not name ${file}`);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function mebibytes(bytes: number): string {
  return bytes > 0 ? String(Math.round(bytes / 2 ** 20)) : "?";
}
