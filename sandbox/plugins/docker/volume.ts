import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DockerHost, daemonMessage, isNotFound } from "./client";
import { inputPlace, VOLUME } from "./tokens";
import { isZero, labelList, labelMap, text, textMap } from "./values";

/** How long a volume may still be in use while it is being removed, in milliseconds. */
const REMOVAL_TIMEOUT = 30_000;
const REMOVAL_POLL = 500;

/** A Docker volume. Its id is its name. */
export const volume: ResourceHandler<DockerHost> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_host, inputs) =>
    isZero(inputs.cluster) ? [] : [{ property: "cluster", reason: "cluster volumes are not supported by this plugin" }],

  async create(host, inputs, call) {
    const docker = await host.client();
    const options = {
      Name: text(inputs.name),
      Driver: text(inputs.driver) || "local",
      DriverOpts: textMap(inputs.driverOpts),
      Labels: labelMap(inputs.labels),
      abortSignal: call.signal,
    };
    const created = await docker.createVolume(options).catch((error) => {
      throw new Error(`Unable to create volume: ${daemonMessage(error)}`);
    });
    return { id: created.name, outputs: { ...inputs, ...volumeOutputs(await created.inspect()) } };
  },

  async read(host, id, state, inputs) {
    const docker = await host.client();
    try {
      const outputs = { ...state, ...volumeOutputs(await docker.getVolume(id).inspect()) };
      const importing = Object.keys(inputs).length === 0;
      return { id, outputs, drift: importing ? {} : unaskedSettings(outputs, inputs, inputPlace(VOLUME)) };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new Error(`Unable to inspect volume: ${daemonMessage(error)}`);
    }
  },

  async delete(host, id, _state, call) {
    const docker = await host.client();
    const end = Date.now() + REMOVAL_TIMEOUT;
    for (;;) {
      try {
        await docker.getVolume(id).remove();
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        const message = daemonMessage(error);
        if (!message.includes("volume is in use") || Date.now() >= end) throw new Error(message);
        await sleep(REMOVAL_POLL, undefined, { signal: call.signal });
      }
    }
  },
};

function volumeOutputs(info: Dockerode.VolumeInspectInfo): Props {
  return {
    name: info.Name,
    driver: info.Driver,
    driverOpts: info.Options ?? {},
    labels: labelList(info.Labels),
    mountpoint: info.Mountpoint,
  };
}
