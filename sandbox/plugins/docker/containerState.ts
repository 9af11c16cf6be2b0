import type { ContainerInspectInfo } from "dockerode";
import { formatGoDuration } from "../framework/goDuration";
import type { Props } from "../framework/provider";
import { blocks, flag, isZero, labelList, text, withoutZeros } from "./values";

const MIB = 1024 * 1024;

/** The parts of `docker inspect` that the library's types lack. */
interface Limits {
  NanoCpus?: number;
  CpuShares?: number;
  CpusetCpus?: string;
  Memory?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  ShmSize?: number;
  Runtime?: string;
  BlkioDeviceReadBps?: Throttle[] | null;
  BlkioDeviceReadIOps?: Throttle[] | null;
  BlkioDeviceWriteBps?: Throttle[] | null;
  BlkioDeviceWriteIOps?: Throttle[] | null;
  StorageOpt?: Record<string, string> | null;
}
interface Throttle {
  Path: string;
  Rate: number;
}

/**
 * What the provider reads back of a container, property by property.
 *
 * `state` is what was known before: some properties are only read back if they were set, environment and labels never,
 * because an image brings its own. A stopped container that should run reads as `mustRun: false`, which is the
 * difference that starts it again.
 */
export function readContainer(info: ContainerInspectInfo, state: Props): Props {
  return {
    ...identity(info, state),
    ...limits(info.HostConfig as Limits),
    ...security(info),
    ...storage(info, state),
    ...networking(info, state),
    ...runState(info, state),
  };
}

function identity(info: ContainerInspectInfo, state: Props): Props {
  const { Config: config, HostConfig: host } = info;
  const logged = !isZero(state.logOpts);
  return {
    name: info.Name.replace(/^\/+/, ""),
    image: text(state.image).startsWith("sha256:") ? info.Image : config.Image,
    hostname: config.Hostname,
    domainname: config.Domainname,
    command: config.Cmd ?? [],
    entrypoints: config.Entrypoint ?? [],
    user: config.User,
    workingDir: config.WorkingDir,
    tty: config.Tty,
    stdinOpen: config.OpenStdin,
    stopSignal: (config as { StopSignal?: string }).StopSignal,
    stopTimeout: (config as { StopTimeout?: number }).StopTimeout,
    platform: info.Platform,
    rm: host.AutoRemove,
    init: host.Init ?? false,
    restart: host.RestartPolicy?.Name || "no",
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount,
    runtime: (host as Limits).Runtime,
    logDriver: host.LogConfig?.Type,
    logOpts: logged ? (host.LogConfig?.Config ?? {}) : undefined,
    healthcheck: healthcheck(config),
  };
}

function limits(host: Limits): Props {
  const mebibytes = (bytes: number | undefined) => (bytes && bytes > 0 ? Math.floor(bytes / MIB) : (bytes ?? 0));
  return {
    memory: mebibytes(host.Memory),
    memoryReservation: mebibytes(host.MemoryReservation),
    memorySwap: mebibytes(host.MemorySwap),
    shmSize: mebibytes(host.ShmSize),
    cpuShares: host.CpuShares ?? 0,
    cpuSet: host.CpusetCpus ?? "",
    ...(host.NanoCpus ? { cpus: cpusText(host.NanoCpus) } : {}),
    deviceReadBps: throttles(host.BlkioDeviceReadBps),
    deviceReadIops: throttles(host.BlkioDeviceReadIOps),
    deviceWriteBps: throttles(host.BlkioDeviceWriteBps),
    deviceWriteIops: throttles(host.BlkioDeviceWriteIOps),
    storageOpts: host.StorageOpt ?? undefined,
  };
}

/** Billionths of a CPU as the provider writes them: "0.5", "1.0", never "0.50". */
export function cpusText(nano: number): string {
  const digits = `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, "0")}`;
  // The provider takes a text with nine zeros for a round value and keeps one decimal of it.
  if (digits.split("0").length - 1 === 9) return (Math.round(nano / 1e8) / 10).toFixed(1);
  return digits.replace(/0+$/, "");
}

function throttles(list: Throttle[] | null | undefined): Props[] {
  return (list ?? []).map(({ Path, Rate }) => ({ path: Path, rate: Rate }));
}

function security({ HostConfig: host }: ContainerInspectInfo): Props {
  const capabilities = { adds: host.CapAdd ?? [], drops: host.CapDrop ?? [] };
  return {
    readOnly: host.ReadonlyRootfs,
    privileged: host.Privileged,
    securityOpts: host.SecurityOpt ?? [],
    groupAdds: host.GroupAdd ?? [],
    sysctls: host.Sysctls ?? undefined,
    ipcMode: host.IpcMode,
    usernsMode: host.UsernsMode,
    ...(capabilities.adds.length + capabilities.drops.length > 0 ? { capabilities: withoutZeros(capabilities) } : {}),
  };
}

function storage({ HostConfig: host }: ContainerInspectInfo, state: Props): Props {
  return {
    tmpfs: host.Tmpfs ?? undefined,
    mounts: (host.Mounts ?? []).map((mount) => mountProps(mount as unknown as Mount)),
    ...(isZero(state.ulimits)
      ? {}
      : { ulimits: (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ name: Name, soft: Soft, hard: Hard })) }),
    ...(isZero(state.devices) ? {} : { devices: devices(host.Devices as Device[], blocks(state.devices)) }),
  };
}

interface Device {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

function devices(list: Device[], known: Props[]): Props[] {
  const written = new Set(known.filter((device) => device.containerPath).map((device) => device.hostPath));
  return (list ?? []).map((device) => ({
    hostPath: device.PathOnHost,
    permissions: device.CgroupPermissions,
    ...(written.has(device.PathOnHost) ? { containerPath: device.PathInContainer } : {}),
  }));
}

interface Mount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    Subpath?: string;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
  };
}

function mountProps(mount: Mount): Props {
  const volume = mount.VolumeOptions;
  return {
    type: mount.Type,
    target: mount.Target,
    source: mount.Source ?? "",
    readOnly: mount.ReadOnly ?? false,
    ...withoutZeros({
      bindOptions: mount.BindOptions && { propagation: mount.BindOptions.Propagation ?? "" },
      tmpfsOptions:
        mount.TmpfsOptions && withoutZeros({ sizeBytes: mount.TmpfsOptions.SizeBytes, mode: mount.TmpfsOptions.Mode }),
      volumeOptions:
        volume &&
        withoutZeros({
          noCopy: volume.NoCopy,
          labels: labelList(volume.Labels),
          subpath: volume.Subpath,
          driverName: volume.DriverConfig?.Name,
          driverOptions: volume.DriverConfig?.Options,
        }),
    }),
  };
}

function healthcheck(config: ContainerInspectInfo["Config"]): Props | undefined {
  const check = (config as { Healthcheck?: Record<string, unknown> }).Healthcheck;
  if (!check) return undefined;
  const duration = (value: unknown) => formatGoDuration(typeof value === "number" ? value : 0);
  return {
    tests: check.Test ?? [],
    interval: duration(check.Interval),
    timeout: duration(check.Timeout),
    startPeriod: duration(check.StartPeriod),
    startInterval: duration(check.StartInterval),
    retries: check.Retries ?? 0,
  };
}

function networking(info: ContainerInspectInfo, state: Props): Props {
  const { HostConfig: host, NetworkSettings: settings } = info;
  // Docker shows no ports for a stopped container; without mustRun that must not look like a change.
  const portsShown = !isZero(state.ports) && (info.State.Running || flag(state.mustRun));
  return {
    networkMode: host.NetworkMode,
    dns: host.Dns ?? [],
    dnsOpts: host.DnsOptions ?? [],
    dnsSearches: host.DnsSearch ?? [],
    hosts: (host.ExtraHosts ?? []).map((entry: string) => {
      const colon = entry.indexOf(":");
      return { host: entry.slice(0, colon), ip: entry.slice(colon + 1) };
    }),
    publishAllPorts: host.PublishAllPorts,
    ...(isZero(state.pidMode) ? {} : { pidMode: host.PidMode }),
    ...(portsShown ? { ports: ports(settings.Ports) } : {}),
    bridge: (settings as { Bridge?: string }).Bridge ?? "",
    networkDatas: Object.entries(settings.Networks ?? {}).map(([networkName, network]) => ({
      networkName,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    })),
  };
}

function ports(shown: Record<string, { HostIp: string; HostPort: string }[] | null> | null): Props[] {
  const byPort = Object.entries(shown ?? {}).sort(
    ([left], [right]) => Number.parseInt(left, 10) - Number.parseInt(right, 10),
  );
  return byPort.flatMap(([key, bindings]) => {
    const [internal, protocol] = key.split("/");
    return (bindings ?? []).map(({ HostIp, HostPort }) => ({
      internal: Number(internal),
      external: Number(HostPort),
      ip: HostIp,
      protocol,
    }));
  });
}

function runState(info: ContainerInspectInfo, state: Props): Props {
  if (info.State.Running) return {};
  return { exitCode: info.State.ExitCode, ...(flag(state.mustRun) ? { mustRun: false } : {}) };
}
