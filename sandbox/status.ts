import type { Inventory } from "./clouds/api";
import { answers, dockerAt } from "./docker";
import { daemonProcess } from "./dockerDaemon";
import { emulatorProcess } from "./emulators";
import { findProgram } from "./hostPackages";
import { ports } from "./network";
import { missingRules, packetRules } from "./packetRules";
import { networkName, sandboxFiles, sandboxId, sandboxLabel } from "./paths";
import { recordedChoice } from "./preflight";
import { worldContainer } from "./worldContainer";
import { readWorld } from "./worldFile";

/** One part of the sandbox as it is now. */
export interface PartStatus {
  name: string;
  state: "running" | "stopped" | "missing";
  /** Address, process or count: what helps to find it. */
  detail: string;
}

/** The sandbox as it is now. */
export interface WorldStatus {
  /** Whether every part runs. Servers do not count: they may be switched off. */
  up: boolean;
  folder: string;
  parts: PartStatus[];
  servers: PartStatus[];
  /** What the emulated clouds hold, by cloud and kind; empty when they do not run. */
  inventory: Record<string, Inventory>;
}

/** Looks at every part of the sandbox without changing anything. */
export async function worldStatus(): Promise<WorldStatus> {
  const choice = await recordedChoice();
  const parts: PartStatus[] = [];
  const servers: PartStatus[] = [];
  const dockerUp = choice !== undefined && (await answers(choice.socket)).ok;
  const own = choice?.ownDaemon ? await daemonProcess() : undefined;
  parts.push({
    name: "Docker daemon",
    state: dockerUp ? "running" : choice ? "stopped" : "missing",
    detail: choice ? `${choice.socket}${own ? ` (the sandbox's own, pid ${own.pid})` : ""}` : "",
  });
  const world: PartStatus = { name: worldContainer, state: "missing", detail: "name server and registry" };
  const network: PartStatus = { name: "network", state: "missing", detail: networkName };
  if (dockerUp) {
    const docker = dockerAt(choice.socket);
    const filters = { label: [`${sandboxLabel}=${sandboxId()}`] };
    if ((await docker.listNetworks({ filters })).length > 0) network.state = "running";
    for (const container of await docker.listContainers({ all: true, filters })) {
      const name = container.Names[0]!.slice(1);
      const state = container.State === "running" ? "running" : "stopped";
      if (name === worldContainer) world.state = state;
      else {
        const address = container.NetworkSettings.Networks[networkName]?.IPAMConfig as { IPv4Address?: string } | null;
        const detail = [container.Labels["creel.sandbox.server"], address?.IPv4Address].filter(Boolean).join(" ");
        servers.push({ name, state, detail });
      }
    }
  }
  parts.push(network, world);
  parts.push(await rulesStatus(choice?.ownDaemon ?? false));
  const emulators = await emulatorProcess();
  parts.push({
    name: "clouds",
    state: emulators === undefined ? "missing" : "running",
    detail:
      emulators === undefined
        ? ""
        : `Hetzner :${ports.hetzner}, DigitalOcean :${ports.digitalocean}, Cloudflare :${ports.cloudflare}, pid ${emulators}`,
  });
  const there = await readWorld();
  parts.push({
    name: "edge",
    state: there && (await edgeAnswers(there.edge.address)) ? "running" : "missing",
    detail: there ? `${there.edge.address}, connector: ${there.connector}` : "",
  });
  return {
    up: there !== undefined && parts.every((part) => part.state === "running"),
    folder: sandboxFiles().folder,
    parts,
    servers,
    inventory: emulators === undefined ? {} : await inventory(),
  };
}

/** Whether it is the edge that answers at its address: it listens elsewhere, and rules lead there. */
async function edgeAnswers(address: string): Promise<boolean> {
  return fetch(`http://${address}/`, { redirect: "manual", signal: AbortSignal.timeout(3000) }).then(
    ({ headers }) => headers.get("server") === "cloudflare",
    () => false,
  );
}

/** Some of the rules are as bad as none: what they lead to is then cut off. */
async function rulesStatus(ownDaemon: boolean): Promise<PartStatus> {
  const wanted = packetRules(ownDaemon).length;
  const canLook = findProgram("iptables") !== undefined && process.getuid?.() === 0;
  const missing = canLook ? (await missingRules(ownDaemon)).length : wanted;
  const state = missing === 0 ? "running" : "missing";
  return { name: "packet filter rules", state, detail: `${wanted - missing} of ${wanted}` };
}

async function inventory(): Promise<Record<string, Inventory>> {
  const clouds = { hetzner: ports.hetzner, digitalocean: ports.digitalocean, cloudflare: ports.cloudflare };
  const asked = Object.entries(clouds).map(async ([name, port]) => {
    const url = `http://127.0.0.1:${port}/_sandbox/inventory`;
    const held = await fetch(url, { signal: AbortSignal.timeout(3000) }).then(
      (answer) => answer.json() as Promise<Inventory>,
      () => ({}),
    );
    return [name, held] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}
