import { rm, rmdir } from "node:fs/promises";
import { answers, type DockerChoice, dockerAt } from "./docker";
import { clearDaemon, startDaemon, stopDaemon } from "./dockerDaemon";
import { stopEmulators } from "./emulators";
import { refuseFaults, SandboxError } from "./faults";
import { removeImages } from "./images";
import { removeFirewall } from "./machines/firewall";
import { removeNetwork } from "./network";
import { removeRules } from "./packetRules";
import { sandboxFiles, sandboxId, sandboxLabel } from "./paths";
import { recordedChoice, rootFaults } from "./preflight";
import { type Report, withSandboxLock } from "./up";

/**
 * Removes the sandbox: servers and everything else it runs, its network, rules and processes, and what the emulated
 * clouds hold. The images and the certificate authority stay, so that the next `up` is quick.
 *
 * @param options.purge removes images, certificates and tokens as well
 */
export async function worldDown(report: Report, options: { purge?: boolean } = {}): Promise<void> {
  refuseFaults(rootFaults());
  const files = sandboxFiles();
  await withSandboxLock(report, async () => {
    const choice = await recordedChoice();
    if (choice) await requireDocker(choice, report);
    report("stopping the clouds' APIs");
    await stopEmulators();
    if (choice) await clearDocker(choice, report, options.purge ?? false);
    await removeRules();
    await removeFirewall();
    await stopDaemon();
    await clearDaemon();
    await remove(files.world, files.dockerChoice, files.resolvConf, files.build, files.browser);
    await remove(files.clouds.state, files.clouds.config, files.clouds.log, files.clouds.pid);
    if (options.purge) await remove(files.daemon.data, files.certificates, files.tokens);
  });
  for (const folder of [files.daemonFolder, files.folder]) await rmdir(folder).catch(() => undefined);
}

/** What is in Docker can only be removed by Docker: a daemon of the sandbox's own that stopped is started once more. */
async function requireDocker(choice: DockerChoice, report: Report): Promise<void> {
  if (choice.ownDaemon) {
    await startDaemon(report);
  } else if (!(await answers(choice.socket)).ok) {
    const remedy = "start that daemon: the sandbox's containers are in it";
    throw new SandboxError([{ path: choice.socket, found: "does not answer", remedy }]);
  }
}

async function clearDocker(choice: DockerChoice, report: Report, purge: boolean): Promise<void> {
  const docker = dockerAt(choice.socket);
  const filters = { label: [`${sandboxLabel}=${sandboxId()}`] };
  // In a daemon of its own everything is the sandbox's, also what a killed build left behind.
  const mine = choice.ownDaemon ? {} : filters;
  for (const { Id, Names } of await docker.listContainers({ all: true, filters: mine })) {
    report(`removing container ${Names[0]?.slice(1) ?? Id}`);
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(unlessGoing);
  }
  for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? []) {
    await docker.getVolume(Name).remove();
  }
  report("removing the network");
  await removeNetwork(docker);
  if (purge) await removeImages(docker);
}

/** A server that its cloud was just removing is gone already (404), or about to be (409). */
function unlessGoing(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

async function remove(...paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true });
}
