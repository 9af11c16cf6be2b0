import { isIP } from "node:net";
import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Fault, Props, ResourceHandler } from "../framework/provider";
import { type DigitalOceanClient, DigitalOceanError, explain, hasStatus } from "./client";
import { probedFaults } from "./faults";
import { present, readNew } from "./readBack";
import { inputPlace } from "./tokens";

interface Vpc {
  id: string;
  urn: string;
  name: string;
  description: string;
  region: string;
  ip_range: string;
  default: boolean;
  created_at: string;
}

/** Seconds in which the last members of a VPC that is to be deleted may go. */
const DELETE_TIMEOUT = 120;

const LONGEST_DESCRIPTION = 255;

/** A private network of a region. */
export const vpc: ResourceHandler<DigitalOceanClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => [...probedFaults(inputs, inputPlace("vpc:Vpc")), ...faults(inputs)],

  async create(cloud, inputs, { signal }) {
    const body = {
      name: inputs.name,
      region: inputs.region,
      ...(inputs.description ? { description: inputs.description } : {}),
      ...(inputs.ipRange ? { ip_range: inputs.ipRange } : {}),
    };
    const { vpc: made } = await explain("Error creating VPC", cloud.send<{ vpc: Vpc }>("POST", "/vpcs", signal, body));
    return readNew(made.id, inputs, find(cloud, made.id, signal));
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const outputs = await find(cloud, id, signal);
    return outputs && { id, outputs };
  },

  async update(cloud, id, state, news, { signal }) {
    if (changed("name", state, news) || changed("description", state, news)) {
      // An empty description is left out of the request, and so the old one stays.
      const description = news.description ? { description: news.description } : {};
      const body = { name: news.name, ...description, default: state.default === true };
      await explain("Error updating VPC ", cloud.send("PUT", `/vpcs/${id}`, signal, body));
    }
    return present(id, await find(cloud, id, signal));
  },

  async delete(cloud, id, _state, { signal, timeout }) {
    let refusal: unknown;
    const look = async () => {
      try {
        await cloud.send("DELETE", `/vpcs/${id}`, signal);
        return { state: "gone" };
      } catch (error) {
        if (!hasStatus(error, 403, 409)) return explain("Error deleting VPC", Promise.reject(error));
        refusal = error;
        return { state: "in use" };
      }
    };
    const seconds = timeout || DELETE_TIMEOUT;
    const wait = { look, pending: ["in use"], target: "gone", timeout: seconds, soon: true };
    await cloud.wait(wait, signal).catch((error) => {
      throw error instanceof DigitalOceanError || !refusal ? error : refusal;
    });
  },
};

function faults({ ipRange, description }: Props): Fault[] {
  const found: Fault[] = [];
  if (typeof ipRange === "string" && ipRange !== "" && !isCidr(ipRange)) {
    const reason = `expected "ip_range" to be a valid CIDR Value, got ${ipRange}: invalid CIDR address: ${ipRange}`;
    found.push({ property: "ipRange", reason });
  }
  if (typeof description === "string" && description.length > LONGEST_DESCRIPTION) {
    const reason = `expected length of description to be in the range (0 - ${LONGEST_DESCRIPTION}), got ${description}`;
    found.push({ property: "description", reason });
  }
  return found;
}

function isCidr(text: string): boolean {
  const [address = "", prefix = "", ...rest] = text.split("/");
  const version = isIP(address);
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

async function find(cloud: DigitalOceanClient, id: string, signal: AbortSignal): Promise<Props | undefined> {
  const found = await explain("Error reading VPC", cloud.find<Vpc>(`/vpcs/${id}`, "vpc", signal));
  return found && propsOf(found);
}

function propsOf(found: Vpc): Props {
  return {
    name: found.name,
    region: found.region,
    description: found.description,
    ipRange: found.ip_range,
    vpcUrn: found.urn,
    default: found.default,
    createdAt: goTime(found.created_at),
  };
}

/** As Go prints a moment in UTC: `2026-01-02 03:04:05 +0000 UTC`. */
function goTime(iso: string): string {
  const [date = "", time = ""] = iso
    .replace(/(\.\d*?)0*Z$/, "$1Z")
    .replace(/\.?Z$/, "")
    .split("T");
  return `${date} ${time} +0000 UTC`;
}
