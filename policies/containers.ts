import { posix } from "node:path";
import { type Found, items, later, mayBe, resourcePolicy, text } from "./policy";

/** What the policies read of a Docker container. */
export interface ContainerProps {
  image?: Found<string>;
  privileged?: Found<boolean>;
  devices?: Found<{ hostPath?: Found<string> }[]>;
  networkMode?: Found<string>;
  networksAdvanced?: Found<{ name?: Found<string> }[]>;
  pidMode?: Found<string>;
  ipcMode?: Found<string>;
  usernsMode?: Found<string>;
  cgroupnsMode?: Found<string>;
  mounts?: Found<{ type?: Found<string>; source?: Found<string> }[]>;
  volumes?: Found<{ hostPath?: Found<string>; volumeName?: Found<string> }[]>;
  capabilities?: Found<{ adds?: Found<string[]>; drops?: Found<string[]> }>;
  securityOpts?: Found<string[]>;
  readOnly?: Found<boolean>;
  memory?: Found<number>;
  ports?: Found<{ internal?: Found<number>; external?: Found<number> }[]>;
  publishAllPorts?: Found<boolean>;
}

/** What they read of an image that is pulled or built. */
export interface ImageProps {
  name?: Found<string>;
  build?: Found<object>;
}

const types = ["docker:index/container:Container"];

const container = (name: string, description: string, faults: (props: ContainerProps) => string[]) =>
  resourcePolicy<ContainerProps>({ name, description, types, faults });

export const containerPolicies = [
  container("container-unprivileged", "A container is not privileged and has no device of the host.", (props) => [
    ...(props.privileged === true ? ["it is privileged"] : []),
    ...items(props.devices).map(({ hostPath }) => `it has the device ${text(hostPath) ?? "(known later)"} of the host`),
  ]),
  container("container-own-namespaces", "A container shares no namespace with the host or another container.", sharing),
  container("container-no-docker-socket", "No container reaches a container engine's socket.", (props) =>
    hostPaths(props)
      .filter(reachesSocket)
      .map((at) => `it mounts ${at}, where the container engine's socket is`),
  ),
  container("container-no-host-system", "A container mounts no system directory of the host.", (props) =>
    hostPaths(props)
      .filter(isSystem)
      .map((at) => `it mounts ${at} of the host`),
  ),
  container("container-no-capabilities", "A container drops all capabilities and adds none.", capabilityFaults),
  container("container-no-new-privileges", "A container gains no privileges and keeps Docker's filters.", (props) => {
    if (props.securityOpts === later) return [];
    const options = items(props.securityOpts);
    const kept = options.some(
      (option: Found<string>) => option === later || /^no-new-privileges(:true|=true)?$/.test(option ?? ""),
    );
    const weak = options.filter((option) => /unconfined$|^label[:=]disable$/.test(text(option) ?? ""));
    return [
      ...(kept ? [] : ["securityOpts lacks no-new-privileges:true"]),
      ...weak.map((option) => `securityOpts has ${option}`),
    ];
  }),
  container("container-read-only", "A container's root file system is read-only.", ({ readOnly }) =>
    mayBe(readOnly, true) ? [] : ["readOnly is not true"],
  ),
  container("container-memory-limit", "A container has a memory limit.", ({ memory }) =>
    memory === later || (typeof memory === "number" && memory > 0) ? [] : ["memory is not set"],
  ),
  container("container-no-ports", "A container publishes no port; tunnels reach it from inside.", (props) => [
    ...items(props.ports).map(
      ({ internal }) => `it publishes its port ${typeof internal === "number" ? internal : "(known later)"}`,
    ),
    ...(props.publishAllPorts === true ? ["it publishes all its ports"] : []),
  ]),
  container("container-image-digest", "A container's image is given by digest.", ({ image }) => digestFaults(image)),
  resourcePolicy<ImageProps>({
    name: "image-digest",
    description: "An image that is pulled is given by digest.",
    types: ["docker:index/remoteImage:RemoteImage"],
    faults: ({ name, build }) => (build === undefined ? digestFaults(name) : []),
  }),
];

function sharing(props: ContainerProps): string[] {
  const modes = { network: props.networkMode, pid: props.pidMode, ipc: props.ipcMode };
  const own = { userns: props.usernsMode, cgroupns: props.cgroupnsMode };
  const shared = Object.entries({ ...modes, ...own }).filter(([, mode]) =>
    /^(host$|container:)/.test(text(mode) ?? ""),
  );
  const onHost = items(props.networksAdvanced).some(({ name }) => name === "host");
  return [
    ...shared.map(([kind, mode]) => `its ${kind} namespace is ${text(mode)}`),
    ...(onHost ? ["it is in the host's network"] : []),
  ];
}

function capabilityFaults({ capabilities }: ContainerProps): string[] {
  if (capabilities === later) return [];
  const { adds, drops } = capabilities ?? {};
  const dropsAll = drops === later || items(drops).some((name) => mayBe<string>(name, "ALL"));
  return [
    ...(dropsAll ? [] : ["capabilities.drops lacks ALL"]),
    ...items(adds).map((name) => `it adds the capability ${text(name) ?? "(known later)"}`),
  ];
}

function digestFaults(image: Found<string>): string[] {
  if (image === later || /(^|@)sha256:[0-9a-f]{64}$/.test(image ?? "")) return [];
  return [`${image ?? "its image"} has no digest: write repository@sha256:…`];
}

/** The host's paths that a container mounts, without what is not known yet. */
function hostPaths({ mounts, volumes }: ContainerProps): string[] {
  const sources = [
    ...items(mounts).map(({ source }) => source),
    ...items(volumes).flatMap(({ hostPath, volumeName }) => [hostPath, volumeName]),
  ];
  const paths = sources.flatMap((source) => text(source) ?? []).filter((source) => source.startsWith("/"));
  return [...new Set(paths.map((source) => posix.join(source, ".").replace(/(.)\/+$/, "$1")))];
}

function reachesSocket(at: string): boolean {
  return (
    /(^|\/)(docker|containerd|podman|crio)\.sock$/.test(at) ||
    /^\/(var\/)?run(\/(docker|containerd|podman|crio))?$/.test(at)
  );
}

/** The root, directories that hold much else besides, and those in which everything is the system's. */
function isSystem(at: string): boolean {
  if (["/", "/home", "/opt", "/srv", "/var", "/var/lib"].includes(at)) return true;
  return /^\/(bin|boot|dev|etc|lib|lib64|proc|root|sbin|sys|usr|var\/lib\/(docker|containerd))(\/|$)/.test(at);
}
