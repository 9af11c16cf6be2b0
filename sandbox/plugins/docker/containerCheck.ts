import type { Fault, Props } from "../framework/provider";
import { hasUnknown } from "../framework/values";
import { blocks, isZero, texts } from "./values";

/** Inputs of the real provider that this plugin does not carry out: refused, because ignoring them would be worse. */
const UNSUPPORTED: Record<string, string> = {
  uploads: "copying files into a container is not supported by this plugin; mount a file or directory instead",
  attach: "waiting for a container to end is not supported by this plugin",
  logs: "collecting a container's logs is not supported by this plugin",
};

/** What can be told about a container before anything exists; values may be unknown. */
export function containerFaults(inputs: Props): Fault[] {
  const faults: Fault[] = [];
  for (const [property, reason] of Object.entries(UNSUPPORTED)) {
    if (!isZero(inputs[property])) faults.push({ property, reason });
  }
  if (!hasUnknown(inputs.command) && texts(inputs.command).includes("")) {
    faults.push({ property: "command", reason: "values for command may not be empty" });
  }
  if (typeof inputs.gpus === "string" && inputs.gpus !== "" && inputs.gpus !== "all") {
    faults.push({ property: "gpus", reason: 'only "all" is supported by this plugin' });
  }
  if (!isZero(inputs.gpus) && !isZero(inputs.deviceRequests)) {
    faults.push({ property: "deviceRequests", reason: "conflicts with gpus" });
  }
  const cgroups = inputs.cgroupnsMode;
  if (typeof cgroups === "string" && !["", "private", "host"].includes(cgroups)) {
    faults.push({
      property: "cgroupnsMode",
      reason: "cgroupns_mode: invalid CGROUP mode, must be either 'private', 'host' or empty",
    });
  }
  return [...faults, ...volumeFaults(inputs)];
}

function volumeFaults(inputs: Props): Fault[] {
  return blocks(inputs.volumes).flatMap((volume, index) => {
    if (hasUnknown(volume)) return [];
    const property = `volumes[${index}]`;
    if (!volume.fromContainer && !volume.containerPath) {
      return [{ property, reason: "volume entry without container path or source container" }];
    }
    if (volume.fromContainer && volume.containerPath) {
      return [{ property, reason: "both a container and a path specified in a volume entry" }];
    }
    return [];
  });
}

/** A setting that needs a newer Docker API than the oldest one supported. */
export interface NewSetting {
  since: string;
  message: string;
}

/** The settings of a container that an older daemon would ignore or refuse. */
export function tooNewSettings(inputs: Props): NewSetting[] {
  const settings: NewSetting[] = [];
  const check = inputs.healthcheck as Props | undefined;
  if (check?.startInterval !== undefined && !["", "0", "0s"].includes(String(check.startInterval))) {
    settings.push({
      since: "1.44",
      message: 'Unable to create container: "specify health-check start interval" requires API version 1.44',
    });
  }
  // The provider asks for this version as soon as volume options are given at all.
  if (blocks(inputs.mounts).some((mount) => mount.type === "volume" && !isZero(mount.volumeOptions))) {
    settings.push({
      since: "1.45",
      message: "Setting VolumeOptions.Subpath requires docker version 1.45 or higher",
    });
  }
  return settings;
}
