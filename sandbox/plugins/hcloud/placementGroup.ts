import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import type { HcloudClient } from "./client";
import { labelsOf } from "./tokens";

interface PlacementGroup {
  id: number;
  name: string;
  type: string;
  labels: Record<string, string>;
  servers: number[];
}

/** Servers of one group run on different hosts. */
export const placementGroup: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) =>
    typeof inputs.type === "string" && inputs.type !== "spread"
      ? [{ property: "type", reason: `${inputs.type} is not a valid placement group type` }]
      : [],

  async create(cloud, inputs, { signal }) {
    const body = { name: inputs.name, type: inputs.type, labels: labelsOf(inputs) };
    const created = await cloud.send<{ placement_group: PlacementGroup }>("POST", "/placement_groups", signal, body);
    return { id: String(created.placement_group.id), outputs: outputs(created.placement_group) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const group = await cloud.find<PlacementGroup>(`/placement_groups/${id}`, "placement_group", signal);
    return group && { id, outputs: outputs(group) };
  },

  async update(cloud, id, state, news, { signal }) {
    const path = `/placement_groups/${id}`;
    if (changed("name", state, news)) await cloud.send("PUT", path, signal, { name: news.name });
    if (changed("labels", state, news)) await cloud.send("PUT", path, signal, { labels: labelsOf(news) });
    const group = await cloud.find<PlacementGroup>(path, "placement_group", signal);
    if (!group) throw new Error(`placement group not found: ${id}`);
    return outputs(group);
  },

  async delete(cloud, id, _state, { signal }) {
    await cloud.send("DELETE", `/placement_groups/${id}`, signal);
  },
};

function outputs(group: PlacementGroup): Props {
  return { name: group.name, type: group.type, labels: group.labels, servers: group.servers };
}
