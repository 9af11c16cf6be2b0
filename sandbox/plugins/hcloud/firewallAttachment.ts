import type { Fault, Props, ResourceHandler } from "../framework/provider";
import { hasUnknown } from "../framework/values";
import { type Action, type HcloudClient, hasCode } from "./client";
import type { AppliedTo, Firewall } from "./firewall";

/** What one firewall is applied to, managed apart from the firewall. Only one of these per firewall makes sense. */
export const firewallAttachment: ResourceHandler<HcloudClient> = {
  check: (_cloud, inputs) => faults(inputs),

  async create(cloud, inputs, { signal }) {
    const id = String(inputs.firewallId);
    try {
      await apply(cloud, id, "apply_to_resources", { apply_to: targets(inputs) }, signal);
    } catch (error) {
      if (!hasCode(error, "firewall_already_applied")) throw error;
    }
    return { id, outputs: await outputs(cloud, id, signal, inputs) };
  },

  async read(cloud, id, _state, _inputs, { signal }) {
    const found = await cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
    return found && { id, outputs: attachmentOf(found) };
  },

  async update(cloud, id, _state, news, { signal }) {
    const found = await cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
    if (!found) throw new Error(`firewall not found: ${id}`);
    const wanted = targets(news).map((target) => JSON.stringify(target));
    const current = targets(attachmentOf(found));
    const less = current.filter((target) => !wanted.includes(JSON.stringify(target)));
    const more = targets(news).filter(
      (target) => !current.some((one) => JSON.stringify(one) === JSON.stringify(target)),
    );
    if (less.length > 0) await apply(cloud, id, "remove_from_resources", { remove_from: less }, signal);
    if (more.length > 0) await apply(cloud, id, "apply_to_resources", { apply_to: more }, signal);
    return outputs(cloud, id, signal, news);
  },

  async delete(cloud, id, state, { signal }) {
    await apply(cloud, id, "remove_from_resources", { remove_from: targets(state) }, signal);
  },
};

function faults(inputs: Props): Fault[] {
  if (hasUnknown(inputs.serverIds) || hasUnknown(inputs.labelSelectors) || targets(inputs).length > 0) return [];
  return [{ property: "serverIds", reason: "no resources referenced" }];
}

function targets(props: Props): AppliedTo[] {
  const servers = Array.isArray(props.serverIds) ? props.serverIds.map(Number).sort((a, b) => a - b) : [];
  const selectors = Array.isArray(props.labelSelectors) ? props.labelSelectors.map(String).sort() : [];
  return [
    ...servers.map((id) => ({ type: "server", server: { id } })),
    ...selectors.map((selector) => ({ type: "label_selector", label_selector: { selector } })),
  ];
}

async function apply(
  cloud: HcloudClient,
  id: string,
  action: string,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const path = `/firewalls/${id}/actions/${action}`;
  const { actions } = await cloud.send<{ actions: Action[] }>("POST", path, signal, body);
  await cloud.settle(actions, signal);
}

async function outputs(cloud: HcloudClient, id: string, signal: AbortSignal, inputs: Props): Promise<Props> {
  const found = await cloud.find<Firewall>(`/firewalls/${id}`, "firewall", signal);
  return found ? attachmentOf(found) : inputs;
}

function attachmentOf(found: Firewall): Props {
  const servers = found.applied_to.filter(({ type }) => type === "server").map(({ server }) => server!.id);
  const selectors = found.applied_to
    .filter(({ type }) => type === "label_selector")
    .map(({ label_selector: label }) => label!.selector);
  return {
    firewallId: found.id,
    ...(servers.length > 0 ? { serverIds: servers } : {}),
    ...(selectors.length > 0 ? { labelSelectors: selectors } : {}),
  };
}
