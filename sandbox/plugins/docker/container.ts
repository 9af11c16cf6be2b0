import type Dockerode from "dockerode";
import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import { type Call, PartialFailure, type Props, type ResourceHandler } from "../framework/provider";
import { atLeast, type DockerHost, daemonMessage, isNotFound } from "./client";
import { containerFaults, tooNewSettings } from "./containerCheck";
import { connectNetworks } from "./containerNetworks";
import { changeableLimits, containerSpec } from "./containerSpec";
import { readContainer } from "./containerState";
import { waitUntilHealthy } from "./containerWait";
import { ensureImage } from "./image";
import { CONTAINER, inputPlace } from "./tokens";
import { flag, isZero, number, text } from "./values";

/**
 * What a change of these really does: Docker's update call knows them. `mustRun` turning true starts the container.
 * Everything else that the provider accepts without replacing (healthcheck, tmpfs, init, rm, cpuPeriod, cpuQuota, wait,
 * …) is only written down; the next refresh shows that it never happened, exactly as with the real provider.
 */
const UPDATED = [
  "restart",
  "maxRetryCount",
  "cpuShares",
  "cpuSet",
  "memory",
  "memoryReservation",
  "memorySwap",
  "deviceReadBps",
  "deviceReadIops",
  "deviceWriteBps",
  "deviceWriteIops",
];

/** Taken from the image when the program says nothing; what is read back is no change then. */
const FROM_IMAGE = ["user", "workingDir"];

export const container: ResourceHandler<DockerHost> = {
  nameProperty: "name",
  check: (_host, inputs) => containerFaults(inputs),
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  equal: (path, old, fresh) => (FROM_IMAGE.includes(path) && isZero(fresh) && old !== undefined ? true : undefined),

  async create(host, inputs, call) {
    const docker = await host.client();
    await refuseTooNew(host, inputs);
    await ensureImage(host, text(inputs.image), call).catch((error) => {
      throw new Error(`Unable to create container with image ${text(inputs.image)}: ${error.message}`);
    });
    const id = await createContainer(docker, inputs, call);
    const created = docker.getContainer(id);
    try {
      await connectNetworks(docker, id, inputs.networksAdvanced, call.signal);
      if (flag(inputs.start)) await startContainer(created, inputs, call);
    } catch (error) {
      // It exists: the engine must know of it, or nothing would ever remove it.
      throw new PartialFailure(id, { ...inputs, name: inputs.name }, [(error as Error).message]);
    }
    const info = await inspect(created);
    return { id, outputs: { ...inputs, ...readContainer(info, inputs) } };
  },

  async read(host, id, state, inputs) {
    const docker = await host.client();
    const info = await inspect(docker.getContainer(id)).catch((error) => {
      if (isNotFound(error.cause)) return undefined;
      throw error;
    });
    if (!info) return undefined;
    const outputs = { ...state, ...readContainer(info, state) };
    const importing = Object.keys(inputs).length === 0;
    const drift = importing ? {} : unaskedSettings(outputs, inputs, inputPlace(CONTAINER));
    for (const name of FROM_IMAGE) delete drift[name];
    return { id: info.Id, outputs, drift };
  },

  async update(host, id, state, news, call) {
    const docker = await host.client();
    const existing = docker.getContainer(id);
    if (!flag(state.mustRun) && flag(news.mustRun) && flag(news.start)) {
      await existing.start({ abortSignal: call.signal }).catch((error) => {
        throw new Error(`Unable to start container: ${daemonMessage(error)}`);
      });
    }
    if (UPDATED.some((name) => JSON.stringify(state[name] ?? null) !== JSON.stringify(news[name] ?? null))) {
      const restart = { Name: text(news.restart), MaximumRetryCount: number(news.maxRetryCount) };
      await existing.update({ ...changeableLimits(news), RestartPolicy: restart }).catch((error) => {
        throw new Error(`Unable to update a container: ${daemonMessage(error)}`);
      });
    }
    return { ...computedOnly(state), ...news };
  },

  async delete(host, id, state, call) {
    const docker = await host.client();
    const doomed = docker.getContainer(id);
    if (!flag(state.attach)) {
      // Without a grace period Docker kills at once; the provider asks for exactly that.
      await tolerate(doomed.stop({ t: number(state.destroyGraceSeconds) }), `Error stopping container ${id}`);
    }
    const removal = doomed.remove({ v: state.removeVolumes !== false, force: true });
    await tolerate(removal, `Error deleting container ${id}`);
    const condition = flag(state.rm) ? "removed" : "not-running";
    await tolerate(doomed.wait({ condition, abortSignal: call.signal }), `Error waiting for container removal '${id}'`);
  },
};

async function createContainer(docker: Dockerode, inputs: Props, call: Call): Promise<string> {
  try {
    const query = { name: text(inputs.name), ...(inputs.platform ? { platform: text(inputs.platform) } : {}) };
    // The library sends `_query` in the address and `_body` as the body when they are given apart.
    const options = { _query: query, _body: containerSpec(inputs), abortSignal: call.signal };
    return (await docker.createContainer(options as Dockerode.ContainerCreateOptions)).id;
  } catch (error) {
    throw new Error(`Unable to create container: ${daemonMessage(error)}`);
  }
}

async function startContainer(created: Dockerode.Container, inputs: Props, call: Call): Promise<void> {
  await created.start({ abortSignal: call.signal }).catch((error) => {
    throw new Error(`Unable to start container: ${daemonMessage(error)}`);
  });
  if (flag(inputs.wait)) await waitUntilHealthy(created, number(inputs.waitTimeout), call.signal);
}

/** What the daemon would silently ignore because its API is older than the setting. */
async function refuseTooNew(host: DockerHost, inputs: Props): Promise<void> {
  const settings = tooNewSettings(inputs);
  if (settings.length === 0) return;
  const version = await host.apiVersion();
  const refused = settings.find((setting) => !atLeast(version, setting.since));
  if (refused) throw new Error(`${refused.message}, but the Docker daemon API version is ${version}`);
}

async function inspect(container: Dockerode.Container): Promise<Dockerode.ContainerInspectInfo> {
  try {
    return await container.inspect();
  } catch (error) {
    throw new Error(daemonMessage(error), { cause: error });
  }
}

/** A container that is already gone, or going, is what a delete wants. */
async function tolerate(work: Promise<unknown>, what: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    const notModified = (error as { statusCode?: number }).statusCode === 304;
    const message = daemonMessage(error);
    if (notModified || isNotFound(error) || /No such container|is already in progress/.test(message)) return;
    throw new Error(`${what}: ${message}`);
  }
}

/** Of the old state, what the program cannot set. */
function computedOnly(state: Props): Props {
  const settable = inputPlace(CONTAINER).properties;
  return Object.fromEntries(
    Object.entries(state).filter(
      ([name]) => !(name in settable) || inputPlace(CONTAINER).child(name)?.upstream.optComp === 1,
    ),
  );
}
