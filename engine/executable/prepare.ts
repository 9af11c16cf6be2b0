import { existsSync } from "node:fs";
import path from "node:path";
import { cacheFolder } from "../paths";
import { cliVersion } from "../versions";
import { buildCli } from "./build";
import { downloadCli } from "./download";
import { type Cli, findCli } from "./find";

/**
 * A working Pulumi CLI: the user's own, else one had before, else the official release, else built from Go modules.
 *
 * @throws when none of these can be had; the message says what to install
 */
export async function prepareCli(report: (line: string) => void): Promise<Cli> {
  const own = await findCli(report);
  if (own) return own;
  const folder = (how: string) =>
    path.join(cacheFolder(), "cli", `${cliVersion}-${process.platform}-${process.arch}-${how}`);
  const cached = (how: "downloaded" | "built"): Cli => ({
    path: path.join(folder(how), "pulumi"),
    version: cliVersion,
    origin: how,
  });
  if (existsSync(folder("downloaded"))) return cached("downloaded");
  if (existsSync(folder("built"))) return cached("built");
  if (await downloadCli(folder("downloaded"), report)) return cached("downloaded");
  await buildCli(folder("built"), report);
  return cached("built");
}
