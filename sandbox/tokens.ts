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
  /** 40 characters, as Cloudflare's are. */
  cloudflare: string;
}

/** The sandbox's tokens: made once, kept as long as its certificate authority. */
export async function sandboxTokens(): Promise<Tokens> {
  const { tokens: file } = sandboxFiles();
  const present = await readFile(file, "utf8").catch(() => undefined);
  if (present) return JSON.parse(present) as Tokens;
  const tokens = { hetzner: randomBytes(32).toString("hex"), cloudflare: randomBytes(20).toString("hex") };
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await replaceFile(file, JSON.stringify(tokens));
  return tokens;
}
