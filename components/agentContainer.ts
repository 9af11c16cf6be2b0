import * as docker from "@pulumi/docker/container";
import { Network, type NetworkArgs } from "@pulumi/docker/network";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import * as pulumi from "@pulumi/pulumi";
import { type AgentRuntime, runtimes } from "../profiles/runtimes";
import { agentContainerFaults } from "./agentContainerFaults";
import { type AgentHost, hostOrder, inDocker } from "./agentHost";
import { agentNameFaults, agentUid, bridgeNames, serviceAlias } from "./agentNames";
import type { RoutedAgent } from "./botRoutes";
import { type Caged, cagedContainer, cageOptions } from "./cage";
import { refuseFaults } from "./faults";

/** The kinds of agent that Creel knows how to run. */
export const AgentRuntimeName = {
  /** Any image that runs as any user on a read-only root, listens on $PORT and keeps its state in /data. */
  Generic: "generic",
  /** The OpenClaw gateway. */
  OpenClaw: "openclaw",
} as const;
export type AgentRuntimeName = (typeof AgentRuntimeName)[keyof typeof AgentRuntimeName];

/** One agent: which image, on which server, with how much of it. */
export interface AgentContainerArgs {
  /** The server to run on. */
  host: AgentHost;
  /** Image by digest, without a tag: `repo@sha256:` and 64 hexadecimal digits. */
  image: string;
  /** What kind of agent it is: decides port, health check, paths and environment. Default: generic. */
  runtime?: AgentRuntimeName;
  /** Memory limit in MiB, which also bounds /tmp; there is no swap on top. At least 32 for generic, 2048 for openclaw. */
  memory: number;
  /** Processors that may be used at most, such as 0.5. Default: as many as are idle. */
  cpus?: number;
  /** Share of a busy processor, from 2 to 1023; a process of the host has 1024. Default: 512. */
  cpuShares?: number;
  /** Most processes and threads at one time, from 16 to 32768. Default: 512. */
  tasksMax?: number;
  /** TCP port on which the agent listens inside. Default: the runtime's, which is 8080 for generic and 18789 for openclaw. */
  port?: number;
  /**
   * Words of a command inside the container that exits with 0 when the agent is healthy. Default: the runtime's;
   * generic has none, so it must be given there.
   */
  health?: string[];
  /** Words of the command that the container runs. Default: the runtime's; for generic the image's own. */
  command?: string[];
  /** Environment of the agent, added to the runtime's. Plain values only: what looks like a secret is refused. Default: none. */
  environment?: Record<string, string>;
  /**
   * Secrets by the names of their files, which the agent reads at /run/secrets/NAME. A change restarts the agent.
   * Default: none.
   */
  secrets?: Record<string, pulumi.Input<string>>;
}

/**
 * One agent in its cage: no open port, no capability, no other agent in sight.
 *
 * Owns what the server prepares (systemd slice, state directories, secrets in memory), two networks, the pulled image
 * and the container. The egress network lets the agent out and nobody in; on the front network only its connectors meet
 * it. The agent's user id comes from its name, and so is the same on every server.
 *
 * The name is that of the container. What the agent keeps in its state directories stays on the server when it is
 * replaced, and also when it is removed.
 *
 * Refuses an image without digest, a secret in the environment, and less memory than the runtime needs.
 */
export class AgentContainer extends pulumi.ComponentResource {
  /** Name of the container on its server. */
  public readonly containerName: pulumi.Output<string>;
  /** Where the agent answers on its front network. */
  public readonly serviceUrl: pulumi.Output<string>;
  /** User id of the agent's processes. */
  public readonly uid: pulumi.Output<number>;
  /** Name of the network through which the agent, and its connectors, reach the internet. */
  public readonly egressNetwork: pulumi.Output<string>;
  /** Name of the network that the agent shares with its connectors alone. */
  public readonly frontNetwork: pulumi.Output<string>;
  /** The container itself, to depend on. */
  public readonly container: docker.Container;
  /** What kind of agent it is. */
  public readonly runtime: string;
  /** TCP port on which the agent listens. */
  public readonly port: number;
  /** Names of the secrets that it was given, without those that are empty. */
  public readonly secretNames: string[];

  constructor(name: string, args: AgentContainerArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFaults([...agentNameFaults("name", name), ...agentContainerFaults(args)], `AgentContainer ${name}`);
    super("creel:index:AgentContainer", name, { image: args.image, memory: args.memory }, opts);
    const { host } = args;
    const settings = agentSettings(args);
    const { runtime, port, secretNames } = routedAgent(args);
    this.runtime = runtime;
    this.port = port;
    this.secretNames = secretNames;

    const prepared = hostOrder(
      `${name}-host`,
      name,
      host,
      {
        uid: agentUid(name),
        memoryMiB: args.memory,
        tasksMax: args.tasksMax ?? 512,
        state: Object.keys(settings.state),
        secrets: args.secrets ?? {},
      },
      this,
    );
    const networks = agentNetworks(name);
    // The provider deletes first what has a fixed name; asked for here, it could not be planned for a server to come.
    const network = (args: NetworkArgs & { name: string }) => new Network(args.name, args, inDocker(host, this));
    const egress = network(networks.egress);
    const front = network(networks.front);
    const image = new RemoteImage(`${name}-image`, { name: args.image, keepLocally: true }, inDocker(host, this));
    this.container = new docker.Container(
      name,
      cagedContainer({
        name,
        image: args.image,
        uid: agentUid(name),
        memory: args.memory,
        cpus: args.cpus,
        cpuShares: args.cpuShares ?? 512,
        graceSeconds: 30,
        // The alias, not the container's name: a name is looked up on both networks, and on egress nobody is reached.
        networks: [{ name: egress.name }, { name: front.name, alias: serviceAlias }],
        ...settings,
      }),
      { ...inDocker(host, this, [prepared, image]), ...cageOptions },
    );

    this.containerName = this.container.name;
    this.serviceUrl = pulumi.output(`http://${serviceAlias}:${port}`);
    this.uid = pulumi.output(agentUid(name));
    this.egressNetwork = egress.name;
    this.frontNetwork = front.name;
    this.registerOutputs({
      containerName: this.containerName,
      serviceUrl: this.serviceUrl,
      uid: this.uid,
      egressNetwork: this.egressNetwork,
      frontNetwork: this.frontNetwork,
    });
  }
}

/** What the routes to an agent have to know of it. A secret counts when it is not plainly empty. */
export function routedAgent(args: Pick<AgentContainerArgs, "runtime" | "port" | "secrets">): RoutedAgent {
  const { runtime = AgentRuntimeName.Generic, secrets = {} } = args;
  const secretNames = Object.keys(secrets).filter((name) => secrets[name] !== "");
  return { runtime, port: args.port ?? runtimes[runtime].port, secretNames };
}

/** What runtime and arguments together say about the container. */
function agentSettings(
  args: AgentContainerArgs,
): Pick<Caged, "command" | "environment" | "health" | "state" | "startSeconds" | "tmpMemory"> & { port: number } {
  const runtime: AgentRuntime = runtimes[args.runtime ?? AgentRuntimeName.Generic];
  const agent = { port: routedAgent(args).port, memory: args.memory };
  return {
    port: agent.port,
    command: args.command ?? runtime.command?.(agent),
    health: args.health ?? runtime.health?.(agent) ?? [],
    environment: { ...runtime.environment(agent), ...args.environment },
    state: runtime.state,
    startSeconds: runtime.startSeconds,
    tmpMemory: runtime.tmpMemory,
  };
}

/**
 * The two networks of an agent.
 *
 * Egress connects nobody with anybody: only packets to and from the outside pass, and the host's packet filter decides
 * which. Front has no way out, and on it everybody is heard.
 */
function agentNetworks(name: string): Record<"egress" | "front", NetworkArgs & { name: string }> {
  const bridges = bridgeNames(name);
  const bridge = "com.docker.network.bridge.name";
  return {
    egress: {
      name: `${name}-egress`,
      driver: "bridge",
      options: { [bridge]: bridges.egress, "com.docker.network.bridge.enable_icc": "false" },
    },
    front: { name: `${name}-front`, driver: "bridge", internal: true, options: { [bridge]: bridges.front } },
  };
}
