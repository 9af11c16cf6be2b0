import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { replaceFile } from "./files";
import { sandboxFiles } from "./paths";

/** The one Cloudflare account of the sandbox. Fixed, so that a stack file can name it. */
export const cloudflareAccount = {
  accountId: "0123456789abcdef0123456789abcdef",
  zoneId: "fedcba9876543210fedcba9876543210",
  zone: "example.com",
  plan: "free",
  /** Name of the Zero Trust organisation: `acme.cloudflareaccess.com`. */
  team: "acme",
};

/** API tokens of the emulated clouds. */
export interface Tokens {
  /** 64 characters, as Hetzner's are. */
  hetzner: string;
  /** With the prefix of DigitalOcean's personal access tokens. */
  digitalocean: string;
  /** 40 characters, as Cloudflare's are. */
  cloudflare: string;
}

/** The sandbox's tokens: made once, kept as long as its certificate authority. */
export async function sandboxTokens(): Promise<Tokens> {
  const { tokens: file } = sandboxFiles();
  const present = await readFile(file, "utf8").catch(() => undefined);
  const known: Partial<Tokens> = present ? JSON.parse(present) : {};
  const fresh: Tokens = {
    hetzner: randomBytes(32).toString("hex"),
    digitalocean: `dop_v1_${randomBytes(32).toString("hex")}`,
    cloudflare: randomBytes(20).toString("hex"),
  };
  const tokens = { ...fresh, ...known };
  // A sandbox of an older release knows fewer clouds.
  if (Object.keys(known).length === Object.keys(fresh).length) return tokens;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, JSON.stringify(tokens));
  return tokens;
}
