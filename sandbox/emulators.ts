import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { compiledFile } from "../engine/paths";
import { SandboxError } from "./faults";
import { replaceFile } from "./files";
import type { ContainerMachinesOptions } from "./machines/containerMachines";
import { addresses, ports } from "./network";
import { sandboxFiles } from "./paths";
import { recordedProcess, stopRecorded } from "./processes";
import { cloudflareAccount, type Tokens } from "./tokens";

const program = compiledFile("sandbox", "clouds", "main.js");

/** Starts the process that is the clouds' APIs and the metadata service, or finds it running with the same settings. */
export async function ensureEmulators(tokens: Tokens, machines: ContainerMachinesOptions): Promise<void> {
  const { clouds } = sandboxFiles();
  if (!existsSync(program)) {
    throw new SandboxError([{ path: program, found: "is missing", remedy: "run `npm run build`" }]);
  }
  const config = JSON.stringify(emulatorConfig(tokens, machines), null, 2);
  const unchanged = (await readFile(clouds.config, "utf8").catch(() => "")) === config;
  if (unchanged && (await emulatorProcess()) && (await answers())) return;
  await stopEmulators();
  await replaceFile(clouds.config, config);
  const log = openSync(clouds.log, "a", 0o600);
  const child = spawn(process.execPath, [program, clouds.config], { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  if (child.pid !== undefined) await writeFile(clouds.pid, `${child.pid}\n`);
  for (const end = Date.now() + 30_000; Date.now() < end && !ended; ) {
    if (await answers()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  const said = (await readFile(clouds.log, "utf8").catch(() => "")).trim().split("\n").slice(-15).join("\n");
  throw new Error(`The clouds' APIs did not start; ${clouds.log} ends with:\n${said}`);
}

/** What the process is told, by a file that only its owner can read. */
function emulatorConfig({ hetzner, cloudflare }: Tokens, machines: ContainerMachinesOptions) {
  const { clouds } = sandboxFiles();
  const { accountId, zoneId, zone, plan } = cloudflareAccount;
  return {
    state: clouds.state,
    hetzner: { host: "127.0.0.1", port: ports.hetzner, token: hetzner, pool: addresses.pool },
    cloudflare: {
      host: "127.0.0.1",
      port: ports.cloudflare,
      token: cloudflare,
      accounts: [{ id: accountId, name: "Sandbox" }],
      zones: [{ id: zoneId, name: zone, accountId, plan }],
    },
    metadata: { host: addresses.gateway, port: ports.metadata },
    machines,
  };
}

/** Pid of the running process; undefined when it does not run. */
export function emulatorProcess(): Promise<number | undefined> {
  const { clouds } = sandboxFiles();
  return recordedProcess(clouds.pid, program, clouds.config);
}

export async function stopEmulators(): Promise<void> {
  const { clouds } = sandboxFiles();
  await stopRecorded(clouds.pid, 15, program, clouds.config);
}

/** Whether both APIs and the metadata service answer. */
async function answers(): Promise<boolean> {
  const urls = [
    `http://127.0.0.1:${ports.hetzner}/_sandbox/inventory`,
    `http://127.0.0.1:${ports.cloudflare}/_sandbox/inventory`,
    `http://${addresses.gateway}:${ports.metadata}/`,
  ];
  const asked = urls.map((url) =>
    fetch(url, { signal: AbortSignal.timeout(3000) }).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(asked)).every(Boolean);
}
