import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, explain } from "./client";
import { probedFaults } from "./faults";
import { readNew } from "./readBack";
import { inputPlace } from "./tokens";

interface Count {
  count: number;
}

interface Tag {
  name: string;
  resources: Count & Record<"droplets" | "images" | "volumes" | "volume_snapshots" | "databases", Count>;
}

/** A tag; its name is its id. */
export const tag: ResourceHandler<DigitalOceanClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => probedFaults(inputs, inputPlace("tag:Tag")),

  async create(cloud, inputs, { signal }) {
    const { tag: made } = await explain(
      "Error creating tag",
      cloud.send<{ tag: Tag }>("POST", "/tags", signal, { name: inputs.name }),
    );
    return readNew(made.name, inputs, find(cloud, made.name, signal));
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const outputs = await find(cloud, id, signal);
    return outputs && { id, outputs };
  },

  // One that is gone already is an error here, as with the official provider.
  async delete(cloud, id, _state, { signal }) {
    await explain("Error deleting tag", cloud.send("DELETE", `/tags/${id}`, signal));
  },
};

async function find(cloud: DigitalOceanClient, name: string, signal: AbortSignal): Promise<Props | undefined> {
  const found = await explain("Error retrieving tag", cloud.find<Tag>(`/tags/${name}`, "tag", signal));
  return found && propsOf(found);
}

function propsOf({ name, resources }: Tag): Props {
  return {
    name,
    totalResourceCount: resources.count,
    dropletsCount: resources.droplets.count,
    imagesCount: resources.images.count,
    volumesCount: resources.volumes.count,
    volumeSnapshotsCount: resources.volume_snapshots.count,
    databasesCount: resources.databases.count,
  };
}
