import type { Fault, Props, ProviderDefinition } from "../framework/provider";
import { type DockerConfig, DockerHost } from "./client";
import { container } from "./container";
import { parseDockerHost } from "./host";
import { remoteImage } from "./image";
import { network } from "./network";
import { CONTAINER, facts, NETWORK, REMOTE_IMAGE, VOLUME } from "./tokens";
import { volume } from "./volume";

/**
 * Stand-in for the docker provider: containers, networks, volumes and images of any daemon that Docker's own client can
 * reach, over a socket, TCP or the system's `ssh`.
 *
 * The real provider pings a unix or TCP daemon while it is configured, so that a preview against a dead one fails; this
 * one dials only when a resource is created, read, changed or deleted, whatever the host.
 */
export const provider: ProviderDefinition<DockerHost> = {
  name: "docker",
  facts,
  resources: { [CONTAINER]: container, [NETWORK]: network, [VOLUME]: volume, [REMOTE_IMAGE]: remoteImage },
  checkConfig: configFaults,
  configure: async (config) => new DockerHost(config as DockerConfig),
};

function configFaults(config: Props): Fault[] {
  const faults: Fault[] = [];
  if (config.context) {
    faults.push({ property: "context", reason: "Docker contexts are not supported by this plugin; give host instead" });
  }
  if ((config.certMaterial === undefined) !== (config.keyMaterial === undefined)) {
    faults.push({ property: "certMaterial", reason: "cert_material, and key_material must be specified" });
  }
  if (config.certMaterial !== undefined && config.certPath !== undefined) {
    faults.push({ property: "certPath", reason: "cert_path must not be specified" });
  }
  if (typeof config.host === "string" && config.host !== "") {
    try {
      parseDockerHost(config.host);
    } catch (error) {
      faults.push({ property: "host", reason: (error as Error).message });
    }
  }
  return faults;
}
