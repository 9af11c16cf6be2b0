import type { Provider } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";
import { remoteCommand, type ServerConnection } from "./connection";

/**
 * A server on which agents can be put: what HardenedServer or ExistingServer gives, and a Docker provider that points at it.
 *
 * It has Docker, creel-agent and the packet filter of a host profile. {@link agentHost} puts one together.
 */
export interface AgentHost {
  /** How to reach the server over SSH. */
  connection: ServerConnection;
  /**
   * The server itself, when the same program owns it: what is on it goes and comes with it. Undefined for any other, from
   * which everything is deleted piece by piece.
   */
  resource?: pulumi.CustomResource;
  /** What has to be there before the first container: the last steps of making the server ready. */
  ready: pulumi.Resource[];
  /** Docker on the server. Never left to the default provider, which would be the computer that runs Pulumi. */
  docker: Provider;
}

/** A HardenedServer or an ExistingServer, as agents want it. */
export function agentHost(server: Omit<AgentHost, "docker">, docker: Provider): AgentHost {
  return { connection: server.connection, resource: server.resource, ready: server.ready, docker };
}

/** What creel-agent on the server is to prepare for a container, and to keep that way. */
export interface HostOrder {
  /** User id of the container's processes, to which secrets and state belong. */
  uid: number;
  /** Memory limit in MiB. */
  memoryMiB: number;
  /** Most processes and threads at one time. */
  tasksMax: number;
  /** Names of the directories that outlive the container. */
  state: string[];
  /** Secrets by the names of their files, in plain text. */
  secrets: Record<string, string>;
}

/** Options of everything on a server that is not a component: it goes with the server and moves with a new one. */
export function onHost(
  host: AgentHost,
  parent: pulumi.Resource,
  dependsOn: pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return {
    parent,
    dependsOn: [...host.ready, ...dependsOn],
    // Without the first, a dead server blocks its removal; without the second, nothing is put on its successor.
    deletedWith: host.resource,
    replaceWith: host.resource ? [host.resource] : undefined,
    // On another server it is another thing. Without this, what moves would only be noted down under the new server's
    // connection and provider; with it, it is made there and then deleted by those in its state, on the old server.
    // By id, which also a server keeps that is called otherwise or gets another parent.
    replacementTrigger: (host.resource ?? host.docker).id,
  };
}

/** As {@link onHost}, through the server's Docker. */
export function inDocker(
  host: AgentHost,
  parent: pulumi.Resource,
  dependsOn: pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return { ...onHost(host, parent, dependsOn), provider: host.docker };
}

/**
 * Has creel-agent on the server prepare slice, state and secrets of a container, before it starts and whenever one of them
 * changes. Everything travels by standard input, so no secret is ever part of a command.
 *
 * @param name name of the resource
 * @param container name of the container
 * @param graceSeconds where it is given, the container is stopped when this is deleted, within that time and even where
 *   the server goes as well; left out, that is left to the server's end
 */
export function hostOrder(
  name: string,
  container: string,
  host: AgentHost,
  order: Omit<HostOrder, "secrets"> & { secrets: Record<string, pulumi.Input<string>> },
  parent: pulumi.Resource,
  graceSeconds?: number,
) {
  const { secrets, ...plain } = order;
  const stdin = pulumi
    .all(Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, pulumi.secret(value)])))
    .apply((values) => orderText(container, { ...plain, secrets: values }));
  const remove = `sudo creel-agent remove ${container}`;
  const stopped = graceSeconds === undefined ? "" : `docker stop -t ${graceSeconds} ${container} >/dev/null 2>&1; `;
  // A server of somebody else stays, so what cannot be taken off it must not count as gone.
  const farewell = graceSeconds === undefined || host.resource === undefined ? "delete" : "deleteIfReached";
  return remoteCommand(
    name,
    {
      connection: host.connection,
      create: `sudo creel-agent apply ${container}`,
      secretStdin: stdin,
      [farewell]: `${stopped}${remove}`,
    },
    { ...onHost(host, parent), ...(graceSeconds === undefined ? {} : { deletedWith: undefined }) },
  );
}

/**
 * An order as creel-agent reads it: JSON, values of secrets in base64, always in the same order of keys.
 *
 * A container that runs is restarted when one of its secrets changes, because programs read them when they start.
 *
 * @throws RunError when a secret is empty, naming its key
 */
export function orderText(container: string, order: HostOrder): string {
  const keys = Object.keys(order.secrets).sort();
  const empty = keys.filter((key) => order.secrets[key] === "");
  if (empty.length > 0) throw new pulumi.RunError(`secret ${empty.join(", ")} of ${container} is empty`);
  const encoded = keys.map((key) => [key, Buffer.from(order.secrets[key]!, "utf8").toString("base64")]);
  return JSON.stringify({ ...order, secrets: Object.fromEntries(encoded), onChange: "restart" });
}
