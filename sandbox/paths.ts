import { createHash } from "node:crypto";
import path from "node:path";
import envPaths from "env-paths";

/** Name of the Docker network, and the prefix of everything else the sandbox makes. */
export const networkName = "creel-sandbox";

/** Name of the network's bridge on this computer; at most 15 characters. */
export const bridgeName = "creel0";

/** Label on every container, volume and network of one sandbox; its value is {@link sandboxId}. */
export const sandboxLabel = "creel.sandbox";

/**
 * Where the sandbox of this computer keeps what is its own: certificates, tokens, state of the clouds, the private
 * Docker daemon's data.
 *
 * @returns `$CREEL_SANDBOX` when set, else `creel/sandbox` in the operating system's data folder
 *   (`~/.local/share/creel/sandbox` on Linux)
 */
export function sandboxFolder(): string {
  const chosen = process.env.CREEL_SANDBOX;
  return chosen ? path.resolve(chosen) : path.join(envPaths("creel", { suffix: "" }).data, "sandbox");
}

/** Tells the sandbox of this folder from that of another: the first 12 hexadecimal digits of the path's SHA-256. */
export function sandboxId(folder = sandboxFolder()): string {
  return createHash("sha256").update(folder).digest("hex").slice(0, 12);
}

/** Every file of the sandbox by its purpose. */
export function sandboxFiles(folder = sandboxFolder()) {
  const at = (...parts: string[]) => path.join(folder, ...parts);
  return {
    folder,
    /** What {@link World} says, written when the world is up. */
    world: at("world.json"),
    /** Which Docker daemon the sandbox lives in. */
    dockerChoice: at("docker.json"),
    lock: at("lock"),
    tokens: at("tokens.json"),
    certificates: at("certificates"),
    resolvConf: at("resolv.conf"),
    /** Profile of the browser that `creel sandbox browse` opens. */
    browser: at("browser"),
    /** Staging area of image builds. */
    build: at("build"),
    clouds: {
      state: at("clouds"),
      edgeLog: at("clouds", "edge.log"),
      requestLog: at("clouds", "requests.log"),
      config: at("clouds.json"),
      log: at("clouds.log"),
      pid: at("clouds.pid"),
    },
    daemonFolder: at("docker"),
    daemon: {
      data: at("docker", "data"),
      exec: at("docker", "exec"),
      socket: at("docker", "docker.sock"),
      pid: at("docker", "docker.pid"),
      log: at("docker", "dockerd.log"),
    },
  };
}
