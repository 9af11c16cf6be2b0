import type Dockerode from "dockerode";
import { daemonMessage } from "./client";
import { blocks, isZero, number, text, texts } from "./values";

/**
 * Takes a fresh container off the default bridge and connects it to the networks it asks for, in their order.
 *
 * @throws Error in Docker's words when a network is missing or an address is taken.
 */
export async function connectNetworks(
  docker: Dockerode,
  id: string,
  networks: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (isZero(networks)) return;
  const leave = docker.getNetwork("bridge").disconnect({ Container: id, Force: false });
  await leave.catch((error) => {
    const message = daemonMessage(error);
    if (!message.includes("is not connected to"))
      throw new Error(`Unable to disconnect the default network: ${message}`);
  });
  for (const network of blocks(networks)) {
    signal.throwIfAborted();
    const name = text(network.name);
    const endpoint = {
      Aliases: texts(network.aliases),
      IPAMConfig: {
        IPv4Address: text(network.ipv4Address),
        IPv6Address: text(network.ipv6Address),
        LinkLocalIPs: texts(network.linkLocalIps),
      },
      ...(network.macAddress ? { MacAddress: text(network.macAddress) } : {}),
      ...(isZero(network.driverOpts) ? {} : { DriverOpts: Object.fromEntries(texts(network.driverOpts).map(split)) }),
      ...(number(network.gwPriority) ? { GwPriority: number(network.gwPriority) } : {}),
    };
    await docker
      .getNetwork(name)
      .connect({ Container: id, EndpointConfig: endpoint })
      .catch((error) => {
        throw new Error(`Unable to connect to network '${name}': ${daemonMessage(error)}`);
      });
  }
}

function split(option: string): [string, string] {
  const equals = option.indexOf("=");
  return [option.slice(0, equals), option.slice(equals + 1)];
}
