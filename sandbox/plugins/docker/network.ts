import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DockerHost, daemonMessage, isNotFound } from "./client";
import { inputPlace, NETWORK } from "./tokens";
import { blocks, flag, isZero, labelList, labelMap, text, textMap, withoutZeros } from "./values";

/** How long a network may keep its last endpoints while it is being removed, in milliseconds. */
const REMOVAL_TIMEOUT = 30_000;
const REMOVAL_POLL = 500;

/** A Docker network; every change replaces it. */
export const network: ResourceHandler<DockerHost> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),

  async create(host, inputs, call) {
    const docker = await host.client();
    const options = { ...networkSpec(inputs), abortSignal: call.signal };
    const created = await docker.createNetwork(options as Dockerode.NetworkCreateOptions).catch((error) => {
      throw new Error(`Unable to create network: ${daemonMessage(error)}`);
    });
    const info = (await created.inspect()) as NetworkInfo;
    return { id: created.id, outputs: { ...inputs, ...networkOutputs(info) } };
  },

  async read(host, id, state, inputs) {
    const docker = await host.client();
    try {
      const info = (await docker.getNetwork(id).inspect()) as NetworkInfo;
      const outputs = { ...state, ...networkOutputs(info) };
      const importing = Object.keys(inputs).length === 0;
      return { id: info.Id, outputs, drift: importing ? {} : unaskedSettings(outputs, inputs, inputPlace(NETWORK)) };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new Error(daemonMessage(error));
    }
  },

  async delete(host, id, _state, call) {
    const docker = await host.client();
    const end = Date.now() + REMOVAL_TIMEOUT;
    for (;;) {
      try {
        await docker.getNetwork(id).remove();
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        const message = daemonMessage(error);
        if (!message.includes("has active endpoints") || Date.now() >= end) throw new Error(message);
        await sleep(REMOVAL_POLL, undefined, { signal: call.signal });
      }
    }
  },
};

interface NetworkInfo {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  EnableIPv6: boolean;
  Labels?: Record<string, string>;
  Options?: Record<string, string>;
  IPAM: { Driver: string; Options?: Record<string, string> | null; Config?: Record<string, unknown>[] | null };
}

function networkSpec(inputs: Props): Record<string, unknown> {
  return {
    Name: text(inputs.name),
    CheckDuplicate: true,
    Driver: text(inputs.driver) || "bridge",
    Internal: flag(inputs.internal),
    Attachable: flag(inputs.attachable),
    Ingress: flag(inputs.ingress),
    EnableIPv6: flag(inputs.ipv6),
    Labels: labelMap(inputs.labels),
    Options: textMap(inputs.options),
    IPAM: {
      Driver: text(inputs.ipamDriver) || "default",
      Options: isZero(inputs.ipamOptions) ? undefined : textMap(inputs.ipamOptions),
      Config: blocks(inputs.ipamConfigs).map((config) => ({
        Subnet: text(config.subnet) || undefined,
        IPRange: text(config.ipRange) || undefined,
        Gateway: text(config.gateway) || undefined,
        AuxiliaryAddresses: isZero(config.auxAddress) ? undefined : textMap(config.auxAddress),
      })),
    },
  };
}

function networkOutputs(info: NetworkInfo): Props {
  return {
    name: info.Name,
    driver: info.Driver,
    scope: info.Scope,
    internal: info.Internal,
    attachable: info.Attachable,
    ingress: info.Ingress,
    ipv6: info.EnableIPv6,
    labels: labelList(info.Labels),
    options: info.Options ?? {},
    ipamDriver: info.IPAM.Driver,
    ipamOptions: info.IPAM.Options ?? {},
    ipamConfigs: (info.IPAM.Config ?? []).map((config) =>
      withoutZeros({
        subnet: config.Subnet,
        ipRange: config.IPRange,
        gateway: config.Gateway,
        auxAddress: config.AuxiliaryAddresses ?? config.AuxAddress,
      }),
    ),
  };
}
