import type { ContainerArgs } from "@pulumi/docker/container";
import type { CustomResourceOptions, Input } from "@pulumi/pulumi";
import { secretsFolder, sliceName, stateFolder } from "./agentNames";

/** Where a container finds its secrets: one file each, named by its key. */
export const secretsMount = "/run/secrets";

/** What differs between two containers; everything else about them is the same. */
export interface Caged {
  /** Name of the container, and its host name. */
  name: string;
  /** Image by digest. */
  image: string;
  /** User and group id of every process inside. */
  uid: number;
  /** Memory limit in MiB; there is no swap on top. */
  memory: number;
  /** Processors that may be used at most, such as 0.5. Undefined: as many as are idle. */
  cpus?: number;
  /** Share of a busy processor, against 1024 for a process outside of containers. */
  cpuShares: number;
  /** Size of /tmp in MiB, taken from the memory limit. */
  tmpMemory: number;
  environment: Record<string, string>;
  /** Words of the command, or undefined for the image's. */
  command?: string[];
  /** Words of the command that asks for the container's health from inside. */
  health: string[];
  /** Directories that outlive the container, by name. */
  state: Record<string, string>;
  /** Seconds from start in which it may be unhealthy. */
  startSeconds: number;
  /** Seconds between the request to stop and the kill. */
  graceSeconds: number;
  /** The networks it is in; an alias is a name by which the others in that network find it. */
  networks: { name: Input<string>; alias?: string }[];
}

/**
 * The container in which every agent and connector runs: an unprivileged user on a read-only root file system, without
 * capabilities, published ports or a volume.
 *
 * Every property is written as the Docker provider reads it back. Where it looks redundant (`memorySwap`, both
 * `logOpts`, the form of a duration) leaving it out or writing it otherwise is a change at every run, or one that is
 * reported and never applied.
 */
export function cagedContainer(container: Caged): ContainerArgs {
  const variables = Object.entries(container.environment)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return {
    name: container.name,
    hostname: container.name,
    image: container.image,
    command: container.command,
    envs: variables.length > 0 ? variables : undefined,
    user: `${container.uid}:${container.uid}`,
    readOnly: true,
    init: true,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    tmpfs: { "/tmp": `rw,noexec,nosuid,nodev,size=${container.tmpMemory}m` },
    memory: container.memory,
    memorySwap: container.memory,
    cpus: container.cpus === undefined ? undefined : String(container.cpus),
    cpuShares: container.cpuShares,
    // The slice limits the number of processes, which Docker's provider cannot.
    cgroupParent: sliceName(container.name),
    networksAdvanced: container.networks.map(({ name, alias }) => ({ name, aliases: alias ? [alias] : undefined })),
    // Binds, not volumes: a source that is missing stops the container instead of giving it an empty directory.
    mounts: [
      { type: "bind", source: secretsFolder(container.name), target: secretsMount, readOnly: true },
      ...Object.entries(container.state).map(([name, target]) => ({
        type: "bind",
        source: `${stateFolder(container.name)}/${name}`,
        target,
      })),
    ],
    healthcheck: {
      tests: ["CMD", ...container.health],
      interval: "10s",
      timeout: "5s",
      retries: 3,
      startPeriod: goDuration(container.startSeconds),
    },
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    ulimits: [
      { name: "nofile", soft: 4096, hard: 8192 },
      { name: "core", soft: 0, hard: 0 },
    ],
    restart: "unless-stopped",
    destroyGraceSeconds: container.graceSeconds,
    wait: true,
    // Past its start a container may fail three checks before it counts as unhealthy.
    waitTimeout: container.startSeconds + 60,
  };
}

/**
 * Options of a caged container.
 *
 * Its name is fixed, so the old one has to go first; and what the provider takes for a change in place but never
 * applies has to replace it.
 */
export const cageOptions: CustomResourceOptions = {
  deleteBeforeReplace: true,
  replaceOnChanges: ["healthcheck", "tmpfs", "init", "rm", "cpuPeriod", "cpuQuota"],
};

/** Seconds as Go prints a duration, the only form that Docker's provider does not take for a change: 90 is "1m30s". */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
