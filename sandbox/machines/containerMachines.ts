import { existsSync } from "node:fs";
import os from "node:os";
import type Docker from "dockerode";
import type { MachineSpec, Machines } from "../clouds/machines";
import { dockerAt } from "../docker";
import { setFirewall } from "./firewall";

/** Where servers run, and what they are made of. */
export interface ContainerMachinesOptions {
  /** Unix socket of the Docker daemon. */
  socket: string;
  /** Docker network with the servers' addresses. */
  network: string;
  /** Image of a server, by the name of the cloud's image: `{"debian-12": "…"}`. */
  images: Record<string, string>;
  /** File on this computer that becomes the servers' /etc/resolv.conf. */
  resolvConf: string;
  /** Labels of every container and volume. */
  labels: Record<string, string>;
}

/** Name of a server's container; its volume has the suffix `-docker`. */
export function machineName(id: number): string {
  return `creel-server-${id}`;
}

/** Seconds that systemd is given to shut down before the machine loses its power. */
const shutdownSeconds = 60;

/** A server is a container whose first process is systemd. */
export function containerMachines(options: ContainerMachinesOptions): Machines {
  const docker = dockerAt(options.socket);
  const container = (id: number) => docker.getContainer(machineName(id));
  return {
    async create(machine) {
      const image = options.images[machine.image];
      if (!image) {
        const known = Object.keys(options.images).join(", ");
        throw new Error(`the sandbox has no image "${machine.image}" to boot (images: ${known})`);
      }
      // What a killed emulator left half made is made anew.
      await removeMachine(docker, machine.id);
      await docker.createVolume({ Name: volumeName(machine.id), Labels: options.labels });
      await docker.createContainer(containerSpec(machine, image, options, hostFacts()));
      await container(machine.id).start();
    },
    remove: (id) => removeMachine(docker, id),
    powerOn: (id) => container(id).start().catch(ignore(304)),
    powerOff: (id) => container(id).stop({ t: shutdownSeconds }).catch(ignore(304)),
    reboot: (id) => container(id).restart({ t: shutdownSeconds }),
    async status(id) {
      const found = await container(id).inspect().catch(ignore(404));
      if (!found) return "missing";
      return found.State.Running ? "running" : "off";
    },
    setFirewall,
  };
}

/** What of this computer decides how a container can be a machine. */
export interface HostFacts {
  /** Version of the control group hierarchy. */
  cgroup: 1 | 2;
  cores: number;
  appArmor: boolean;
}

export function hostFacts(): HostFacts {
  return {
    cgroup: existsSync("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1,
    cores: os.cpus().length,
    appArmor: existsSync("/sys/kernel/security/apparmor"),
  };
}

/**
 * The container that is a server.
 *
 * It has every capability but CAP_SYS_RESOURCE, which the caller itself may lack: that is enough for systemd, a packet
 * filter and a Docker daemon of its own. /run, /run/lock and /tmp are as fresh after a reboot as on any machine.
 */
export function containerSpec(
  machine: MachineSpec,
  image: string,
  options: ContainerMachinesOptions,
  host: HostFacts,
): Docker.ContainerCreateOptions {
  const cgroups =
    host.cgroup === 1
      ? { CgroupnsMode: "host" as const, binds: ["/sys/fs/cgroup:/sys/fs/cgroup:rw"], command: ["/sbin/init"] }
      : {
          CgroupnsMode: "private" as const,
          binds: [],
          // Docker mounts the container's own hierarchy read-only; it is the container's to write.
          command: ["/bin/sh", "-c", "mount -o remount,bind,rw /sys/fs/cgroup && exec /sbin/init"],
        };
  return {
    name: machineName(machine.id),
    Hostname: machine.name,
    Image: image,
    Cmd: cgroups.command,
    Env: ["container=docker"],
    StopSignal: "SIGRTMIN+3",
    Labels: { ...options.labels, "creel.sandbox.server": machine.name },
    HostConfig: {
      Binds: [
        ...cgroups.binds,
        `${volumeName(machine.id)}:/var/lib/docker`,
        `${options.resolvConf}:/etc/resolv.conf:ro`,
      ],
      CgroupnsMode: cgroups.CgroupnsMode,
      Tmpfs: {
        "/run": "rw,nosuid,nodev,mode=755",
        "/run/lock": "rw,nosuid,nodev,noexec",
        "/tmp": "rw,nosuid,nodev,exec",
      },
      CapAdd: ["ALL"],
      CapDrop: ["SYS_RESOURCE"],
      SecurityOpt: ["seccomp=unconfined", ...(host.appArmor ? ["apparmor=unconfined"] : [])],
      Memory: machine.memoryMiB * 1024 * 1024,
      MemorySwap: machine.memoryMiB * 1024 * 1024,
      // Docker refuses more processors than there are.
      NanoCpus: Math.min(machine.cores, host.cores) * 1e9,
      NetworkMode: machine.ipv4 ? options.network : "none",
      // A reboot from inside, or of this computer, ends the container; switched off by the cloud, it stays off.
      RestartPolicy: { Name: "unless-stopped" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    } as Docker.HostConfig,
    NetworkingConfig: machine.ipv4
      ? { EndpointsConfig: { [options.network]: { IPAMConfig: { IPv4Address: machine.ipv4 } } } }
      : undefined,
  };
}

async function removeMachine(docker: Docker, id: number): Promise<void> {
  await docker.getContainer(machineName(id)).remove({ force: true, v: true }).catch(ignore(404));
  await docker.getVolume(volumeName(id)).remove({ force: true }).catch(ignore(404));
}

function volumeName(id: number): string {
  return `${machineName(id)}-docker`;
}

/** Lets one answer of Docker's API pass that only says that nothing was to be done. */
function ignore(status: number) {
  return (error: { statusCode?: number }): undefined => {
    if (error.statusCode !== status) throw error;
    return undefined;
  };
}
