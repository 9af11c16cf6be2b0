import { parseGoDuration } from "../framework/goDuration";
import type { Props } from "../framework/provider";
import { block, blocks, flag, isZero, labelMap, number, text, textMap, texts, withoutZeros } from "./values";

const MIB = 1024 * 1024;

/**
 * The body of `POST /containers/create` for a container's inputs.
 *
 * Networks of its own (`networksAdvanced`) are not in it: the container is created on its network mode, taken off the
 * bridge and connected to them one by one, because that is what the provider does.
 *
 * @throws Error for a number of CPUs that is not a whole number of billionths.
 */
export function containerSpec(inputs: Props): Record<string, unknown> {
  const { exposed, bindings } = portMaps(inputs.ports);
  const volumes = volumeEntries(inputs.volumes);
  return {
    Image: text(inputs.image),
    Hostname: text(inputs.hostname),
    Domainname: text(inputs.domainname),
    User: text(inputs.user),
    Tty: flag(inputs.tty),
    OpenStdin: flag(inputs.stdinOpen),
    WorkingDir: text(inputs.workingDir),
    StopSignal: text(inputs.stopSignal) || undefined,
    StopTimeout: number(inputs.stopTimeout) || undefined,
    Env: isZero(inputs.envs) ? undefined : texts(inputs.envs),
    Cmd: isZero(inputs.command) ? undefined : texts(inputs.command),
    Entrypoint: isZero(inputs.entrypoints) ? undefined : texts(inputs.entrypoints),
    Labels: isZero(inputs.labels) ? undefined : labelMap(inputs.labels),
    Healthcheck: healthcheck(block(inputs.healthcheck)),
    ExposedPorts: exposed,
    Volumes: volumes.anonymous,
    HostConfig: { ...hostConfig(inputs), PortBindings: bindings, Binds: volumes.binds, VolumesFrom: volumes.from },
  };
}

function hostConfig(inputs: Props): Record<string, unknown> {
  const capabilities = block(inputs.capabilities);
  return {
    ...resourceLimits(inputs),
    ...security(texts(inputs.securityOpts)),
    NetworkMode: text(inputs.networkMode),
    RestartPolicy: { Name: text(inputs.restart), MaximumRetryCount: number(inputs.maxRetryCount) },
    LogConfig: { Type: text(inputs.logDriver), Config: isZero(inputs.logOpts) ? undefined : textMap(inputs.logOpts) },
    Privileged: flag(inputs.privileged),
    PublishAllPorts: flag(inputs.publishAllPorts),
    AutoRemove: flag(inputs.rm),
    ReadonlyRootfs: flag(inputs.readOnly),
    Init: flag(inputs.init),
    Runtime: text(inputs.runtime) || undefined,
    CapAdd: capabilities ? canonicalCapabilities(capabilities.adds) : undefined,
    CapDrop: capabilities ? canonicalCapabilities(capabilities.drops) : undefined,
    Mounts: blocks(inputs.mounts).map(mountSpec),
    Tmpfs: isZero(inputs.tmpfs) ? undefined : textMap(inputs.tmpfs),
    ExtraHosts: blocks(inputs.hosts).map((entry) => `${text(entry.host)}:${text(entry.ip)}`),
    Dns: texts(inputs.dns),
    DnsOptions: texts(inputs.dnsOpts),
    DnsSearch: texts(inputs.dnsSearches),
    GroupAdd: texts(inputs.groupAdds),
    Sysctls: isZero(inputs.sysctls) ? undefined : textMap(inputs.sysctls),
    StorageOpt: isZero(inputs.storageOpts) ? undefined : textMap(inputs.storageOpts),
    IpcMode: text(inputs.ipcMode) || undefined,
    PidMode: text(inputs.pidMode) || undefined,
    UsernsMode: text(inputs.usernsMode) || undefined,
    CgroupnsMode: text(inputs.cgroupnsMode) || undefined,
    CgroupParent: text(inputs.cgroupParent) || undefined,
    ShmSize: number(inputs.shmSize) * MIB || undefined,
    Devices: blocks(inputs.devices).map((device) => ({
      PathOnHost: text(device.hostPath),
      PathInContainer: text(device.containerPath) || text(device.hostPath),
      CgroupPermissions: text(device.permissions) || "rwm",
    })),
    DeviceCgroupRules: isZero(inputs.deviceCgroupRules) ? undefined : texts(inputs.deviceCgroupRules),
    DeviceRequests: deviceRequests(inputs),
    Ulimits: blocks(inputs.ulimits).map((limit) => ({
      Name: text(limit.name),
      Soft: number(limit.soft),
      Hard: number(limit.hard),
    })),
  };
}

/**
 * Capabilities as Docker's own client sends them: upper case, with CAP_, sorted, each once. The daemon gives back what it
 * got, so any other spelling in a program shows as a change.
 */
function canonicalCapabilities(names: unknown): string[] {
  const canonical = texts(names).map((name) => {
    const upper = name.toUpperCase();
    return upper === "ALL" || upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  });
  return [...new Set(canonical)].sort();
}

/** The limits that Docker can also change on a running container. Memory is given in MiB; a swap of -1 is unlimited. */
export function changeableLimits(inputs: Props): Record<string, unknown> {
  const swap = number(inputs.memorySwap);
  return {
    CpuShares: number(inputs.cpuShares),
    Memory: number(inputs.memory) * MIB,
    MemoryReservation: number(inputs.memoryReservation) * MIB,
    ...(swap === 0 ? {} : { MemorySwap: swap > 0 ? swap * MIB : swap }),
    CpusetCpus: text(inputs.cpuSet),
    BlkioDeviceReadBps: throttles(inputs.deviceReadBps),
    BlkioDeviceReadIOps: throttles(inputs.deviceReadIops),
    BlkioDeviceWriteBps: throttles(inputs.deviceWriteBps),
    BlkioDeviceWriteIOps: throttles(inputs.deviceWriteIops),
  };
}

function resourceLimits(inputs: Props): Record<string, unknown> {
  const limits = changeableLimits(inputs);
  if (!isZero(inputs.cpus)) return { ...limits, NanoCpus: nanoCpus(text(inputs.cpus)) };
  return { ...limits, CpuPeriod: number(inputs.cpuPeriod), CpuQuota: number(inputs.cpuQuota) };
}

/** Billionths of a CPU for a decimal text such as "0.5". */
export function nanoCpus(cpus: string): number {
  const match = /^\+?(\d*)(?:\.(\d*))?$/.exec(cpus.trim());
  if (!match || (match[1] === "" && !match[2]))
    throw new Error(`Error setting cpus: failed to parse ${cpus} as a rational number`);
  const fraction = match[2] ?? "";
  if (/[1-9]/.test(fraction.slice(9))) throw new Error("Error setting cpus: value is too precise");
  return Number(match[1] || 0) * 1e9 + Number(fraction.slice(0, 9).padEnd(9, "0"));
}

function throttles(list: unknown): unknown[] | undefined {
  return isZero(list) ? undefined : blocks(list).map((entry) => ({ Path: text(entry.path), Rate: number(entry.rate) }));
}

/** `systempaths=unconfined` is the client's business: it empties the two path lists and is not sent. */
function security(options: string[]): Record<string, unknown> {
  const sent = options.filter((option) => option !== "systempaths=unconfined");
  const open = sent.length < options.length ? { MaskedPaths: [], ReadonlyPaths: [] } : {};
  return { ...(options.length > 0 ? { SecurityOpt: sent } : {}), ...open };
}

function healthcheck(check: Props | undefined): Record<string, unknown> | undefined {
  if (!check) return undefined;
  const nanoseconds = (value: unknown) => parseGoDuration(text(value) || "0s") ?? 0;
  return {
    Test: texts(check.tests),
    Interval: nanoseconds(check.interval),
    Timeout: nanoseconds(check.timeout),
    StartPeriod: nanoseconds(check.startPeriod),
    StartInterval: nanoseconds(check.startInterval) || undefined,
    Retries: number(check.retries),
  };
}

function mountSpec(mount: Props): Record<string, unknown> {
  const spec = {
    Type: text(mount.type),
    Target: text(mount.target),
    Source: text(mount.source),
    ReadOnly: flag(mount.readOnly),
  };
  const bind = block(mount.bindOptions);
  const volume = block(mount.volumeOptions);
  const tmpfs = block(mount.tmpfsOptions);
  if (mount.type === "bind" && bind)
    return { ...spec, BindOptions: { Propagation: text(bind.propagation) || undefined } };
  if (mount.type === "tmpfs" && tmpfs) {
    return { ...spec, TmpfsOptions: { SizeBytes: number(tmpfs.sizeBytes), Mode: number(tmpfs.mode) } };
  }
  if (mount.type !== "volume" || !volume) return spec;
  const driver = withoutZeros({ Name: text(volume.driverName), Options: textMap(volume.driverOptions) });
  return {
    ...spec,
    VolumeOptions: {
      NoCopy: flag(volume.noCopy),
      Labels: labelMap(volume.labels),
      Subpath: text(volume.subpath) || undefined,
      DriverConfig: isZero(driver) ? undefined : driver,
    },
  };
}

function portMaps(ports: unknown) {
  if (isZero(ports)) return {};
  const exposed: Record<string, object> = {};
  const bindings: Record<string, object[]> = {};
  for (const port of blocks(ports)) {
    const key = `${number(port.internal)}/${text(port.protocol) || "tcp"}`;
    exposed[key] = {};
    bindings[key] ??= [];
    bindings[key].push({ HostIp: text(port.ip) || "0.0.0.0", HostPort: String(number(port.external)) });
  }
  return { exposed, bindings };
}

function volumeEntries(volumes: unknown) {
  if (isZero(volumes)) return {};
  const anonymous: Record<string, object> = {};
  const binds: string[] = [];
  const from: string[] = [];
  for (const volume of blocks(volumes)) {
    const path = text(volume.containerPath);
    const source = text(volume.hostPath) || text(volume.volumeName);
    if (volume.fromContainer) from.push(text(volume.fromContainer));
    else anonymous[path] = {};
    if (!volume.fromContainer && source) {
      const mode = [flag(volume.readOnly) ? "ro" : "rw", text(volume.selinuxRelabel)].filter(Boolean).join(",");
      binds.push(`${source}:${path}:${mode}`);
    }
  }
  return { anonymous, binds, from };
}

function deviceRequests(inputs: Props): unknown[] | undefined {
  if (text(inputs.gpus) === "all") return [{ Driver: "", Count: -1, Capabilities: [["gpu"]] }];
  if (isZero(inputs.deviceRequests)) return undefined;
  return blocks(inputs.deviceRequests).map((request) => ({
    Driver: text(request.driver) || "cdi",
    Count: number(request.count),
    DeviceIDs: isZero(request.deviceIds) ? undefined : texts(request.deviceIds),
    Capabilities: isZero(request.capabilities) ? undefined : [texts(request.capabilities)],
    Options: isZero(request.options) ? undefined : textMap(request.options),
  }));
}
