import { isIPv4 } from "node:net";
import { changed } from "../framework/changed";
import { autoName } from "../framework/naming";
import type { Fault, Props, ResourceHandler } from "../framework/provider";
import { type Action, type HcloudClient, hasCode, isNotFound, retry } from "./client";
import { labelsOf } from "./tokens";

/** What a firewall is applied to. */
export interface AppliedTo {
  type: string;
  server?: { id: number };
  label_selector?: { selector: string };
}

export interface Firewall {
  id: number;
  name: string;
  labels: Record<string, string>;
  rules: {
    direction: string;
    protocol: string;
    port?: string | null;
    description?: string | null;
    source_ips?: string[];
    destination_ips?: string[];
  }[];
  applied_to: AppliedTo[];
}

/** Deleting is tried this often: servers that are just going still hold the firewall for a while. */
const DELETE_TRIES = 10;

/** A packet filter in front of servers. */
export const firewall: ResourceHandler<HcloudClient> = {
  nameProperty: "name",
  defaults: (inputs, olds, urn) => ({ ...inputs, name: inputs.name ?? autoName(urn, olds?.name) }),
  check: (_cloud, inputs) => ruleFaults(inputs.rules),
  // The API clears the host bits of a network, and so does the provider before it sends one.
  equal: (path, old, fresh) =>
    /Ips(\[\d+\])?$/.test(path) && typeof old === "string" && typeof fresh === "string"
      ? networkOf(old) === networkOf(fresh) || undefined
      : undefined,

  async create(cloud, inputs, { signal }) {
    const body = {
      name: inputs.name,
      labels: labelsOf(inputs),
      rules: listOf(inputs.rules).map(wireRule),
      apply_to: listOf(inputs.applyTos).map(wireTarget),
    };
    const created = await cloud.send<{ firewall: Firewall; actions: Action[] }>("POST", "/firewalls", signal, body);
    await cloud.settle(created.actions ?? [], signal);
    return { id: String(created.firewall.id), outputs: outputs(await need(cloud, created.firewall.id, signal)) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const found = await cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
    return found && { id, outputs: outputs(found) };
  },

  async update(cloud, id, state, news, { signal }) {
    const path = `/firewalls/${id}`;
    const act = async (action: string, body: unknown) => {
      const { actions } = await cloud.send<{ actions: Action[] }>("POST", `${path}/actions/${action}`, signal, body);
      await cloud.settle(actions, signal);
    };
    if (changed("name", state, news)) await cloud.send("PUT", path, signal, { name: news.name });
    // Removing the last rule is never sent: the provider only ever sets a list that has rules.
    if (changed("rules", state, news) && listOf(news.rules).length > 0) {
      await act("set_rules", { rules: listOf(news.rules).map(wireRule) });
    }
    if (changed("labels", state, news)) await cloud.send("PUT", path, signal, { labels: labelsOf(news) });
    if (news.applyTos !== undefined && changed("applyTos", state, news)) {
      const olds = listOf(state.applyTos).map(wireTarget);
      const wanted = listOf(news.applyTos).map(wireTarget);
      const less = olds.filter((target) => !includes(wanted, target));
      const more = wanted.filter((target) => !includes(olds, target));
      if (less.length > 0) {
        await act("remove_from_resources", { remove_from: less }).catch((error) => {
          if (!hasCode(error, "firewall_resource_not_found")) throw error;
        });
      }
      if (more.length > 0) await act("apply_to_resources", { apply_to: more });
    }
    return outputs(await need(cloud, Number(id), signal));
  },

  async delete(cloud, id, _state, { signal }) {
    const path = `/firewalls/${id}`;
    const found = await cloud.find<Firewall>(path, "firewall", signal);
    if (!found) return;
    if (found.applied_to.length > 0) {
      const body = { remove_from: found.applied_to.map(bareTarget) };
      try {
        const { actions } = await cloud.send<{ actions: Action[] }>(
          "POST",
          `${path}/actions/remove_from_resources`,
          signal,
          body,
        );
        await cloud.settle(actions, signal);
      } catch (error) {
        if (!hasCode(error, "firewall_resource_not_found", "not_found")) throw error;
      }
    }
    const busy = (error: unknown) => hasCode(error, "conflict", "resource_in_use");
    await retry(DELETE_TRIES, busy, signal, () => cloud.send("DELETE", path, signal)).catch((error) => {
      if (!isNotFound(error)) throw error;
    });
  },
};

async function need(cloud: HcloudClient, id: number, signal: AbortSignal): Promise<Firewall> {
  const found = await cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
  if (!found) throw new Error(`firewall not found: ${id}`);
  return found;
}

const listOf = (value: unknown): Props[] => (Array.isArray(value) ? (value as Props[]) : []);

function ruleFaults(rules: unknown): Fault[] {
  return listOf(rules).flatMap((rule, index) => {
    const faults: Fault[] = [];
    const refuse = (name: string, reason: string) => faults.push({ property: `rules[${index}].${name}`, reason });
    if (typeof rule.direction === "string" && !["in", "out"].includes(rule.direction)) {
      refuse("direction", `${rule.direction} is not a valid direction`);
    }
    if (typeof rule.protocol === "string" && !["icmp", "tcp", "udp", "esp", "gre"].includes(rule.protocol)) {
      refuse("protocol", `${rule.protocol} is not a valid protocol`);
    }
    for (const name of ["sourceIps", "destinationIps"]) {
      for (const [position, cidr] of listOf(rule[name]).entries()) {
        if (typeof cidr === "string" && networkOf(cidr) === undefined) {
          refuse(`${name}[${position}]`, `invalid CIDR address: ${cidr}`);
        }
      }
    }
    return faults;
  });
}

/** A network with its host bits cleared, in the spelling it came in; undefined if it is none. IPv6 is left as it is. */
export function networkOf(cidr: string): string | undefined {
  const [address = "", prefix = "", ...rest] = cidr.split("/");
  const length = Number(prefix);
  if (rest.length > 0 || !/^\d{1,3}$/.test(prefix) || !URL.canParse(`http://[${address}]`)) {
    if (!isIPv4(address) || rest.length > 0 || !/^\d{1,2}$/.test(prefix) || length > 32) return undefined;
    const bits = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const network = Math.floor(bits / 2 ** (32 - length)) * 2 ** (32 - length);
    return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join(".")}/${length}`;
  }
  return length <= 128 ? cidr.toLowerCase() : undefined;
}

function wireRule(rule: Props) {
  const cidrs = (list: unknown) => (Array.isArray(list) ? list.map((cidr) => networkOf(String(cidr)) ?? cidr) : []);
  return {
    direction: rule.direction,
    protocol: rule.protocol,
    ...(rule.port ? { port: rule.port } : {}),
    ...(rule.description ? { description: rule.description } : {}),
    source_ips: cidrs(rule.sourceIps),
    destination_ips: cidrs(rule.destinationIps),
  };
}

function wireTarget(target: Props): AppliedTo {
  return target.labelSelector
    ? { type: "label_selector", label_selector: { selector: String(target.labelSelector) } }
    : { type: "server", server: { id: Number(target.server) } };
}

/** Without what the API adds about a label selector's servers. */
function bareTarget(target: AppliedTo): AppliedTo {
  return target.type === "server"
    ? { type: "server", server: { id: target.server!.id } }
    : { type: target.type, label_selector: { selector: target.label_selector!.selector } };
}

function includes(list: AppliedTo[], target: AppliedTo): boolean {
  return list.some((other) => JSON.stringify(other) === JSON.stringify(target));
}

function outputs(found: Firewall): Props {
  return {
    name: found.name,
    labels: found.labels,
    rules: found.rules.map((rule) => ({
      direction: rule.direction,
      protocol: rule.protocol,
      ...(rule.port ? { port: rule.port } : {}),
      ...(rule.description ? { description: rule.description } : {}),
      sourceIps: rule.source_ips ?? [],
      destinationIps: rule.destination_ips ?? [],
    })),
    applyTos: found.applied_to.map((target) =>
      target.type === "server" ? { server: target.server!.id } : { labelSelector: target.label_selector!.selector },
    ),
  };
}
