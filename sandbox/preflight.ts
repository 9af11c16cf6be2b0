import { readFile } from "node:fs/promises";
import { aptSettings } from "./baseImage";
import { currentRouteFaults, nameFaults, portFaults } from "./checks";
import { answers, type DockerChoice, findDocker } from "./docker";
import { privateDaemonFaults } from "./dockerDaemon";
import { emulatorProcess } from "./emulators";
import { refuseFaults, type SandboxFault } from "./faults";
import { programFault } from "./hostPackages";
import { addresses, ports } from "./network";
import { bridgeName, sandboxFiles } from "./paths";

/**
 * Checks everything the sandbox needs of this computer, and refuses with all faults at once.
 *
 * @returns the daemon to use; undefined when one of the sandbox's own has to be started
 */
export async function preflight(): Promise<DockerChoice | undefined> {
  if (process.platform !== "linux") {
    refuseFaults([{ path: process.platform, found: "cannot run Linux servers", remedy: "use a Linux computer" }]);
  }
  const faults: (SandboxFault | undefined)[] = rootFaults();
  const docker = await chooseDocker();
  faults.push(...docker.faults);
  faults.push(programFault("iptables", "for the sandbox's network"), programFault("nft", "for the cloud's firewalls"));
  faults.push(programFault("ip", "for the address of the sandbox's Cloudflare edge"));
  faults.push(programFault("ssh", "to deploy onto its servers"));
  faults.push(...currentRouteFaults(addresses.subnet, bridgeName));
  faults.push(...(await nameFaults((await aptSettings()).hosts, addresses.subnet)));
  if (!(await emulatorProcess())) {
    const taken = [
      { port: ports.hetzner, purpose: "the sandbox's Hetzner Cloud API" },
      { port: ports.digitalocean, purpose: "the sandbox's DigitalOcean API" },
      { port: ports.cloudflare, purpose: "the sandbox's Cloudflare API" },
    ];
    faults.push(...(await portFaults("127.0.0.1", taken)));
    // These are listened on at the network's own address, which does not exist yet: only who has all addresses is in the way.
    const onNetwork = [
      { port: ports.metadata, purpose: "the servers' metadata service" },
      { port: ports.edgeHttps, purpose: "the sandbox's Cloudflare edge" },
      { port: ports.edgeHttp, purpose: "the sandbox's Cloudflare edge" },
      { port: ports.edgeTunnel, purpose: "the sandbox's Cloudflare edge, for tunnels" },
    ];
    faults.push(...(await portFaults("0.0.0.0", onNetwork)));
  }
  refuseFaults(faults.filter((fault) => fault !== undefined));
  return docker.choice;
}

/** The sandbox changes the computer's network, which only root can. */
export function rootFaults(): SandboxFault[] {
  if (process.getuid?.() === 0) return [];
  const remedy = "run it as root: it makes a network, its packet filter rules, and servers that are whole machines";
  return [{ path: "user", found: `${process.env.USER ?? process.getuid?.()} is not root`, remedy }];
}

/** The daemon that the sandbox is in already, or else the first that answers. */
async function chooseDocker(): Promise<{ choice?: DockerChoice; faults: SandboxFault[] }> {
  const present = await recordedChoice();
  if (present?.ownDaemon) return { faults: await privateDaemonFaults() };
  if (present) {
    if ((await answers(present.socket)).ok) return { choice: present, faults: [] };
    const remedy = "start that daemon: the sandbox's containers and images are in it";
    return { faults: [{ path: present.socket, found: "does not answer", remedy }] };
  }
  const { choice, fault } = await findDocker();
  if (fault) return { faults: [fault] };
  return choice ? { choice, faults: [] } : { faults: await privateDaemonFaults() };
}

/** The daemon that the sandbox was put into by an earlier `up`. */
export async function recordedChoice(): Promise<DockerChoice | undefined> {
  const text = await readFile(sandboxFiles().dockerChoice, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as DockerChoice);
}
