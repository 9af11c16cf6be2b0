import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import type { World } from "../../sandbox/world";

/** A client of the sandbox's Hetzner API, as far as these tests need one. */
export function hetznerClient(world: World) {
  return async (method: string, route: string, body?: unknown) => {
    const response = await fetch(`${world.hetzner.endpoint}${route}`, {
      method,
      headers: { authorization: `Bearer ${world.hetzner.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  };
}

/** An SSH key of one test run. */
export function newKey(): { file: string; publicKey: string } {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "creel-key-")), "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
  return { file, publicKey: readFileSync(`${file}.pub`, "utf8").trim() };
}

/** Runs a command as root on a bare server, whose host key nobody knows beforehand. */
export async function ssh(key: string, ipv4: string, command: string): Promise<string> {
  const options = ["BatchMode=yes", "ConnectTimeout=5", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"];
  const args = [...options, "LogLevel=ERROR", "IdentitiesOnly=yes", "IdentityAgent=none"].flatMap((o) => ["-o", o]);
  return (await execa("ssh", ["-i", key, ...args, `root@${ipv4}`, command])).stdout;
}

/** Tries until it holds or the time is over, then lets the last error through. */
export async function eventually<T>(seconds: number, attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}
