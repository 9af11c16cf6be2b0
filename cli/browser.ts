import { createHash, X509Certificate } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { execa } from "execa";
import { findProgram } from "../sandbox/hostPackages";
import { sandboxFiles } from "../sandbox/paths";
import type { World } from "../sandbox/world";

/** Programs that take Chromium's switches, in the order in which they are looked for. */
const browsers = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "brave-browser",
];

/** Path of a browser on this computer; undefined when there is none that will do. */
export function findBrowser(): string | undefined {
  return browsers.map((name) => findProgram(name)).find((file) => file !== undefined);
}

/**
 * Switches that put a Chromium into the sandbox's world and nowhere else: its names lead to the edge, other names lead
 * nowhere, and the sandbox's certificate authority is trusted by this browser alone.
 */
export async function browserSwitches(world: World): Promise<string[]> {
  const { zone, team } = world.cloudflare;
  const ours = [zone, `*.${zone}`, `${team}.cloudflareaccess.com`].map((name) => `MAP ${name} ${world.edge.address}`);
  const authority = new X509Certificate(await readFile(world.ca));
  const key = authority.publicKey.export({ type: "spki", format: "der" });
  return [
    // The mailbox is at 127.0.0.1.
    `--host-resolver-rules=${[...ours, "EXCLUDE 127.0.0.1", "MAP * ~NOTFOUND"].join(", ")}`,
    // Holds for every chain with this key in it; the edge sends the authority's certificate along.
    `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`,
    "--no-first-run",
    "--no-default-browser-check",
    // Chromium's own sandbox does not work for root. This browser reaches nothing but Creel's.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
}

/**
 * Opens addresses of the sandbox in a browser with a profile of its own, and leaves it running.
 *
 * @returns whether there was a browser, and a screen to show it on
 */
export async function openInBrowser(world: World, urls: string[]): Promise<boolean> {
  const browser = findBrowser();
  if (!browser || !(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)) return false;
  const { browser: profile } = sandboxFiles();
  await mkdir(profile, { recursive: true, mode: 0o700 });
  const args = [...(await browserSwitches(world)), `--user-data-dir=${profile}`, ...urls];
  execa(browser, args, { detached: true, stdio: "ignore", reject: false }).unref();
  return true;
}

/** A command line that asks for an address of the sandbox, for where there is no screen. */
export function curlLine(world: Pick<World, "edge" | "ca">, url: string, ...more: string[]): string {
  return ["curl", "-i", `--connect-to ::${world.edge.address}`, `--cacert ${world.ca}`, ...more, url].join(" ");
}
