import { stringify } from "yaml";
import type { MachineSpec } from "../machines";
import type { MetadataEntry } from "../metadata";
import { datacenterOf, locationView } from "./catalog";
import { machineSpec } from "./lifecycle";
import type { HetznerState } from "./model";
import { all } from "./project";

/** What Hetzner tells a server about itself. */
export interface ServerFacts {
  spec: MachineSpec;
  /** Such as `fsn1-dc14`. */
  availabilityZone: string;
  /** Network zone, such as `eu-central`. */
  region: string;
  privateNetworks: PrivateNetwork[];
}

export interface PrivateNetwork {
  ip: string;
  alias_ips: string[];
  interface_num: number;
  mac_address: string;
  network_id: number;
  network_name: string;
  network: string;
  subnet: string;
  gateway: string;
}

/** Below `/hetzner/v1`, as at https://docs.hetzner.cloud/reference/cloud#description/server-metadata. */
export function hetznerMetadata(facts: ServerFacts): MetadataEntry {
  const { spec, availabilityZone, region, privateNetworks } = facts;
  const fields: Record<string, string | number> = {
    "availability-zone": availabilityZone,
    hostname: spec.name,
    "instance-id": spec.id,
    "public-ipv4": spec.ipv4,
    region,
  };
  const answers: Record<string, string> = {
    "/hetzner/v1/userdata": spec.userData,
    "/hetzner/v1/metadata": stringify({ ...fields, "public-keys": spec.sshKeys }),
    "/hetzner/v1/metadata/private-networks": stringify(privateNetworks),
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`/hetzner/v1/metadata/${name}`, `${value}`])),
  };
  return { spec, answer: (path) => (Object.hasOwn(answers, path) ? answers[path] : undefined) };
}

/** The server with a public address, if there is one. */
export function findServer(state: HetznerState, ipv4: string): MetadataEntry | undefined {
  const project = { state };
  const server = all(project, "servers").find((candidate) => machineSpec(project, candidate).ipv4 === ipv4);
  if (!server) return undefined;
  const location = locationView(server.location);
  return hetznerMetadata({
    spec: machineSpec(project, server),
    availabilityZone: datacenterOf(location).name,
    region: location.network_zone,
    privateNetworks: server.private_net.flatMap((entry, index) => {
      const network = state.networks[entry.network];
      if (!network) return [];
      return [
        {
          ip: entry.ip,
          alias_ips: entry.alias_ips,
          interface_num: index + 1,
          mac_address: entry.mac_address,
          network_id: network.id,
          network_name: network.name,
          network: network.ip_range,
          subnet: network.subnets[0]?.ip_range ?? network.ip_range,
          gateway: network.subnets[0]?.gateway ?? "",
        },
      ];
    }),
  });
}
