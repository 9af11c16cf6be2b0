import { unaskedSettings } from "../framework/drift";
import { autoName } from "../framework/naming";
import type { Props, ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, explain } from "./client";
import { probedFaults } from "./faults";
import { directions, listOf, ruleFaults, ruleProps, type WireRule, wireRule } from "./firewallRules";
import { present, readNew } from "./readBack";
import { sameTags } from "./tags";
import { inputPlace } from "./tokens";

interface Firewall {
  id: string;
  name: string;
  status: string;
  created_at: string;
  pending_changes: { droplet_id: number; removing: boolean; status: string }[] | null;
  inbound_rules: WireRule[] | null;
  outbound_rules: WireRule[] | null;
  droplet_ids: number[] | null;
  tags: string[] | null;
}

const place = inputPlace("firewall:Firewall");

/** A packet filter in front of droplets. Its status may still be `waiting` when it is made: nothing waits for it. */
export const firewall: ResourceHandler<DigitalOceanClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => [...probedFaults(inputs, place), ...ruleFaults(inputs)],
  equal: (path, old, fresh) => (/tags(\[\d+\])?$/i.test(path) ? sameTags(old, fresh) : undefined),

  async create(cloud, inputs, { signal }) {
    const made = await explain(
      "Error creating firewall",
      cloud.send<{ firewall: Firewall }>("POST", "/firewalls", signal, request(inputs)),
    );
    const { id } = made.firewall;
    return readNew(id, inputs, find(cloud, id, signal));
  },

  async read(cloud, id, _state, inputs, { signal }) {
    const outputs = await find(cloud, id, signal);
    if (!outputs) return undefined;
    const importing = Object.keys(inputs).length === 0;
    return { id, outputs, drift: importing ? {} : unaskedSettings(outputs, inputs, place) };
  },

  async update(cloud, id, _state, news, { signal }) {
    await explain("Error updating firewall", cloud.send("PUT", `/firewalls/${id}`, signal, request(news)));
    return present(id, await find(cloud, id, signal));
  },

  // One that is gone already is an error: the official provider looks for a text that its client does not write.
  async delete(cloud, id, _state, { signal }) {
    await explain("Error deleting firewall", cloud.send("DELETE", `/firewalls/${id}`, signal));
  },
};

/** The whole firewall, as both making and changing it want it. */
function request(inputs: Props) {
  const [inbound, outbound] = directions.map((direction) =>
    listOf(inputs[direction.property]).map((rule) => wireRule(direction, rule)),
  );
  return {
    name: inputs.name,
    inbound_rules: inbound,
    outbound_rules: outbound,
    droplet_ids: listOf(inputs.dropletIds),
    tags: listOf(inputs.tags),
  };
}

async function find(cloud: DigitalOceanClient, id: string, signal: AbortSignal): Promise<Props | undefined> {
  const looking = cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
  const found = await explain("Error retrieving firewall", looking);
  return found && propsOf(found);
}

function propsOf(found: Firewall): Props {
  const [inbound, outbound] = directions;
  return {
    name: found.name,
    status: found.status,
    createdAt: found.created_at,
    pendingChanges: (found.pending_changes ?? []).map(({ droplet_id, removing, status }) => {
      return { dropletId: droplet_id, removing, status };
    }),
    dropletIds: found.droplet_ids ?? [],
    inboundRules: (found.inbound_rules ?? []).map((rule) => ruleProps(inbound, rule)),
    outboundRules: (found.outbound_rules ?? []).map((rule) => ruleProps(outbound, rule)),
    tags: found.tags ?? [],
  };
}
