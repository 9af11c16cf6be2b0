import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { compiledFile } from "../engine/paths";
import { SandboxError } from "./faults";
import { replaceFile } from "./files";
import type { ContainerMachinesOptions } from "./machines/containerMachines";
import { addresses, ports } from "./network";
import { sandboxFiles } from "./paths";
import { commandLine, listenerPid, recordedProcess, stopRecorded } from "./processes";
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
  if (unchanged && (await runsThisProgram()) && (await answers())) return;
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
function emulatorConfig({ hetzner, digitalocean, cloudflare }: Tokens, machines: ContainerMachinesOptions) {
  const { clouds, certificates } = sandboxFiles();
  const { accountId, zoneId, zone, plan, team } = cloudflareAccount;
  return {
    state: clouds.state,
    hetzner: { host: "127.0.0.1", port: ports.hetzner, token: hetzner, pool: addresses.pools.hetzner },
    digitalocean: {
      host: "127.0.0.1",
      port: ports.digitalocean,
      token: digitalocean,
      pool: addresses.pools.digitalocean,
    },
    cloudflare: {
      host: "127.0.0.1",
      port: ports.cloudflare,
      token: cloudflare,
      accounts: [{ id: accountId, name: "Sandbox", team }],
      zones: [{ id: zoneId, name: zone, accountId, plan }],
    },
    metadata: { host: addresses.gateway, port: ports.metadata },
    edge: {
      host: addresses.gateway,
      https: ports.edgeHttps,
      http: ports.edgeHttp,
      tunnel: ports.edgeTunnel,
      certificates,
    },
    machines,
  };
}

/** Pid of the running process; undefined when it does not run. */
export async function emulatorProcess(): Promise<number | undefined> {
  const { clouds } = sandboxFiles();
  const recorded = await recordedProcess(clouds.pid, ...marks());
  if (recorded !== undefined) return recorded;
  // Whoever started it may have been killed before noting its pid.
  const pid = listenerPid(ports.hetzner);
  const line = pid && commandLine(pid);
  if (!line || !marks().every((mark) => line.includes(mark))) return undefined;
  await writeFile(clouds.pid, `${pid}\n`);
  return pid;
}

export async function stopEmulators(): Promise<void> {
  if ((await emulatorProcess()) === undefined) return;
  await stopRecorded(sandboxFiles().clouds.pid, 15, ...marks());
}

/** What the process's command line holds, whichever checkout started it. */
function marks(): string[] {
  return [path.join("sandbox", "clouds", "main.js"), sandboxFiles().clouds.config];
}

/** Whether the running process is this checkout's program, and was started after it was last compiled. */
async function runsThisProgram(): Promise<boolean> {
  const pid = await emulatorProcess();
  if (pid === undefined || !commandLine(pid)?.includes(program)) return false;
  const started = (await stat(sandboxFiles().clouds.pid)).mtimeMs;
  const folder = path.dirname(path.dirname(program));
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const compiled = files.filter((file) => file.name.endsWith(".js"));
  const times = await Promise.all(compiled.map((file) => stat(path.join(file.parentPath, file.name))));
  return times.every((time) => time.mtimeMs <= started);
}

/** Whether the APIs, the metadata service and the edge answer. */
async function answers(): Promise<boolean> {
  const urls = [
    `http://127.0.0.1:${ports.hetzner}/_sandbox/inventory`,
    `http://127.0.0.1:${ports.digitalocean}/_sandbox/inventory`,
    `http://127.0.0.1:${ports.cloudflare}/_sandbox/inventory`,
    `http://${addresses.gateway}:${ports.metadata}/`,
    `http://${addresses.gateway}:${ports.edgeHttp}/`,
  ];
  const asked = urls.map((url) =>
    fetch(url, { signal: AbortSignal.timeout(3000) }).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(asked)).every(Boolean);
}
