import type { Readable } from "node:stream";
import type Dockerode from "dockerode";
import type { Call, Fault, Props, ResourceHandler } from "../framework/provider";
import { type DockerHost, daemonMessage, isNotFound } from "./client";
import { flag, isZero, text } from "./values";

/** An image pulled to a daemon. Present ones are not pulled again; one found by digest is the same wherever it comes from. */
export const remoteImage: ResourceHandler<DockerHost> = {
  check: (_host, inputs) => imageFaults(inputs),

  async create(host, inputs, call) {
    const info = await ensureImage(host, text(inputs.name), call, text(inputs.platform)).catch((error) => {
      throw new Error(`Unable to read Docker image into resource: ${error.message}`);
    });
    return { id: imageId(info, inputs), outputs: { ...inputs, ...imageOutputs(info, text(inputs.name)) } };
  },

  async read(host, _id, state) {
    const docker = await host.client();
    const name = text(state.name);
    const info = await inspectImage(docker, name);
    if (!info) return undefined;
    return { id: imageId(info, state), outputs: { ...state, ...imageOutputs(info, name) } };
  },

  async update(host, _id, state, news, call) {
    const info = await ensureImage(host, text(news.name), call, text(news.platform));
    return { ...state, ...news, ...imageOutputs(info, text(news.name)) };
  },

  async delete(host, _id, state) {
    if (flag(state.keepLocally)) return;
    const docker = await host.client();
    const image = docker.getImage(text(state.name));
    await image.remove({ force: flag(state.forceRemove) }).catch((error) => {
      if (!isNotFound(error)) throw new Error(`Unable to remove Docker image: ${daemonMessage(error)}`);
    });
  },
};

function imageFaults(inputs: Props): Fault[] {
  if (isZero(inputs.build)) return [];
  return [{ property: "build", reason: "building images is not supported by this plugin; pull one from a registry" }];
}

/** The provider appends the name, because two names of one image are two resources. */
function imageId(info: Dockerode.ImageInspectInfo, props: Props): string {
  return info.Id + text(props.name);
}

function imageOutputs(info: Dockerode.ImageInspectInfo, name: string): Props {
  return { imageId: info.Id, repoDigest: repoDigest(info.RepoDigests ?? [], name) };
}

/** The digest under which the image's own repository knows it; "" for images that never came from or went to one. */
export function repoDigest(digests: string[], name: string): string {
  const repository = repositoryOf(name);
  return digests.find((digest) => repositoryOf(digest) === repository) ?? digests[0] ?? "";
}

function repositoryOf(reference: string): string {
  const bare = reference.replace(/@.*$/, "");
  const tag = bare.lastIndexOf(":");
  return tag > bare.lastIndexOf("/") ? bare.slice(0, tag) : bare;
}

/**
 * The image by its name, pulled if the daemon does not have it.
 *
 * @throws Error in Docker's words.
 */
export async function ensureImage(
  host: DockerHost,
  name: string,
  call: Call,
  platform = "",
): Promise<Dockerode.ImageInspectInfo> {
  const docker = await host.client();
  const present = await inspectImage(docker, name);
  if (present) return present;
  await pull(host, docker, name, platform, call);
  const pulled = await inspectImage(docker, name);
  if (!pulled) throw new Error(`unable to find or pull image ${name}`);
  return pulled;
}

async function inspectImage(docker: Dockerode, name: string): Promise<Dockerode.ImageInspectInfo | undefined> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new Error(`unable to inspect image ${name}: ${daemonMessage(error)}`);
  }
}

interface Progress {
  status?: string;
  id?: string;
  progress?: string;
  error?: string;
}

async function pull(host: DockerHost, docker: Dockerode, name: string, platform: string, call: Call): Promise<void> {
  const fail = (message: string) => new Error(`unable to pull image ${name}: error pulling image ${name}: ${message}`);
  const options = {
    authconfig: host.credentials(name),
    abortSignal: call.signal,
    ...(platform ? { platform } : {}),
  };
  const stream = (await docker.pull(name, options).catch((error) => {
    throw fail(daemonMessage(error));
  })) as unknown as Readable;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error, lines: Progress[] | null) => {
        const failed = error?.message ?? lines?.find((line) => line.error)?.error;
        if (failed) reject(fail(failed));
        else resolve();
      },
      (line: Progress) => {
        if (line.status) call.log("info", [line.id, line.status, line.progress].filter(Boolean).join(" "), true);
      },
    );
  });
}
