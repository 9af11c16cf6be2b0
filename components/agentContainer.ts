import * as docker from "@pulumi/docker/container";
import { Network, type NetworkArgs } from "@pulumi/docker/network";
import { RemoteImage } from "@pulumi/docker/remoteImage";
import * as pulumi from "@pulumi/pulumi";
import { type AgentRuntime, runtimes } from "../profiles/runtimes";
import { type AgentHost, hostOrder, inDocker } from "./agentHost";
import { agentNameFaults, agentUid, bridgeNames, isInherited, serviceAlias } from "./agentNames";
import type { RoutedAgent } from "./botRoutes";
import { type Caged, cagedContainer, cageOptions } from "./cage";
import { type Fault, refuseFaults } from "./faults";
import { imageFaults } from "./images";
import { environmentFaults, plainSecretFaults } from "./plainText";
import { didYouMean } from "./suggestions";

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
export function agentNetworks(name: string): Record<"egress" | "front", NetworkArgs & { name: string }> {
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

/**
 * Everything that is wrong with an agent's arguments, as far as they are given. Values of secrets are not looked at:
 * they may not be known yet.
 */
export function agentContainerFaults(args: Partial<Omit<AgentContainerArgs, "host">>): Fault[] {
  const image = args.image === undefined ? [] : imageFaults("image", args.image);
  const name = args.runtime ?? AgentRuntimeName.Generic;
  if (!Object.hasOwn(runtimes, name)) {
    const remedy = didYouMean(name, Object.keys(runtimes), "runtimes");
    return [...image, { path: "runtime", value: name, reason: "is not a runtime", remedy }];
  }
  const runtime: AgentRuntime = runtimes[name];
  const faults = [
    ...image,
    ...numberFaults("memory", args.memory, runtime.leastMemory, 1024 * 1024, `MiB, for ${name}`),
    ...numberFaults("cpus", args.cpus, 0.01, 1024, "processors"),
    ...numberFaults("cpuShares", args.cpuShares, 2, 1023, "shares"),
    ...numberFaults("tasksMax", args.tasksMax, 16, 32768, "processes"),
    ...numberFaults("port", args.port, 1, 65535, "a TCP port"),
    ...environmentFaults("environment", args.environment ?? {}, asSecret),
    ...wordFaults("command", args.command),
    ...wordFaults("health", args.health),
    ...Object.keys(args.secrets ?? {}).flatMap((key) => secretNameFaults(`secrets.${key}`, key)),
  ];
  const health = args.health ?? runtime.health?.({ port: runtime.port, memory: runtime.leastMemory }) ?? [];
  if (Array.isArray(health) && health.length === 0) {
    const remedy = `write the words of a command in the image that exits with 0 when the agent is healthy`;
    faults.push({ path: "health", reason: `is missing, and ${name} has no default for it`, remedy });
  } else if (/^(CMD|CMD-SHELL|NONE)$/.test(health[0]!)) {
    faults.push({
      path: "health[0]",
      value: health[0],
      reason: "is no program",
      remedy: "write the program's words only",
    });
  }
  return faults;
}

/** Where a secret belongs. */
const asSecret = "give it as a secret: it is read at /run/secrets/NAME";

/** What is wrong with the words of a command: no text at all, one that no program can be given, or a secret. */
function wordFaults(path: string, words: string[] = []): Fault[] {
  if (!Array.isArray(words)) return [{ path, reason: "is not a list", remedy: "write the command's words as a list" }];
  return words.flatMap((word, i): Fault[] => {
    const at = `${path}[${i}]`;
    const remedy = "write one word of the command in each place";
    if (typeof word !== "string" || word === "") return [{ path: at, value: word, reason: "is no word", remedy }];
    if (word.includes("\0")) return [{ path: at, value: word, reason: "holds a NUL character", remedy }];
    return plainSecretFaults(word, asSecret, at);
  });
}

/** What is wrong with the name of a secret, which becomes that of a file. */
export function secretNameFaults(path: string, key: string): Fault[] {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) && !isInherited(key)) return [];
  const remedy = isInherited(key)
    ? "choose another name"
    : "use at most 64 letters, digits and underscores, no digit first";
  return [{ path, value: key, reason: "is not a name of a secret", remedy }];
}

/** What is wrong with a number: out of bounds, or finer than its unit allows. */
function numberFaults(path: string, value: number | undefined, least: number, most: number, unit: string): Fault[] {
  const steps = least < 1 ? 100 : 1;
  const fits = value === undefined || (value >= least && value <= most && Number.isInteger(value * steps));
  if (fits) return [];
  const kind = steps === 1 ? "a whole number" : "a number with at most two decimals";
  const reason = value < least ? "is too little" : value > most ? "is too much" : `is not ${kind}`;
  return [{ path, value, reason, remedy: `write ${kind} from ${least} to ${most} (${unit})` }];
}
