import type { Labels } from "./labels";

/** What every resource of a project has in common. Field names here are those of the wire. */
export interface Resource {
  id: number;
  name: string;
  labels: Labels;
  /** RFC 3339. */
  created: string;
}

export interface ResourceReference {
  id: number;
  type: "server" | "firewall" | "network" | "volume" | "primary_ip";
}

/** An asynchronous task and how it went. */
export interface Action {
  id: number;
  command: string;
  status: "running" | "success" | "error";
  progress: number;
  started: string;
  finished: string | null;
  resources: ResourceReference[];
  error: { code: string; message: string } | null;
}

export interface SshKey extends Resource {
  fingerprint: string;
  public_key: string;
}

export interface FirewallRule {
  direction: "in" | "out";
  protocol: "tcp" | "udp" | "icmp" | "esp" | "gre";
  port: string | null;
  source_ips: string[];
  destination_ips: string[];
  description: string | null;
}

export type FirewallTarget =
  | { type: "server"; server: { id: number } }
  | { type: "label_selector"; label_selector: { selector: string } };

export interface Firewall extends Resource {
  rules: FirewallRule[];
  applied_to: FirewallTarget[];
}

export interface PrivateNet {
  network: number;
  ip: string;
  alias_ips: string[];
  mac_address: string;
}

/** A server as it is stored; `serverView` turns it into the wire form. */
export interface Server extends Resource {
  status: "initializing" | "starting" | "running" | "off";
  server_type: string;
  /** Id of the image it was made from. */
  image: number;
  location: string;
  user_data: string;
  /** Public keys given at creation, in OpenSSH form. */
  ssh_keys: string[];
  private_net: PrivateNet[];
  placement_group: number | null;
  protection: { delete: boolean; rebuild: boolean };
  backup_window: string | null;
  /** GB; stays behind the type's disk after a change of type without disk upgrade. */
  primary_disk_size: number;
}

export interface PrimaryIp extends Resource {
  type: "ipv4" | "ipv6";
  ip: string;
  assignee_id: number | null;
  assignee_type: "server";
  auto_delete: boolean;
  location: string;
  protection: { delete: boolean };
  dns_ptr: { ip: string; dns_ptr: string }[];
}

export interface Subnet {
  type: "cloud" | "server" | "vswitch";
  ip_range: string;
  network_zone: string;
  gateway: string;
}

export interface Network extends Resource {
  ip_range: string;
  subnets: Subnet[];
  routes: { destination: string; gateway: string }[];
  protection: { delete: boolean };
  expose_routes_to_vswitch: boolean;
}

export interface PlacementGroup extends Resource {
  type: "spread";
}

export interface Volume extends Resource {
  size: number;
  location: string;
  server: number | null;
  format: string | null;
  protection: { delete: boolean };
}

/** The resource kinds by the name of their collection in paths and answers. */
export interface Collections {
  ssh_keys: SshKey;
  firewalls: Firewall;
  servers: Server;
  networks: Network;
  placement_groups: PlacementGroup;
  primary_ips: PrimaryIp;
  volumes: Volume;
}

export type CollectionName = keyof Collections;

export type HetznerState = { [K in CollectionName]: Record<number, Collections[K]> } & {
  nextId: number;
  actions: Record<number, Action>;
  /** Addresses of servers that are gone from the account while their machine is still being removed, by server id. */
  leaving: Record<number, { ipv4: string }>;
};

export function emptyHetzner(): HetznerState {
  return {
    nextId: 1,
    actions: {},
    leaving: {},
    ssh_keys: {},
    firewalls: {},
    servers: {},
    networks: {},
    placement_groups: {},
    primary_ips: {},
    volumes: {},
  };
}
