import { readFile } from "node:fs/promises";
import type { DockerChoice } from "./docker";
import { sandboxFiles } from "./paths";

/** How to reach everything in the sandbox. */
export interface World {
  docker: DockerChoice;
  network: { name: string; subnet: string; gateway: string };
  /** Hetzner Cloud's API: endpoint as the provider wants it, token of 64 characters. */
  hetzner: { endpoint: string; token: string };
  /** DigitalOcean's API: endpoint as the provider wants it. */
  digitalocean: { endpoint: string; token: string };
  /** Cloudflare's API with its one account and zone. */
  cloudflare: { baseUrl: string; token: string; accountId: string; zoneId: string; zone: string; team: string };
  /** Host name of the image registry, and its address. */
  registry: string;
  registryAddress: string;
  /** Images in the registry, by digest. */
  images: { agent: string; connector: string };
  /** What the connector image runs: "stand-in", or which cloudflared. */
  connector: string;
  /** Cloudflare's network: the address that its names resolve to, and the file of its decisions, one JSON line each. */
  edge: { address: string; log: string };
  /** Address of the page with the mail that Access sends, one-time PINs among it. */
  mailbox: string;
  /** Path of the certificate of the authority that servers trust. */
  ca: string;
}

/** The world as `up` left it; undefined when the sandbox is not up. */
export async function readWorld(): Promise<World | undefined> {
  const text = await readFile(sandboxFiles().world, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as World);
}
