import { openRangeFaults } from "./adminAccess";
import { agentNameFaults, nameFaults } from "./agentNames";
import { type Fault, faultsUnder } from "./faults";
import { agentFaults, type FleetSecrets, secretFaults } from "./fleetAgents";
import type { Draft } from "./fleetDraft";
import { edgeFaults } from "./fleetEdge";
import { firstBootFaults } from "./hardenedServer";
import { hardenedServerFaults } from "./host/serverFaults";
import { zoneNameFaults } from "./hostnames";
import { networkFaults } from "./networkSpec";
import { overfull, relief } from "./placement";
import { rightFields } from "./schema";
import { largerSize, reservedMemory } from "./serverSizes";
import { mostServers, orderFaults, serverSchema } from "./serverSpec";
import { tenantFaults } from "./tenantSpec";
import { elsewhereFaults } from "./zoneSpec";

/** What is wrong with a fleet beyond each value by itself: names, and what refers to something else. */
export function fleetFaults(draft: Draft, secrets: FleetSecrets): Fault[] {
  return [
    ...nameListFaults(draft),
    ...zoneFaults(draft),
    ...tenantFaults(draft.tenants, draft.identityProviders, Object.keys(draft.sections.identityProviders)),
    ...networkFaults(draft.networks),
    ...serverFaults(draft),
    ...firstBootRoomFaults(draft),
    ...agentFaults(draft, secrets),
    ...memoryFaults(draft),
    ...secretFaults(draft, secrets),
    ...edgeFaults(draft, secrets),
  ];
}

function nameListFaults({ sections, servers, agents, hasKeys, hasConnector }: Draft): Fault[] {
  const faults = [
    ...Object.keys(sections.tenants).flatMap((name) => nameFaults(`tenants.${name}`, name)),
    ...Object.keys(sections.servers).flatMap((name) => nameFaults(`servers.${name}`, name)),
    ...Object.keys(sections.networks).flatMap((name) => nameFaults(`networks.${name}`, name)),
    ...agents.flatMap(({ name }) => agentNameFaults(`agents.${name}`, name)),
  ];
  for (const [i, { name, entry }] of servers.entries()) {
    const other = servers.slice(0, i).find((server) => server.name === name);
    if (other === undefined) continue;
    const reason = `stands for ${name}, and so does servers.${other.entry}`;
    faults.push({ path: `servers.${entry}`, reason, remedy: "rename one of them" });
  }
  if (servers.length > mostServers) {
    const reason = `are ${servers.length}, and one stack holds at most ${mostServers}`;
    const remedy = "move some, with their agents, into another stack file (a shard; its zones say rules: elsewhere)";
    faults.push({ path: "servers", reason, remedy });
  }
  if (servers.length > 0 && !hasKeys) {
    const remedy = "write the SSH public keys that may log in to the servers";
    faults.push({ path: "operators.keys", reason: "is missing", remedy });
  }
  if (agents.length > 0 && !hasConnector) {
    const remedy = "write the image of cloudflared as repo@sha256:…";
    faults.push({ path: "connector.image", reason: "is missing", remedy });
  }
  return faults;
}

function zoneFaults(draft: Draft): Fault[] {
  const zones = Object.entries(draft.zones).map(([name, fields]) => ({ ...fields, name }));
  const first = zones.find(({ accountId }) => accountId !== undefined);
  return zones.flatMap(({ name, ...zone }, i): Fault[] => {
    const { accountId, zoneId } = zone;
    const path = `zones.${name}`;
    const ofName = zoneNameFaults(path, name);
    if (ofName.length > 0) return ofName;
    const faults = elsewhereFaults(path, zone);
    if (accountId !== undefined && accountId !== first?.accountId) {
      const reason = `is another account than that of zones.${first?.name}`;
      const remedy = "put zones of another account into another stack";
      faults.push({ path: `${path}.accountId`, value: accountId, reason, remedy });
    }
    const twin = zones.slice(0, i).find((zone) => zoneId !== undefined && zone.zoneId === zoneId);
    if (twin !== undefined) {
      const reason = `is the id of zones.${twin.name} already`;
      const remedy = "write the id that Cloudflare shows for this one";
      faults.push({ path: `${path}.zoneId`, value: zoneId, reason, remedy });
    }
    return faults;
  });
}

function serverFaults({ sections, networks, operatorKeys }: Draft): Fault[] {
  const keyFaults = new Map<string, Fault>();
  const all = Object.entries(sections.servers).flatMap(([name, value]) => {
    const fields = rightFields(serverSchema, value);
    const { size = "cx23", ssh, location = "fsn1", image, profile } = fields;
    const server = { location, size, image, profile, adminKeys: operatorKeys, adminCidrs: ["10.0.0.0/8"] };
    const faults = orderFaults(`servers.${name}`, fields, networks);
    for (const fault of hardenedServerFaults(name, server)) {
      const key = /^adminKeys(\[\d+\])$/.exec(fault.path)?.[1];
      // The same keys serve every server, so what is wrong with one is said once.
      if (key !== undefined) keyFaults.set(key, { ...fault, path: `operators.keys${key}` });
      else if (fault.path === "image") faults.push(...faultsUnder(`servers.${name}`, [fault]));
    }
    for (const [i, cidr] of (ssh?.cidrs ?? []).entries()) {
      if (ssh?.allowOpen) continue;
      faults.push(...openRangeFaults(`servers.${name}.ssh.cidrs[${i}]`, cidr, "allowOpen: true beside it"));
    }
    return faults;
  });
  return [...all, ...keyFaults.values()];
}

/**
 * The servers whose user-data would have no room for all keys and address ranges, told before the first of them is made.
 * Every server is looked at by its own name, because what the name decides is part of what is carried.
 */
function firstBootRoomFaults({ servers, operatorKeys }: Draft): Fault[] {
  const faults = new Map<string, Fault>();
  for (const { name, entry, fields } of servers) {
    const { provider, location, size, image, profile, ssh } = fields;
    if (location === undefined || size === undefined || ssh === undefined) continue;
    const server = { provider, location, size, image, profile, allowOpenSsh: true };
    const access = (adminKeys: string[], adminCidrs: string[]) => ({ ...server, adminKeys, adminCidrs });
    const asked = access(operatorKeys, ssh.cidrs);
    if (hardenedServerFaults(name, asked).length > 0 || firstBootFaults(name, asked).length === 0) continue;
    const fitsWithOneKey = firstBootFaults(name, access(operatorKeys.slice(0, 1), ssh.cidrs)).length === 0;
    const [path, what] = fitsWithOneKey
      ? ["operators.keys", "keys"]
      : [`servers.${entry}.ssh.cidrs`, "address ranges, or wider ones"];
    const reason = `makes the user-data of servers.${entry} larger than the provider accepts`;
    if (!faults.has(path)) faults.set(path, { path, reason, remedy: `write fewer ${what}` });
  }
  return [...faults.values()];
}

function memoryFaults({ servers, loads }: Draft): Fault[] {
  return overfull(loads).map((full) => {
    const { server, needed, room } = full;
    const agents = full.agents.map(({ name }) => name).join(", ");
    const { entry, fields } = servers.find(({ name }) => name === server)!;
    const larger = largerSize(fields.size ?? "", needed + reservedMemory);
    const group = entry === server ? "" : ` on ${server}`;
    const reason = `leaves ${room} MiB for agents${group}, and ${agents} with connectors need ${needed} MiB`;
    const move = relief(full, loads);
    const elsewhere =
      move === undefined
        ? "move an agent, or give one less"
        : `write server: ${move.to} at agents.${move.agent}, where ${move.free} MiB are left`;
    const remedy = `${larger === undefined ? "" : `choose ${larger}, or `}${elsewhere}`;
    return { path: `servers.${entry}.size`, value: fields.size, reason, remedy };
  });
}
