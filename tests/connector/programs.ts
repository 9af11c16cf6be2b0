import { existsSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { findProgram } from "../../sandbox/hostPackages";
import { imagesFolder } from "../../sandbox/images";

/** A connector that the table of cases is run against. */
export interface Program {
  title: string;
  /** Why it cannot be run here; undefined when it can. */
  missing?: string;
  /** Builds it if need be. @param folder for what is built @returns its file */
  file(folder: string): Promise<string>;
}

const go = findProgram("go");

export const standIn: Program = {
  title: "the stand-in",
  missing: go ? undefined : "Go is not installed",
  file: async (folder) => {
    const file = path.join(folder, "cloudflared");
    await execa(go!, ["build", "-buildvcs=false", "-o", file, "./connector"], {
      cwd: imagesFolder,
      env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local" },
    });
    return file;
  },
};

const found = process.env.CREEL_CLOUDFLARED || findProgram("cloudflared");

/** cloudflared itself. It comes with no package of Debian, npm or Go, so few computers have it. */
export const cloudflared: Program = {
  title: "cloudflared",
  missing: found && existsSync(found) ? undefined : "there is no cloudflared on the PATH or in CREEL_CLOUDFLARED",
  file: async () => found!,
};
