import { spawnSync } from "node:child_process";

/** Why a suite that runs a program of this computer cannot run, or undefined when it can. */
export function programMissing(name: string, versionFlag: string): string | undefined {
  return spawnSync(name, [versionFlag]).error === undefined ? undefined : `${name} is not installed`;
}
